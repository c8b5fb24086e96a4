"""What the process that reads files tells the one that lands them: the feeds within a file, and how loading one went.

Only records: importing this must stay cheap, for the landing process reads nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.landing.dialect import Dialect
from orchestration.landing.ledger import Finding
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.landing.profiles import Feed, Profile


@dataclass(frozen=True)
class Recognition:
    """A file's feed, where its header stands and which column is which; `dialect` for text files only."""

    profile: "Profile"
    feed: "Feed"
    language: str
    header_line: int
    header: list[str]
    columns: dict[int, str]
    extra_columns: dict[int, str] = field(default_factory=dict)
    dialect: Dialect | None = None
    runner_up: str | None = None


@dataclass(frozen=True)
class Part:
    """One feed's rows within a delivered file: the file itself, or one sheet of a workbook.

    `places`: the rows' numbers in the delivered file, where `text` was written from a format without lines.
    """

    recognition: Recognition
    text: Path
    dialect: Dialect
    format: str
    encoding: str | None = None
    sheet: str | None = None
    findings: tuple[Finding, ...] = ()
    rejected: tuple[tuple[int, str, str], ...] = ()
    places: Sequence[int] | None = None


@dataclass(frozen=True)
class LoadResult:
    """Counts of records, what was noticed, and the rows that were set aside (line, reason, text)."""

    rows_in: int
    rows_loaded: int
    rows_skipped: int
    rejected: list[tuple[int, str, str]]
    findings: list[Finding]


@dataclass(frozen=True)
class Match:
    """Why a part of a file is taken for a feed."""

    feed: str
    language: str
    matched_columns: dict[str, str]
    absent_columns: list[str]
    extra_columns: list[str]
    format: str
    encoding: str | None
    dialect: dict | None
    sheet: str | None
    runner_up: str | None

    def as_lines(self) -> list[str]:
        """For the terminal."""
        place = f" in sheet '{self.sheet}'" if self.sheet else ""
        facts = {
            "columns": ", ".join(f"{header} → {name}" for name, header in self.matched_columns.items()),
            "absent": ", ".join(self.absent_columns),
            "extra": ", ".join(self.extra_columns),
            "format": ", ".join(filter(None, [self.format, self.encoding])),
            "dialect": ", ".join(f"{key} {value!r}" for key, value in (self.dialect or {}).items()),
            "runner-up": self.runner_up or "none",
        }
        return [f"{self.feed}{place}, language {self.language}", *(f"  {key}: {text}" for key, text in facts.items() if text)]


def open_reader(settings: Settings, folder: Path) -> Any:
    """The reader of a child process, which loads the profiles itself: they are too much for the pipe that starts it."""
    from orchestration.landing.profiles import known_profiles
    from orchestration.landing.reading import Reader

    return Reader(known_profiles(settings), settings.landing_memory_limit, folder)
