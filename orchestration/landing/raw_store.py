"""Where landed rows and delivered files lie in the home: Parquet by feed and content hash, originals by their own.

What is written is on disk before its name is, and the ledger names it after that.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import failpoints
from orchestration.home import Home
from orchestration.landing.intake import Copied
from orchestration.landing.ledger import Delivery, Ledger
from orchestration.landing.parts import Part
from orchestration.landing.row_versions import Stored
from orchestration.landing.worker import Worker

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK_BYTES = 1 << 20
# A large file is packed a quarter faster and takes a third more room: there it is the longest part of landing but reading it.
_LARGE_BYTES, _LEVEL, _LEVEL_OF_LARGE = 64 << 20, 1, -3


def remove_strays(home: Home, ledger: Ledger) -> None:
    """What the ledger does not name was left by a killed run: it does not exist for the product."""
    named = ledger.named_parquet()
    for path in home.raw.glob("*/*/*.parquet*"):
        if path.suffix != ".parquet" or path.stem not in named:
            path.unlink()
    for path in home.build.glob("landing-*"):
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class RawStore:
    """Raw of one home, with the child that compares rows and a folder for what is unfinished."""

    home: Home
    ledger: Ledger
    worker: Worker
    folder: Path

    def stored(self, feed: str) -> Stored:
        """What raw holds of a feed."""
        segments = [(item.number, self.parquet(feed, item.content_hash)) for item in self.ledger.segments(feed).get(feed, [])]
        times = sorted({at for at, _ in self.ledger.extracts().get(feed, [])})
        sighting = self.ledger.sightings().get(feed)
        return Stored(segments, times, self.parquet(feed, sighting) if sighting else None)

    def store(
        self, feed: str, is_full: bool, deliveries: list[Delivery], rows: Path, part: Part, n_loaded: int
    ) -> tuple[tuple[int, str] | None, str | None, int]:
        """Put the Parquet of a part where it belongs: (segment, sighting file's hash, new rows)."""
        stored = self.stored(feed)
        number = stored.segments[-1][0] + 1 if stored.segments else 0
        times = sorted({delivery.extracted_at for delivery in deliveries if delivery.extracted_at})
        if not is_full:
            return (number, self.keep_parquet(rows, feed)), None, n_loaded
        sighting = self.folder / "sighting.parquet"
        if not stored.segments:
            segment = (number, self.keep_parquet(rows, feed))
            stored, n_new = Stored([(number, self.parquet(feed, segment[1]))], times[:1], None), n_loaded
            seen = None
        else:
            new_rows = self.folder / "new.parquet"
            n_new = self.worker.call(
                "add_extract", stored, rows, times[0], part, number, new_rows, sighting, size=part.text.stat().st_size
            )
            segment = (number, self.keep_parquet(new_rows, feed)) if n_new else None
            seen = self.keep_parquet(sighting, feed)
            segments = [*stored.segments, *([(number, self.parquet(feed, segment[1]))] if segment else [])]
            stored = Stored(segments, sorted({*stored.times, times[0]}), self.parquet(feed, seen))
        for at in times[1:]:
            self.worker.call("add_sighting", stored, times[0], at, sighting)
            seen = self.keep_parquet(sighting, feed)
            stored = replace(stored, times=sorted({*stored.times, at}), sighting=self.parquet(feed, seen))
        return segment, seen, n_new

    def parquet(self, feed: str, content_hash: str) -> Path:
        """Where a Parquet file of this content is."""
        return self.home.raw / feed / f"{content_hash}.parquet"

    def keep_parquet(self, unfinished: Path, feed: str) -> str:
        """Name a Parquet file by its content, durably; return the hash."""
        with unfinished.open("rb") as stream:
            content_hash = hashlib.file_digest(stream, "sha256").hexdigest()
        target = self.parquet(feed, content_hash)
        target.parent.mkdir(parents=True, exist_ok=True)
        _fsync_and_rename(unfinished, target)
        failpoints.passed("after:parquet")
        return content_hash

    def keep_original(self, copied: Copied) -> None:
        """Keep a delivered file, compressed, by its hash."""
        kept = self.home.originals / f"{copied.sha256}.zst"
        if kept.exists():
            return
        unfinished, codec = kept.with_name(kept.name + ".tmp"), original_codec(copied.size)
        # A frame per block: the stream of arrow's takes a third longer.
        with copied.path.open("rb", buffering=0) as plain, unfinished.open("wb") as packed:
            while chunk := plain.read(_CHUNK_BYTES):
                packed.write(codec.compress(chunk))
        _fsync_and_rename(unfinished, kept)
        failpoints.passed("after:original")


def original_codec(n_bytes: int = 0) -> "pa.Codec":
    """How an original of so many bytes is compressed. Asked early, nobody has to wait for its library."""
    import pyarrow as pa

    return pa.Codec("zstd", compression_level=_LEVEL_OF_LARGE if n_bytes >= _LARGE_BYTES else _LEVEL)


def _fsync_and_rename(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(target)
