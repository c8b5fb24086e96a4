"""What is wrong with a profile file and where: YAML read with the line of every place, findings put into words.

Knows nothing of what a profile is; the models are in `profiles.py`.
"""

import difflib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

Place = tuple[str | int, ...]

# The parser in C is ten times as fast where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REMEDIES = {
    "currency": "write its ISO 4217 code in capitals, such as EUR",
    "timezone": "write its IANA name, such as Europe/Paris",
    "vendor": "write a lower-case name without spaces, such as acme_crm",
    "feeds": "name feeds in lower case without spaces, such as deals",
    "columns": "name columns in lower case without spaces, such as deal_id; the vendor's header goes to `header`",
    "skip_rows_matching": "write one without look-around and back references, such as ^Total",
    "declared": "write it in quotes as year-month-day, such as '2026-09-30'",
    "date_formats": "write strptime directives for year, month and day, such as %d/%m/%Y",
    "timestamp_formats": "write strptime directives for day and time, such as %d/%m/%Y %H:%M",
    "header": "write the header's text, a list of texts, or language: text",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file."""

    path: Path
    line: int
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """One line, as the reader of a log wants it."""
        place = f"{self.place}: " if self.place else ""
        return f"{self.path}: line {self.line}: {place}{self.problem}; remedy: {self.remedy}"


@dataclass(frozen=True)
class Misfit:
    """Parts of a document that do not fit each other: the place within what was checked, and what to do."""

    place: Place
    problem: str
    remedy: str


class MisfitsError(ValueError):
    """Raised by a model's own checks, so that all of them are told at once."""

    def __init__(self, misfits: Sequence[Misfit]):
        super().__init__("; ".join(misfit.problem for misfit in misfits))
        self.misfits = misfits


class _ImpossibleError(ValueError):
    """A day or number that can't be, such as 2026-13-01, and its line."""

    def __init__(self, problem: str, line: int):
        super().__init__(problem)
        self.line = line


class YamlPlaces:
    """The line of every place in a YAML document."""

    def __init__(self, root: yaml.Node):
        self._root = root

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that is written down."""
        node, line = self._root, self._root.start_mark.line + 1
        for part in place:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if str(key.value) == str(part)), None)
                if pair is None:
                    return line
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
            else:
                return line
        return line


def read_yaml(path: Path) -> tuple[Any, YamlPlaces | None, list[Fault]]:
    """A YAML file's content, where its parts stand, and what keeps it from being read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, None, [Fault(path, 1, "", f"not UTF-8 ({error.reason} at byte {error.start})", "save it as UTF-8")]
    try:
        root, document = _parsed(text)
    except yaml.reader.ReaderError as error:  # raised when the text is handed over, before any node is there
        line = text.count("\n", 0, error.position) + 1
        return None, None, [Fault(path, line, "", f"not YAML: {error.reason}", "take the character out")]
    except _ImpossibleError as error:
        return None, None, [Fault(path, error.line, "", f"a value that can't be: {error}", "mend the day or number there")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        return None, None, [Fault(path, line, "", f"not YAML: {problem}", "mend the line or the one before it")]
    if root is None:
        return None, None, [Fault(path, 1, "", "the file is empty", "describe a vendor's exports in it, or delete it")]
    if not isinstance(root, yaml.MappingNode):
        return None, None, [Fault(path, 1, "", "not a mapping of keys to values", "begin with `vendor: name`")]
    faults = [
        Fault(path, again.start_mark.line + 1, _dotted(place), f"the key stands already in line {first.start_mark.line + 1}",
              "keep one of the two")
        for place, first, again in _doubled_keys(root, (), set())
    ]  # fmt: skip
    return document, YamlPlaces(root), faults


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    """A document's nodes and its content, which nobody changes: a night reads the same profiles and agreements many times."""
    loader = _LOADER(text)
    root = loader.get_single_node()
    try:
        return root, loader.construct_document(root) if root else None
    except ValueError as error:
        # YAML says no line; the node that it was reading when it failed is the last of those that it had begun.
        raise _ImpossibleError(str(error)[:120], list(loader.recursive_objects)[-1].start_mark.line + 1) from error


def _doubled_keys(node: yaml.Node, place: Place, visited: set[int]) -> Iterator[tuple[Place, yaml.Node, yaml.Node]]:
    """YAML itself would silently keep the last of two equal keys. An alias is its anchor's node: looked at once."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _doubled_keys(item, (*place, number), visited)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            here = (*place, str(key.value))
            first = seen.setdefault(str(key.value), key)
            if first is not key:
                yield here, first, key
            yield from _doubled_keys(value, here, visited)


def explain(error: ValidationError, path: Path, places: YamlPlaces, keys: Sequence[str]) -> list[Fault]:
    """Every finding of the models as a fault with its line; `keys` are all that a document may hold."""
    faults = []
    for item in error.errors():
        place: Place = tuple(part for part in item["loc"] if part != "[key]")
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, MisfitsError):
            misfits = [Misfit((*place, *misfit.place), misfit.problem, misfit.remedy) for misfit in raised.misfits]
        else:
            misfits = [Misfit(place, _problem(item), _remedy(item, place, keys))]
        faults += [
            Fault(path, places.line(misfit.place), _dotted(misfit.place), misfit.problem, misfit.remedy) for misfit in misfits
        ]
    return sorted(faults, key=lambda fault: fault.line)


def _problem(item: dict[str, Any]) -> str:
    if item["type"] == "extra_forbidden":
        return "unknown key"
    if item["type"] == "missing":
        return "the key is missing"
    message = item["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if message.startswith("Input") else message


def _remedy(item: dict[str, Any], place: Place, keys: Sequence[str]) -> str:
    names = [part for part in place if isinstance(part, str)]
    if item["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(names[-1], keys, n=1, cutoff=0.6)
        return f"write `{nearest[0]}`, or take it out" if nearest else "take it out"
    if item["type"] == "missing":
        return f"add `{names[-1]}`"
    if item["type"] == "literal_error":
        return f"write {item['ctx']['expected']}"
    for name in reversed(names):
        if name in _REMEDIES:
            return _REMEDIES[name]
    return "see profile.schema.json for what may stand there"


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)
