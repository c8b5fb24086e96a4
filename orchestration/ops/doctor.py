"""What is wrong with this installation, its settings or a home, and how each thing is mended. Changes nothing."""

import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from orchestration.home import Home, HomeRefusedError
from orchestration.privacy.erasure_ledger import load_erased
from orchestration.privacy.pseudonym import key_path, load_key
from orchestration.settings import PROJECT_DIR, Settings

HOURS_UNTIL_OUTDATED = 26
_FREE_BYTES = 2 << 30


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: is it well, and if not, what to do."""

    subject: str
    is_well: bool
    message: str


def examine(settings: Settings, *, dev: bool = False) -> list[Finding]:
    """Look at everything that a night needs; with `dev` also at what working on Tandem needs."""
    home = Home(settings.home.resolve())
    looks: list[tuple[str, Callable[[], str]]] = [
        ("python", _python),
        ("packages", _packages),
        ("export profiles", lambda: _profiles(settings)),
        ("expectations", lambda: _expectations(settings)),
        ("home", lambda: _home(home)),
        ("disk", lambda: _disk(home)),
        ("pseudonym key", lambda: _key(settings, home)),
        ("published version", lambda: _published(home)),
    ]
    if dev:
        looks += [("git", lambda: _program("git")), ("make", lambda: _program("make")), ("tools", _tools)]
    return [_look(subject, look) for subject, look in looks]


def hours_since_publish(home: Home, now: datetime) -> float | None:
    """Hours since the version in use was published; None when nothing is published."""
    if not home.current.exists():
        return None
    published = datetime.fromtimestamp(home.current.lstat().st_mtime, UTC)
    return (now - published).total_seconds() / 3600


def _look(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except Exception as fault:
        return Finding(subject, False, str(fault).splitlines()[0] if str(fault) else type(fault).__name__)


def _python() -> str:
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        raise RuntimeError(
            f"Python {sys.version.split()[0]}: needs 3.11 or 3.12; make the virtual environment with one of them"
        )
    return f"Python {sys.version.split()[0]}"


def _packages() -> str:
    misfits = list(_misfits(_project()["dependencies"]))
    if misfits:
        raise RuntimeError(f"{'; '.join(misfits)}; run: make install")
    return f"as pyproject.toml asks, DuckDB {metadata.version('duckdb')}"


def _tools() -> str:
    misfits = list(_misfits(_project()["optional-dependencies"]["dev"]))
    if misfits:
        raise RuntimeError(f"{'; '.join(misfits)}; run: make install")
    return "ruff and pytest are there"


def _project() -> dict:
    return tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text())["project"]


def _misfits(requirements: list[str]) -> Iterator[str]:
    for requirement in map(Requirement, requirements):
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield f"{requirement.name} is missing"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} {found} is not {requirement.specifier}"


def _profiles(settings: Settings) -> str:
    from orchestration.landing.profiles import known_profiles

    profiles = known_profiles(settings)
    return f"{len(profiles)} profiles, {sum(len(profile.feeds) for profile in profiles.values())} feeds"


def _expectations(settings: Settings) -> str:
    from orchestration.quality.policy import load_policy
    from orchestration.quality.stewardship import load_stewardship

    load_policy(settings.expectations_dir / "publish_policy.yml")
    return f"{len(list(load_stewardship(settings.expectations_dir / 'field_stewardship.yml')))} stewardship rules"


def _home(home: Home) -> str:
    if not home.root.exists():
        return f"{home.root} is not there yet; the first night makes it"
    home.prepare()
    probe = home.build / "doctor.tmp"
    probe.write_text("")
    probe.unlink()
    open_folders = [folder.name for folder in (home.raw, home.quarantine, home.build) if folder.stat().st_mode & 0o077]
    if open_folders:
        raise HomeRefusedError(f"{', '.join(open_folders)} below {home.root} are open to others; run: chmod 700 on them")
    return str(home.root)


def _disk(home: Home) -> str:
    place = next(path for path in [home.root, *home.root.parents] if path.exists())
    free = shutil.disk_usage(place).free
    used = sum(path.stat().st_size for path in home.published.rglob("*") if path.is_file()) if home.published.exists() else 0
    if free < _FREE_BYTES + used:
        raise RuntimeError(f"{free >> 20} MB free at {place}; a night needs {(_FREE_BYTES + used) >> 20} MB: make room")
    return f"{free >> 30} GB free"


def _key(settings: Settings, home: Home) -> str:
    if load_erased(home, settings) is None and not key_path(settings).exists():
        return "none yet; the first erasure makes one"
    load_key(settings, home)
    return f"{key_path(settings)}, for its owner only"


def _published(home: Home) -> str:
    hours = hours_since_publish(home, datetime.now(UTC))
    if hours is None:
        return "nothing published yet"
    if hours > HOURS_UNTIL_OUTDATED:
        raise RuntimeError(
            f"published {hours:.0f} h ago, limit {HOURS_UNTIL_OUTDATED} h; look at the last night: tandem nightly"
        )
    return f"published {hours:.0f} h ago"


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is missing; install it with the system's package manager")
    return str(Path(found))
