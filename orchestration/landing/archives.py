"""Zip and gzip files to their members, under caps on size, ratio, number and depth.

Members are handed on as files of their own; nothing is written under a name that the archive chose.
"""

import gzip
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from orchestration.landing.refused import RefusedError

MAX_MEMBERS = 1_000
MAX_RATIO = 200
# Small archives of repetitive text may well exceed the ratio: below this size a member is harmless whatever its ratio.
HARMLESS_BYTES = 64 * 2**20
MAX_MEMBER_BYTES = 8 * 2**30
_CHUNK_BYTES = 1 << 20
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_EMPTY_ZIP = b"PK\x05\x06"
_SPREADSHEET_PARTS = ("[Content_Types].xml", "mimetype", "content.xml")


@dataclass(frozen=True)
class Member:
    """One file out of an archive: the name it had there, cleaned, and where its bytes are now."""

    name: str
    path: Path


def archive_kind(path: Path, name: str = "the file") -> str | None:
    """`zip`, `gzip` or None, by the file's first bytes; a spreadsheet is a zip file but no archive."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(_GZIP):
        return "gzip"
    if start == _EMPTY_ZIP:
        return "zip"
    if start != _ZIP:
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise RefusedError("damaged_archive", f"{name}: not a readable zip file ({error}); remedy: export it again") from error
    return None if names.intersection(_SPREADSHEET_PARTS) else "zip"


def open_archive(path: Path, name: str, folder: Path) -> list[Member]:
    """Unpack the members into `folder`, each under a number.

    Raises:
        RefusedError: `archive_too_large`, `archive_in_archive`, `unsafe_member_name`, `encrypted_archive`,
            `damaged_archive`, `empty_archive`.

    """
    kind = archive_kind(path, name)
    try:
        members = _open_gzip(path, name, folder) if kind == "gzip" else _open_zip(path, name, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise RefusedError("damaged_archive", f"{name}: not readable to its end ({error}); remedy: export it again") from error
    for member in members:
        if archive_kind(member.path, f"{name}: member '{member.name}'"):
            raise RefusedError(
                "archive_in_archive", f"{name}: member '{member.name}' is an archive itself; remedy: unpack it first"
            )
    return members


def _open_gzip(path: Path, name: str, folder: Path) -> list[Member]:
    target = folder / "member-0"
    with gzip.open(path) as source:
        _copy_capped(source, target, path.stat().st_size, name)
    inner = name[:-3] if name.casefold().endswith(".gz") else name
    return [Member(inner, target)]


def _open_zip(path: Path, name: str, folder: Path) -> list[Member]:
    with zipfile.ZipFile(path) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        for number, entry in enumerate(files, start=1):
            _require_inside(entry, number, name)
        entries = [entry for entry in files if not _is_litter(entry.filename)]
        if len(entries) > MAX_MEMBERS:
            raise RefusedError(
                "archive_too_large", f"{name}: {len(entries)} members; remedy: at most {MAX_MEMBERS} per archive"
            )
        if not entries:
            raise RefusedError("empty_archive", f"{name}: no file in it; remedy: pack it again")
        members = []
        for number, entry in enumerate(entries):
            if entry.flag_bits & 0x1:
                raise RefusedError("encrypted_archive", f"{name}: protected by a password; remedy: pack it without one")
            target = folder / f"member-{number}"
            with archive.open(entry) as source:
                _copy_capped(source, target, max(entry.compress_size, 1), name)
            members.append(Member(_inner_path(entry).name, target))
    return members


def _inner_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _require_inside(entry: zipfile.ZipInfo, number: int, name: str) -> None:
    """Refuse a member that is a link or names a place elsewhere."""
    inner = _inner_path(entry)
    if inner.is_absolute() or ".." in inner.parts or (entry.external_attr >> 28) == 0xA:
        raise RefusedError("unsafe_member_name", f"{name}: member {number} points outside the archive; remedy: pack it again")


def _is_litter(name: str) -> bool:
    """What operating systems add on their own."""
    path = PurePosixPath(name)
    return path.name.startswith(".") or path.parts[:1] == ("__MACOSX",) or path.name in ("Thumbs.db", "desktop.ini")


def _copy_capped(source: object, target: Path, packed_bytes: int, name: str) -> None:
    size = 0
    with target.open("wb") as copy:
        while chunk := source.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_MEMBER_BYTES or (size > HARMLESS_BYTES and size > MAX_RATIO * packed_bytes):
                raise RefusedError(
                    "archive_too_large",
                    f"{name}: grows to more than {MAX_RATIO} times its size; remedy: deliver the file unpacked",
                )
            copy.write(chunk)
