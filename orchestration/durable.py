"""What has to survive a crash or to be gone for good: the same few steps for every room that writes files."""

import os
import shutil
from pathlib import Path


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it; nothing there is no fault."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a small file whole or not at all: a run killed here leaves what was there before."""
    # Of this process alone: two runs may come upon a new home at once.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    fsync(unfinished)
    unfinished.replace(path)


def swap_link(link: Path, target: str) -> None:
    """Let a link point elsewhere: whoever follows it meets the old or the new, at no moment none."""
    unfinished = link.with_name(link.name + ".tmp")
    remove(unfinished)
    unfinished.symlink_to(target)
    unfinished.replace(link)


def fsync(path: Path) -> None:
    """Wait until a file or a folder's entries are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
