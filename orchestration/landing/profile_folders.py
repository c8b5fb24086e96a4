"""Where export profiles lie, and whether they are still those of the last landing: asked without reading them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from orchestration.settings import Settings

SHIPPED_PROFILES = Path(__file__).parent / "profiles"


def profile_files(settings: Settings) -> Iterator[Path]:
    """The shipped profiles and the company's own."""
    for folder in (SHIPPED_PROFILES, settings.export_profiles_dir):
        yield from sorted(folder.glob("*.yaml"))


def profiles_hash(settings: Settings) -> str:
    """Changes with anything in any profile, and with the code that says what a profile means."""
    digest = hashlib.sha256()
    for path in (Path(__file__).with_name("profiles.py"), *profile_files(settings)):
        digest.update(f"\n{path}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def replaced_vendors(settings: Settings) -> list[str]:
    """Shipped vendors of which the company has a profile of its own, which hides the shipped one with all its feeds."""
    shipped = {path.stem for path in SHIPPED_PROFILES.glob("*.yaml")}
    if not any(settings.export_profiles_dir.glob("*.yaml")):
        return []
    from orchestration.landing.profiles import load_profiles

    return sorted(shipped & load_profiles(settings.export_profiles_dir).keys())
