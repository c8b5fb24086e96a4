"""Who was erased, as keyed marks that hold no personal data: asked at every landing and at every restore.

It is written twice: in the home, so that backups hold it, and beside the key, so that an older backup can't undo an erasure.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.home import Home
from orchestration.privacy.pseudonym import KeyRefusedError, PseudonymKey, key_path, load_key
from orchestration.settings import Settings

_FILE = "erasures.jsonl"


@dataclass(frozen=True, order=True)
class Mark:
    """One detail of an erased person.

    `kind` is email, phone, name (of `words` words), part (one word of a name) or record (a vendor's id of the person);
    `subject` is what stands for the person in raw from then on.
    """

    kind: str
    mark: str
    subject: str
    words: int
    erased_on: str


class ErasureLedger:
    """Reads and adds marks."""

    def __init__(self, home: Home, settings: Settings):
        self._places = [home.root / _FILE]
        if home.identity:
            self._places.append(key_path(settings).with_name(key_path(settings).name + ".erasures") / f"{home.identity}.jsonl")

    def marks(self) -> list[Mark]:
        """Every mark of both places."""
        return sorted({Mark(**record) for record in self._records() if "mark" in record})

    def require_key(self, key: PseudonymKey) -> None:
        """Refuse a key with which the marks were not made: nobody would be recognised.

        Raises:
            KeyRefusedError: it is another key.

        """
        made_with = {record["key"] for record in self._records() if "key" in record}
        if made_with - {key.mark("key", "identity")}:
            raise KeyRefusedError("the pseudonym key is not the one with which erasures were noted; put the old one back")

    def add(self, key: PseudonymKey, marks: Iterable[Mark]) -> None:
        """Note marks, durably, in both places."""
        known = set(self.marks())
        wanted = sorted(known | set(marks))
        lines = [json.dumps({"key": key.mark("key", "identity")}), *(json.dumps(asdict(mark)) for mark in wanted)]
        for place in self._places:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished = place.with_name(place.name + ".tmp")
            with open(unfinished, "w", opener=_private) as stream:
                stream.write("\n".join(lines) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(place)

    def _records(self) -> Iterable[dict]:
        for place in self._places:
            if place.exists():
                yield from (json.loads(line) for line in place.read_text(encoding="utf-8").splitlines() if line.strip())


@dataclass(frozen=True)
class Erased:
    """The marks of a home and the key to compare with."""

    key: PseudonymKey
    marks: list[Mark]


def load_erased(home: Home, settings: Settings) -> Erased | None:
    """What was erased in this home; None when nobody was, and then no key is needed either.

    Raises:
        KeyRefusedError: people were erased, and the key that would recognise them is not to be had.

    """
    ledger = ErasureLedger(home, settings)
    marks = ledger.marks()
    if not marks:
        return None
    key = load_key(settings, home)
    ledger.require_key(key)
    return Erased(key, marks)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def ledger_place(home: Home) -> Path:
    """The copy within the home."""
    return home.root / _FILE
