"""Nothing new, nothing done: one hash of all that a night is made of, kept with the night that was published from it.

Models read the raw catalog, the seeds and nothing else; the catalog names raw Parquet by content. What belongs to a night
is said in `inputs_hash`; when in doubt something is in it, for a night too many costs minutes and one too few a wrong figure.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.landing.feed_health import judge_feeds
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.ops.night import Night
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.transform.catalog import Engine, write_night_catalog

_PRODUCT = ("orchestration", "dbt_project", "seeds", "expectations")
_LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "email-validator", "phonenumbers")
_NOT_READ = {"target", "logs", "__pycache__"}


@dataclass
class _Recorder:
    """An engine that hashes what the catalog writes, and hands it on to the engine behind it, if there is one."""

    engine: Engine | None = None
    prints: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    derived: list[str] = field(default_factory=list)

    def create_schema(self) -> None:
        """Nothing to note."""
        if self.engine:
            self.engine.create_schema()

    def relate(self, name: str, sql: str) -> None:
        """Note the query."""
        self.prints[name] = hashlib.sha256(sql.encode()).hexdigest()
        self.queries[name] = sql
        if self.engine:
            self.engine.relate(name, sql)

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """Note the rows."""
        self.prints[name] = hashlib.sha256(f"{dict(columns)} {list(rows)}".encode()).hexdigest()
        if self.engine:
            self.engine.tabulate(name, columns, rows)

    def derive(self, name: str, make: Callable[[duckdb.DuckDBPyConnection], str]) -> None:
        """It follows from what is noted already, though not from its query alone."""
        self.derived.append(name)
        if self.engine:
            self.engine.derive(name, make)


@dataclass(frozen=True)
class NightInputs:
    """What a night is made of: one hash of all, one of what is the same for every model, and a print per raw relation.

    Those that are queries may name each other. The relations in `derived` have no print: their rows tell.
    """

    hash: str
    product: str
    prints: Mapping[str, str]
    queries: Mapping[str, str]
    derived: Sequence[str]


def inputs_hash(night: Night) -> str:
    """One hash of the raw catalog as of the night's day, the feeds' checks, the home's other state, product and settings."""
    return night_inputs(night).hash


def night_inputs(night: Night, engine: Engine | None = None) -> NightInputs:
    """The same with its parts. Given an engine, the catalog is written to it on the way: it is worked out once."""
    recorder = _Recorder(engine)
    write_night_catalog(recorder, night.home, night.settings, night.as_of())
    profiles = known_profiles(night.settings)
    feeds = [feed for profile in profiles.values() for feed in profile.feeds.values()]
    product = product_hash(night.settings)
    parts = {
        "catalog": recorder.prints,
        "feeds": [repr(check) for check in judge_feeds(Ledger(night.home.ledger), feeds, night.as_of().day)],
        "home": list(_state(night.home)),
        "product": product,
    }
    whole = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return NightInputs(whole, product, recorder.prints, recorder.queries, recorder.derived)


def product_hash(settings: Settings) -> str:
    """What is the same for every model of a night: product, libraries, settings and the files that settings name."""
    parts = {
        "settings": settings.model_dump(mode="json", exclude={"home", "exports", "as_of", "rebuild"}),
        "libraries": [version(name) for name in _LIBRARIES],
        "product": [_content(PROJECT_DIR / name) for name in _PRODUCT],
        "company": [_content(path) for path in _named_paths(settings)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def remember(night: Night, summary: dict) -> None:
    """Keep what this published night was made of, as its hash was when the build began."""
    new = _kept(night.home).with_suffix(".new")
    new.write_text(json.dumps({"inputs": night.inputs, "summary": summary}))
    new.replace(_kept(night.home))


def forget(home: Home) -> None:
    """From here on the published night may be another."""
    _kept(home).unlink(missing_ok=True)


def is_remembered(home: Home) -> bool:
    """Whether a night was published here and nothing was begun since."""
    return _kept(home).exists()


def summary_if_unchanged(night: Night) -> dict | None:
    """The published night's summary, if tonight would be made of the very same and readers still have it."""
    kept = json.loads(_kept(night.home).read_text())
    home, known = night.home, kept["summary"]["version"]
    is_current = home.current.is_symlink() and home.current.readlink().name == f"marts_{known}.duckdb"
    places = (
        home.current,
        home.published / "parquet",
        home.published / "copy" / "marts.duckdb",
        home.scorecard,
        home.candidate,
    )
    if not is_current or not all(path.exists() for path in places) or kept["inputs"] != inputs_hash(night):
        return None
    return kept["summary"]


def _kept(home: Home) -> Path:
    return home.build / "published_night.json"


def _state(home: Home) -> Iterator[str]:
    """Raw Parquet and whatever else lies in the home's root, by size and time; of the ledger the catalog says what counts.

    Files that the ledger names no more stay until the next landing: they are no part of a night.
    """
    named = Ledger(home.ledger).named_parquet()
    raw = [path for path in home.raw.glob("*/*/*.parquet") if path.stem in named]
    files = [*raw, *(path for path in home.root.iterdir() if path.is_file())]
    for path in sorted(files):
        if not path.name.startswith(("ledger.sqlite", "run.lock")):
            found = path.stat()
            yield f"{path.relative_to(home.root)} {found.st_size} {found.st_mtime_ns}"


def _named_paths(settings: Settings) -> Iterable[Path]:
    values = [value for name, value in settings if name not in ("home", "exports")]
    return [value for value in values if isinstance(value, Path) and value.exists()]


def _content(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted([path] if path.is_file() else path.rglob("*")):
        if file.is_file() and _NOT_READ.isdisjoint(file.relative_to(path).parts):
            digest.update(f"\n{file}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
