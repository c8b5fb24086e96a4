"""The places of one company's home on disk, and the lock that lets one run at a time work in it.

Only paths, the format version and the lock live here; what is written where belongs to each room.
"""

import datetime as dt
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from orchestration.durable import write

FORMAT_VERSION = 1
_DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
event_log_storage:
  module: orchestration.ops.event_log
  class: PooledSqliteEventLogStorage
  config:
    base_dir:
      env: DAGSTER_HOME
"""


class HomeRefusedError(Exception):
    """The home can't be used by this version of Tandem (exit code 4)."""


class _HomeLock(FileLock):
    """A lock whose file says which process holds it, for whoever finds it taken; the kernel lets go when that process dies."""

    def acquire(self, *args: Any, **kwargs: Any) -> Any:
        """As the library does, and note the process."""
        held = super().acquire(*args, **kwargs)
        if self.lock_counter == 1:
            Path(self.lock_file).write_text(f"{os.getpid()}\n")
        return held


@dataclass(frozen=True)
class Home:
    """Paths below TANDEM_HOME, as the contract names them."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Where exports are dropped."""
        return self.root / "inbox"

    @property
    def raw(self) -> Path:
        """Immutable Parquet by feed, named by the hash of the file it came from."""
        return self.root / "raw"

    @property
    def originals(self) -> Path:
        """The delivered files, compressed, named by their hash."""
        return self.raw / "files"

    @property
    def quarantine(self) -> Path:
        """Refused files and rows, each with its reason."""
        return self.root / "quarantine"

    @property
    def ledger(self) -> Path:
        """What was landed; a Parquet file that it does not name does not exist."""
        return self.root / "ledger.sqlite"

    @property
    def build(self) -> Path:
        """The candidate: never opened by a BI tool."""
        return self.root / "build"

    @property
    def candidate(self) -> Path:
        """The warehouse of the night being built; a stable name keeps dbt's partial parsing."""
        return self.build / "candidate.duckdb"

    @property
    def audit(self) -> Path:
        """The results of the candidate's checks, which publish asks for."""
        return self.build / "audit.json"

    @property
    def verdicts(self) -> Path:
        """Which addresses and numbers can be right, so that each is judged once."""
        return self.build / "verdicts"

    @property
    def check_results(self) -> Path:
        """What every night's audit found: figures by check, never values."""
        return self.root / "quality" / "check_results.parquet"

    @property
    def data_docs(self) -> Path:
        """The last audit as Great Expectations' own pages, where the settings ask for them."""
        return self.root / "quality" / "data_docs"

    @property
    def worklists(self) -> Path:
        """What each team has to mend, for people and for the CRM's import: a link to one of the two folders."""
        return self.root / "worklists"

    @property
    def worklist_folders(self) -> tuple[Path, Path]:
        """The link's places: one is in use while the other is written."""
        return self.root / "worklists_a", self.root / "worklists_b"

    @property
    def dbt_target(self) -> Path:
        """Dbt's artefacts for this home."""
        return self.dbt_target_of("duckdb")

    def dbt_target_of(self, engine: str) -> Path:
        """Each engine has its own: a parse for one is none for the other."""
        return self.build / ("dbt" if engine == "duckdb" else f"dbt_{engine}")

    @property
    def spark(self) -> Path:
        """Parquet that a night on Spark shares with its workers, while it builds."""
        return self.build / "spark"

    @property
    def published(self) -> Path:
        """What analysts read."""
        return self.root / "published"

    @property
    def current(self) -> Path:
        """The last good night: a link to marts_<version>.duckdb."""
        return self.published / "current.duckdb"

    @property
    def history(self) -> Path:
        """What was published for each night, so that a night published anew can say what differs."""
        return self.root / "history"

    @property
    def scorecard(self) -> Path:
        """The page people look at."""
        return self.root / "scorecard" / "index.html"

    @property
    def dagster(self) -> Path:
        """Dagster's own storage."""
        return self.root / "dagster"

    @property
    def logs(self) -> Path:
        """Text logs."""
        return self.root / "logs"

    def prepare(self) -> "Home":
        """Create what is missing and check the format version.

        Raises:
            HomeRefusedError: the home was written by a newer Tandem, or home.json can't be read.

        """
        for folder in (self.inbox, self.originals, self.quarantine, self.build, self.published, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.dagster.mkdir(exist_ok=True)
        # Persons stand in these in clear: they are nobody's business but the owner's.
        for folder in (self.raw, self.quarantine, self.build):
            folder.chmod(0o700)
        instance_file = self.dagster / "dagster.yaml"
        if not instance_file.exists():
            write(instance_file, _DAGSTER_YAML)
        marker = self.root / "home.json"
        if not marker.exists():
            write(marker, json.dumps({"format_version": FORMAT_VERSION, "identity": uuid.uuid4().hex}) + "\n")
        try:
            version = int(json.loads(marker.read_text())["format_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise HomeRefusedError(f"{marker}: not readable as a home's format file ({error})") from error
        if version > FORMAT_VERSION:
            raise HomeRefusedError(
                f"{marker}: this home has format {version}, this Tandem knows up to {FORMAT_VERSION}; install a newer one"
            )
        if self.identity is None:
            # A home of the first release: it gets the name by which its erasures are kept outside of it.
            write(marker, json.dumps({**json.loads(marker.read_text()), "identity": uuid.uuid4().hex}) + "\n")
        return self

    @property
    def identity(self) -> str | None:
        """A name that stays with this home through backups, whatever the folder is called."""
        try:
            return json.loads((self.root / "home.json").read_text()).get("identity")
        except (OSError, ValueError, AttributeError):
            return None

    def lock(self) -> _HomeLock:
        """The single-flight lock; the same object within a process, so a run may take it twice."""
        self.root.mkdir(parents=True, exist_ok=True)
        return _HomeLock(self._lock_file, timeout=0, is_singleton=True)

    def in_progress(self) -> str:
        """Who holds the lock and since when: what a run says that found it taken."""
        since = dt.datetime.fromtimestamp(self._lock_file.stat().st_mtime).astimezone().isoformat(sep=" ", timespec="seconds")
        return f"another run is in progress in {self.root}: PID {self._lock_file.read_text().strip()}, since {since}"

    @property
    def _lock_file(self) -> Path:
        return self.root / "run.lock"
