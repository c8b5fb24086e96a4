"""What was refused, where ops will see it: quarantine/<hash>_<name> with a reason beside it.

Deciding what to refuse belongs to the other modules of this room.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.landing.intake import safe_name

_REASON, _ROWS = ".reason.json", ".rows.jsonl"


@dataclass(frozen=True)
class Quarantined:
    """A refused file that is kept, and the name under which it was delivered."""

    path: Path
    name: str

    def release(self) -> None:
        """Remove it with its reason: it was mended and has landed."""
        self.path.unlink(missing_ok=True)
        self.path.with_name(self.path.name + _REASON).unlink(missing_ok=True)


def quarantine_file(folder: Path, source: Path | None, name: str, sha256: str, code: str, reason: str) -> Path:
    """Keep a refused file with its reason (JSON beside it); what must not be opened leaves only the reason."""
    kept = folder / f"{sha256[:12]}_{safe_name(Path(name).name)}"
    if source is not None and not kept.exists():
        unfinished = kept.with_name("." + kept.name)
        shutil.copyfile(source, unfinished)
        unfinished.replace(kept)
    record = {"file": name, "sha256": sha256, "code": code, "reason": reason}
    kept.with_name(kept.name + _REASON).write_text(_as_json(record, indent=2) + "\n", encoding="utf-8")
    return kept


def quarantine_rows(folder: Path, name: str, sha256: str, rows: list[tuple[int, str, str]]) -> Path:
    """Keep refused rows as JSON lines: line number, reason, the row's own text."""
    kept = folder / f"{sha256[:12]}_{safe_name(Path(name).name)}{_ROWS}"
    lines = [_as_json({"line": line, "reason": reason, "text": text}) + "\n" for line, reason, text in rows]
    kept.write_text("".join(lines), encoding="utf-8")
    return kept


def quarantined_files(folder: Path) -> Iterator[Quarantined]:
    """Every refused file that is kept, in order."""
    for reason in sorted(folder.glob("*" + _REASON)):
        path = reason.with_name(reason.name.removesuffix(_REASON))
        if path.is_file() and not path.is_symlink():
            yield Quarantined(path, json.loads(reason.read_text(encoding="utf-8"))["file"])


def _as_json(record: dict, indent: int | None = None) -> str:
    # A name that is no valid text is written with escapes, so that the reason can always be read.
    return json.dumps(record, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace").decode()
