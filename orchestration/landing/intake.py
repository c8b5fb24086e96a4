"""Which files may be read: complete ones, regular ones, under names that can't lead elsewhere.

Only names and bytes are handled here; what a file means is `recognise.py`'s business.
"""

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SENT_BYTES = 1 << 28
_IN_PROGRESS_SUFFIXES = {".part", ".tmp", ".partial", ".crdownload", ".filepart", ".download"}
_ADDRESS = re.compile(r"[^\s@/\\;,]+@[^\s@/\\;,]+\.[^\s@/\\;,.]+")
_DONE_SUFFIX = ".done"
# Of file systems the coarsest notes the time of a change to two seconds.
_CLOCK_SECONDS = 3


class NotAcceptedError(Exception):
    """A directory entry that must not be opened. `code` names the reason, the message says what to do."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Copied:
    """A file's bytes in a place of our own, and their hash, which may still be being made: whoever asks for it waits."""

    path: Path
    size: int
    hashing: Callable[[], str]

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return self.hashing()


def safe_name(name: str) -> str:
    """A file name without anything that a shell, an archive or a path could misread."""
    printable = re.sub(r"[^\w.\- ]", "_", name.encode("utf-8", "replace").decode())
    return printable.lstrip(".- ")[-120:] or "unnamed"


def without_addresses(text: str) -> str:
    """A file's or column's name without e-mail addresses: such names are told and kept where no person may appear."""
    return _ADDRESS.sub("(address)", text)


def find_files(folder: Path) -> list[Path]:
    """Every entry that is meant as an export, in a stable order; hidden ones, markers and unfinished uploads left out."""
    return sorted(_entries(folder, folder))


def _entries(folder: Path, top: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith(".") or path.suffix.casefold() in _IN_PROGRESS_SUFFIXES:
                continue
            # Also one that came before its file, or stayed behind it: an empty file is no export of that name.
            if path.suffix == _DONE_SUFFIX and (path.with_suffix("").exists() or _is_empty(entry)):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(path, top)
            else:
                yield path


def _is_empty(entry: os.DirEntry) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size == 0


def marker_of(path: Path) -> Path:
    """The file that says that another is complete: NAME.done."""
    return path.with_name(path.name + _DONE_SUFFIX)


def wait_until_complete(
    files: list[Path], settle_seconds: float, progress: Callable[[str], None]
) -> tuple[list[Path], list[Path]]:
    """Split files into complete ones and those still being written.

    Complete is what has its marker, or has kept size and time of change for `settle_seconds`. Files that changed a short while
    ago are waited for, once, so that the wait is at most the settle time.
    """
    fresh = [path for path in files if not marker_of(path).exists() and _age(path) < settle_seconds]
    if not fresh:
        return files, []
    seen = {path: _signature(path) for path in fresh}
    longest = max(settle_seconds - _age(path) for path in fresh)
    progress(
        f"waiting {longest:.0f} s for {len(fresh)} files to be complete "
        "(a file NAME.done beside NAME says that it is: no wait then)"
    )
    time.sleep(max(longest, 0))
    growing = [path for path in fresh if _signature(path) != seen[path] and not marker_of(path).exists()]
    return [path for path in files if path not in growing], growing


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def _age(path: Path) -> float:
    # The clock is used to wait for a writer only; no mart depends on it.
    try:
        return max(time.time() - path.lstat().st_mtime, 0)
    except FileNotFoundError:
        return 0


def open_regular(path: Path) -> int:
    """Open without following a link and without waiting for a pipe; return the descriptor.

    Raises:
        NotAcceptedError: a link, a pipe, a device, a second name of a file elsewhere, or not readable.

    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise NotAcceptedError("link", "a link, which is never followed; remedy: put the file itself here") from error
        if isinstance(error, FileNotFoundError):
            raise NotAcceptedError("still_being_written", "it was taken away; if it comes back it is taken then") from error
        raise NotAcceptedError(
            "unreadable", f"can't be opened ({error.strerror}); remedy: give the right to read it"
        ) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotAcceptedError("not_a_regular_file", "a pipe, socket or device; remedy: put a file here")
    if status.st_nlink > 1:
        os.close(descriptor)
        raise NotAcceptedError(
            "hard_link", "the same file has another name elsewhere on this disk; remedy: put a copy of it here"
        )
    return descriptor


def identity_of(path: Path) -> str | None:
    """What tells a file on disk from all others, and from itself once it is written to: read without opening it.

    A change sets the time of change, which no program can set back. None for what is no plain file, and for one changed so
    lately that the disk's clock may not have moved since.
    """
    try:
        status = path.lstat()
    except OSError:
        return None
    is_settled = time.time() - status.st_ctime > _CLOCK_SECONDS
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or not is_settled:
        return None
    return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def hash_file(path: Path) -> str:
    """SHA-256 of a regular file."""
    with os.fdopen(open_regular(path), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def copy_file(path: Path, target: Path) -> int:
    """Copy a regular file, within the kernel; return its size.

    Raises:
        NotAcceptedError: not to be opened, or it changed while it was copied.

    """
    size = 0
    with os.fdopen(open_regular(path), "rb") as stream, target.open("wb") as copy:
        before = os.fstat(stream.fileno())
        while n_sent := os.sendfile(copy.fileno(), stream.fileno(), None, _SENT_BYTES):
            size += n_sent
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        raise NotAcceptedError("still_being_written", "it changed while it was read; it is taken the next time")
    return size
