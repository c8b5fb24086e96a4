"""A home as one archive and back: raw, ledger, quarantine, published versions; what a night makes anew is left out.

The ledger is copied by SQLite itself, so that a backup needs no quiet moment; erasures are applied again after a restore.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from orchestration.durable import fsync, remove
from orchestration.home import FORMAT_VERSION, Home
from orchestration.privacy.erase import finish_erasures
from orchestration.privacy.erasure_ledger import ledger_place
from orchestration.settings import Settings

_MANIFEST = "backup.json"
_LEFT_OUT = ("build", "dagster", "logs", "inbox", "run.lock", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm")
# Owners and odd rights in the archive count for nothing. Python before 3.11.4 has no filters: there they are taken over.
_AS_DATA: dict = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


class ArchiveRefusedError(Exception):
    """No archive of a home, a damaged one, or one of a newer Tandem (exit code 4)."""


def backup(home: Home, target: Path) -> dict:
    """Write the archive, whole or not at all; the caller holds the home's lock.

    Returns:
        How many files and bytes it holds.

    """
    if target.resolve().is_relative_to(home.root.resolve()):
        raise ArchiveRefusedError(f"{target} lies within the home itself; give a place elsewhere")
    if not target.parent.is_dir():
        raise ArchiveRefusedError(f"{target.parent} is not a folder; make it first")
    digests: dict[str, str] = {}
    unfinished = target.with_name(f".{target.name}.tmp")
    with tempfile.TemporaryDirectory(dir=home.build) as scratch:
        ledger = Path(scratch) / "ledger.sqlite"
        _copy_ledger(home.ledger, ledger)
        with (
            open(unfinished, "wb", opener=_private) as stream,
            tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive,
        ):
            for path, name in [*_files(home), (ledger, "ledger.sqlite")]:
                if not path.is_symlink():
                    digests[name] = _sha256(path)
                archive.add(path, arcname=name, recursive=False)
            manifest = json.dumps({"format_version": FORMAT_VERSION, "files": digests}).encode()
            entry = tarfile.TarInfo(_MANIFEST)
            entry.size = len(manifest)
            archive.addfile(entry, io.BytesIO(manifest))
        fsync(unfinished)
    unfinished.replace(target)
    return {"archive": str(target), "files": len(digests), "bytes": target.stat().st_size}


def restore(archive: Path, home: Home, settings: Settings, progress: Callable[[str], None]) -> dict:
    """Put an archive in a home's place; the home's lock is held by the caller.

    The archive is unpacked beside the home and checked first; erasures that the home or the place beside the key know of are
    applied before anything is put in place, so that nobody comes back even for a moment.

    Returns:
        How many files came back, and what was erased from them again.

    """
    unpacked = home.root / "build" / "restore"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    try:
        n_files = _unpack(archive, unpacked)
        known = ledger_place(home)
        if known.exists():
            with ledger_place(Home(unpacked)).open("a", encoding="utf-8") as stream:
                stream.write(known.read_text(encoding="utf-8"))
        restored = Home(unpacked).prepare()
        erased = finish_erasures(restored, settings.model_copy(update={"home": unpacked}), progress)
        _put_in_place(restored, home)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    home.prepare()
    return {"files": n_files, "erased_again": erased}


def _put_in_place(restored: Home, home: Home) -> None:
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (home.root / name).unlink(missing_ok=True)
    for path in (home.candidate, home.candidate.with_suffix(".duckdb.wal"), home.audit):
        path.unlink(missing_ok=True)
    checkpoint = sqlite3.connect(restored.ledger)
    checkpoint.execute("pragma wal_checkpoint(truncate)")
    checkpoint.close()
    # The ledger comes last: until then what it names is still there or already there again.
    names = sorted((path.name for path in restored.root.iterdir()), key=lambda name: name == "ledger.sqlite")
    for name in names:
        if name in _LEFT_OUT and name != "ledger.sqlite":
            continue
        target, old = home.root / name, home.root / f".{name}.before-restore"
        remove(old)
        if target.exists() or target.is_symlink():
            target.rename(old)
        (restored.root / name).rename(target)
        remove(old)


def _leads_away(link: str) -> bool:
    return link.startswith("/") or ".." in PurePosixPath(link).parts


def _unpack(archive: Path, folder: Path) -> int:
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for entry in packed:
                parts = PurePosixPath(entry.name).parts
                leads_away = entry.name.startswith("/") or ".." in parts or (entry.issym() and _leads_away(entry.linkname))
                if leads_away or not (entry.isfile() or entry.issym() or entry.isdir()):
                    raise ArchiveRefusedError(f"{archive}: holds an entry that leads elsewhere; it is no backup of a home")
                packed.extract(entry, folder, **_AS_DATA)
        manifest = json.loads((folder / _MANIFEST).read_text())
        digests, version = manifest["files"], int(manifest["format_version"])
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ArchiveRefusedError(f"{archive}: no whole backup of a home ({type(error).__name__}); take another one") from error
    if version > FORMAT_VERSION:
        raise ArchiveRefusedError(
            f"{archive}: of format {version}, this Tandem knows up to {FORMAT_VERSION}; install a newer one"
        )
    damaged = [name for name, digest in digests.items() if not (folder / name).is_file() or _sha256(folder / name) != digest]
    if damaged:
        raise ArchiveRefusedError(f"{archive}: {len(damaged)} files are damaged, first {damaged[0]}; take another backup")
    (folder / _MANIFEST).unlink()
    return len(digests)


def _files(home: Home) -> Iterator[tuple[Path, str]]:
    for path in sorted(home.root.rglob("*")):
        relative = path.relative_to(home.root)
        is_left_out = relative.parts[0] in _LEFT_OUT or path.name.endswith(".tmp") or relative.parts[0].startswith(".")
        if not is_left_out and (path.is_symlink() or path.is_file()):
            yield path, relative.as_posix()


def _copy_ledger(source: Path, target: Path) -> None:
    original, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        original.backup(copy)
    finally:
        original.close()
        copy.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
