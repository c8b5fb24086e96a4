"""Which feed a file is, by its header; where the header stands; whether it keeps the header contract.

Input: decoded text and the profiles. Values are not looked at here.
"""

import csv
import difflib
import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO

from orchestration.landing.profiles import Feed, Profile, normalise_header

MAX_PREAMBLE_LINES = 30
DELIMITERS = (",", ";", "\t", "|")
# Below this share of a feed's required columns a header is another kind of file, not a broken one.
SAME_KIND_SHARE = 0.6


class RefusedError(Exception):
    """The file can't be landed. `code` is the reason's name, the message names file, column and remedy."""

    def __init__(self, code: str, message: str, feed: str | None = None):
        super().__init__(message)
        self.code, self.feed = code, feed


@dataclass(frozen=True)
class Recognition:
    """A file's feed and the way to read it."""

    profile: Profile
    feed: Feed
    language: str
    delimiter: str
    header_line: int
    header: list[str]
    columns: dict[int, str]
    extra_columns: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    profile: Profile
    feed: Feed
    language: str
    delimiter: str
    header_line: int
    header: list[str]
    missing: list[str]
    matched: int
    name_matches: bool

    @property
    def rank(self) -> tuple:
        return (not self.missing, self.matched, self.name_matches, -len(self.feed.columns))


def recognise(head: str, file_name: str, profiles: Iterable[Profile]) -> Recognition:
    """Find the feed whose header contract the file keeps.

    Args:
        head: The first lines of the file.
        file_name: Its name: evidence only.
        profiles: All known vendors.

    Raises:
        RefusedError: `not_a_feed` for an unknown file; `missing_column`, `duplicate_column` for a known feed
            that breaks its header contract.

    """
    best = max(_candidates(head, file_name, list(profiles)), key=lambda candidate: candidate.rank, default=None)
    if best is None:
        raise RefusedError(
            "not_a_feed",
            f"{file_name}: its header is that of no export profile; "
            "remedy: add a profile to seeds/export_profiles/ or take the file away",
        )
    _require_unique_headers(best, file_name)
    if best.missing:
        raise RefusedError("missing_column", _explain_missing(best, file_name), best.feed.name)
    return _recognition(best)


def _candidates(head: str, file_name: str, profiles: list[Profile]) -> Iterable[_Candidate]:
    lines = list(dict.fromkeys(enumerate(head.splitlines()[: MAX_PREAMBLE_LINES + 1])))
    splits = [
        (number, delimiter, cells, {normalise_header(cell) for cell in cells})
        for number, line in lines
        for delimiter in DELIMITERS
        if (cells := next(csv.reader(StringIO(line), delimiter=delimiter), [])) and any(cell.strip() for cell in cells)
    ]
    for profile in profiles:
        for feed in profile.feeds.values():
            name_matches = any(fnmatch.fnmatch(file_name.casefold(), pattern.casefold()) for pattern in feed.files)
            for language in feed.languages:
                required = feed.headers(language, required_only=True)
                for number, delimiter, cells, found in splits:
                    matched = len(required.keys() & found)
                    if matched / len(required) < SAME_KIND_SHARE:
                        continue
                    missing = [header for header in required if header not in found]
                    yield _Candidate(profile, feed, language, delimiter, number, cells, missing, matched, name_matches)


def _require_unique_headers(candidate: _Candidate, file_name: str) -> None:
    contracted = candidate.feed.headers(candidate.language)
    names = [normalise_header(cell) for cell in candidate.header]
    doubled = next((name for name in contracted if names.count(name) > 1), None)
    if doubled is not None:
        raise RefusedError(
            "duplicate_column",
            f"{file_name}: line {candidate.header_line + 1}: column '{doubled}' of feed {candidate.feed.name} stands "
            f"{names.count(doubled)} times; remedy: export it once",
            candidate.feed.name,
        )


def _explain_missing(candidate: _Candidate, file_name: str) -> str:
    contracted = candidate.feed.headers(candidate.language)
    present = [normalise_header(cell) for cell in candidate.header]
    unknown = [name for name in present if name and name not in contracted]
    parts = []
    for header in candidate.missing:
        nearest = difflib.get_close_matches(header, unknown, n=1, cutoff=0.6)
        parts.append(f"'{header}'" + (f" (nearest in the file: '{nearest[0]}')" if nearest else ""))
    return (
        f"{file_name}: line {candidate.header_line + 1}: feed {candidate.feed.name} lacks column {', '.join(parts)}; "
        "remedy: export it again with that column, or map its new name in seeds/export_profiles/"
    )


def _recognition(candidate: _Candidate) -> Recognition:
    contracted = candidate.feed.headers(candidate.language)
    columns: dict[int, str] = {}
    extra: dict[int, str] = {}
    for position, cell in enumerate(candidate.header):
        name = normalise_header(cell)
        if name in contracted:
            columns[position] = contracted[name]
        elif name:
            extra[position] = cell.strip()
    return Recognition(
        candidate.profile, candidate.feed, candidate.language, candidate.delimiter,
        candidate.header_line, candidate.header, columns, extra,
    )  # fmt: skip
