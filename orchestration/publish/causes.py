"""What a night is made of besides its day, and what of it has changed since the night was published: why it is restated."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import duckdb

from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import PROJECT_DIR, Settings

_MOST_FILES_NAMED = 20


@dataclass(frozen=True)
class Inputs:
    """How far the ledger had come, and `<cause> <name>` → hash of everything else that decides a mart's rows."""

    last_delivery: int
    configuration: Mapping[str, str]


@dataclass(frozen=True)
class Cause:
    """The kinds of cause, comma-separated, and each with its name: feed, extract time and hash of a file."""

    kinds: str
    detail: str


def tonight(settings: Settings, home: Home) -> Inputs:
    """The inputs of a night built now."""
    stewardship = settings.expectations_dir / "field_stewardship.yml"
    configuration = {
        **{f"{_seed_cause(path.name)} {path.name}": _sha256(path.read_bytes()) for path in settings.seeds_dir.glob("*.csv")},
        f"stewardship_changed {stewardship.name}": _sha256(stewardship.read_bytes()),
        **{
            f"profile_changed {vendor}": _sha256(profile.model_dump_json().encode())
            for vendor, profile in known_profiles(settings).items()
        },
        "setting_changed business_timezone": settings.business_timezone,
        "setting_changed reporting_currency": settings.reporting_currency,
        "product_changed tandem": _product(),
    }
    return Inputs(Ledger(home.ledger).last_delivery(), configuration)


def cause_between(ledger: Ledger, then: Inputs, now: Inputs, until: str) -> Cause:
    """Why a night whose files were extracted by `until` is not what it was; kinds and names, never a file's name."""
    files = [
        f"{'corrected_file' if row['is_correction'] else 'late_file'} {row['feed']} {row['extracted_at']} {row['sha256'][:12]}"
        for row in ledger.delivered_after(then.last_delivery, until)
    ]
    changed = sorted(
        name
        for name in {*then.configuration, *now.configuration}
        if then.configuration.get(name) != now.configuration.get(name)
    )
    named = files[:_MOST_FILES_NAMED]
    if len(files) > len(named):
        named.append(f"and {len(files) - len(named)} more files")
    kinds = sorted({line.split(" ")[0] for line in (*files, *changed)})
    return Cause(", ".join(kinds) or "unknown", "; ".join([*named, *changed]))


def _seed_cause(name: str) -> str:
    return "reviewer_override" if name == "identity_overrides.csv" else "seed_changed"


def _product() -> str:
    """Hash of whatever code makes a mart's rows: the rooms' and the models'."""
    digest = hashlib.sha256(f"{version('tandem-kpi')} {duckdb.__version__}".encode())
    dbt_project = PROJECT_DIR / "dbt_project"
    for folder in (PROJECT_DIR / "orchestration", dbt_project / "models", dbt_project / "macros"):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".sql")):
            digest.update(f"\n{path.relative_to(PROJECT_DIR)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
