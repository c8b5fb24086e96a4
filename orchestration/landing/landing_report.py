"""What one landing did, for the summary line, Dagster's metadata and whoever called it."""

from dataclasses import asdict, dataclass, field

from orchestration.landing.parts import LoadResult


class NothingToLandError(Exception):
    """A home without raw data and without a file to land (exit code 4); `report` says what was refused, if anything was."""

    def __init__(self, message: str, report: "LandingReport | None" = None):
        super().__init__(message)
        self.report = report


@dataclass
class LandingReport:
    """What one landing did.

    Counts of files and of records; `refusals` as (file, code, reason); `waiting`: files still being written, left for the next
    landing; `noticed`: per feed what its reader noticed or decided, each thing once.
    """

    files: dict[str, int] = field(default_factory=lambda: {"new": 0, "known": 0, "quarantined": 0})
    rows: dict[str, int] = field(default_factory=lambda: {"in": 0, "loaded": 0, "quarantined": 0, "skipped": 0})
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    landed_feeds: dict[str, int] = field(default_factory=dict)
    noticed: dict[str, list[str]] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """For the summary line and for Dagster's metadata."""
        return asdict(self)

    def account(self, feed: str, result: LoadResult) -> None:
        """Count a file's records, and what its reader noticed, for its feed."""
        self.files["new"] += 1
        for key, count in (
            ("in", result.rows_in), ("loaded", result.rows_loaded),
            ("quarantined", len(result.rejected)), ("skipped", result.rows_skipped),
        ):  # fmt: skip
            self.rows[key] += count
        noticed = self.noticed.setdefault(feed, []) if result.findings else []
        for item in result.findings:
            text = f"{item.column}: {item.message}" if item.column else item.message
            if text not in noticed:
                noticed.append(text)
        self.landed_feeds[feed] = self.landed_feeds.get(feed, 0) + result.rows_loaded
