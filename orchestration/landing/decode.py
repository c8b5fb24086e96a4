"""Bytes to UTF-8 text: the encoding is decided by evidence in the file, never guessed per platform.

Works in chunks, so a file's size does not matter. What the text means belongs to `recognise.py` and `load.py`.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16


class DecodeError(Exception):
    """The bytes are not text in any encoding that we know. `code` names the reason, the message the line."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Decoded:
    """Where the text stands as UTF-8 without byte-order mark, and the encoding it was delivered in."""

    path: Path
    encoding: str


_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Letters of French, German and their neighbours, typographic marks and the euro sign in UTF-8. Other byte pairs that happen to
# be valid UTF-8, such as cp1252's É followed by », prove nothing by themselves.
_UTF8_EVIDENCE = re.compile(rb"\xc3[\x80-\xbf]|\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xe2\x80[\x90-\xa6]|\xe2\x82\xac")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(0x80))
_CP1252_ONLY = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
_CONTROLS = re.compile(rb"\xc2[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]")
# A mark within the file: of another file that was put behind this one.
_LINE_MARKS = re.compile(rb"(?:(?<=[\r\n])|\A)(?:\xef\xbb\xbf)+")
# Letters of Polish in cp1250, which in cp1252 are signs that stand in no word.
_CP1250_EVIDENCE = re.compile(rb"(?<=[A-Za-z\xc0-\xff])[\xa3\xa5\xaf\xb3\xb9\xbf](?=[a-z\xe0-\xff])")
# Bytes that are letters or the euro sign in ISO-8859-15 and rare signs (currency sign, fractions, accents alone) in cp1252.
_LATIN9_EVIDENCE = re.compile(
    rb"\xa4|(?<=[A-Za-z\xc0-\xff])[\xa6\xa8\xb4\xb8\xbc\xbd\xbe](?=[A-Za-z\xc0-\xff])|(?<![0-9 ])[\xbc\xbd](?=[a-z])"
)


def decode(source: Path, target: Path) -> Decoded:
    """Find the encoding and write `target` as UTF-8 where the source is not that already.

    Raises:
        DecodeError: `nul_bytes`, `mixed_encodings`, `unknown_encoding`, `cut_off_text`; each names the line.

    """
    with source.open("rb") as stream:
        start = stream.read(_SAMPLE_BYTES)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            decoded = _rewrite(source, target, encoding.removesuffix("-sig"), encoding, len(mark))
            return _without_line_marks(decoded, target)
    wide = _wide_encoding(start)
    if wide:
        return _rewrite(source, target, wide, wide, 0)
    encoding = _narrow_encoding(source)
    if encoding == "ascii":
        return Decoded(source, "utf-8")
    if encoding == "utf-8":
        return _without_line_marks(_without_controls(source, target), target)
    return _rewrite(source, target, encoding, encoding, 0)


def _without_controls(source: Path, target: Path) -> Decoded:
    """UTF-8 that was made from cp1252 read as ISO-8859-1 has control characters where dashes, quotes and the euro sign were."""
    if not any(not chunk.isascii() and _CONTROLS.search(chunk) for chunk in _whole_lines(source)):
        return Decoded(source, "utf-8")
    with target.open("wb") as stream:
        for block in _whole_lines(source):
            stream.write(_CONTROLS.sub(lambda found: found[0][1:].decode("cp1252").encode(), block))
    return Decoded(target, "utf-8 with cp1252 controls")


def _without_line_marks(decoded: Decoded, target: Path) -> Decoded:
    """A byte-order mark at the beginning of a line is no part of its first cell."""
    # The bytes of a mark are looked for first: the pattern alone stops at every line end.
    if not any(codecs.BOM_UTF8 in block and _LINE_MARKS.search(block) for block in _whole_lines(decoded.path)):
        return decoded
    cleaned = target.with_suffix(".unmarked")
    with cleaned.open("wb") as stream:
        for block in _whole_lines(decoded.path):
            stream.write(_LINE_MARKS.sub(b"", block))
    return Decoded(cleaned.replace(target), decoded.encoding)


def _wide_encoding(start: bytes) -> str | None:
    """UTF-16 without a mark shows as NUL in every second byte of what is mostly Latin text."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(len(start) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _narrow_encoding(source: Path) -> str:
    """ASCII, UTF-8, cp1252 or ISO-8859-15 of a file without mark."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii, n_bytes = True, 0
    for chunk in _chunks(source):
        if b"\0" in chunk:
            line = _lines_in(source, n_bytes + chunk.index(b"\0")) + 1
            raise DecodeError("nul_bytes", f"line {line}: NUL byte; remedy: export the file again as UTF-8 text")
        n_bytes += len(chunk)
        if is_ascii and chunk.isascii():
            continue
        is_ascii = False
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return _single_byte_encoding(source)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if _has_utf8_evidence(source):
            line = _lines_in(source, n_bytes) + 1
            raise DecodeError(
                "cut_off_text", f"line {line}: the file ends in the middle of a character; remedy: export it again"
            ) from error
        return _single_byte_encoding(source)
    return "ascii" if is_ascii else "utf-8"


def _single_byte_encoding(source: Path) -> str:
    """The encoding of bytes that are not all UTF-8; text of which a part is UTF-8 is refused."""
    first_utf8 = first_other = None
    has_cp1252 = has_latin9 = False
    n_utf8 = n_other = 0
    lines = 1
    for block in _whole_lines(source):
        if not block.isascii():
            others = _UTF8_SEQUENCE.sub(b"", block)
            high = len(others.translate(None, _ASCII))
            n_other += high
            n_utf8 += len(block.translate(None, _ASCII)) - high
            if first_other is None and high:
                first_other = lines + _first_line(block, lambda line: not _UTF8_SEQUENCE.sub(b"", line).isascii())
            if first_utf8 is None and _UTF8_EVIDENCE.search(block):
                first_utf8 = lines + _first_line(block, lambda line: _UTF8_EVIDENCE.search(line) is not None)
            has_cp1252 = has_cp1252 or _CP1252_ONLY.search(others) is not None
            if _CP1250_EVIDENCE.search(others):
                line = lines + _first_line(block, lambda line: _CP1250_EVIDENCE.search(line) is not None)
                raise DecodeError(
                    "unknown_encoding",
                    f"line {line}: a sign in a word, which is a letter in another encoding than cp1252; "
                    "remedy: export the file again as UTF-8",
                )
            has_latin9 = has_latin9 or _LATIN9_EVIDENCE.search(others) is not None
        lines += block.count(b"\n")
    if first_utf8 is not None or n_utf8 > n_other:
        raise DecodeError(
            "mixed_encodings",
            f"line {first_other}: single-byte text in a file that is UTF-8 elsewhere (such as line {first_utf8 or 1}); "
            "remedy: export the file again as UTF-8",
        )
    return "iso8859-15" if has_latin9 and not has_cp1252 else "cp1252"


def _first_line(block: bytes, holds: Callable[[bytes], bool]) -> int:
    """How many lines of a block come before the first for which something holds."""
    return next((number for number, line in enumerate(block.split(b"\n")) if holds(line)), 0)


def _has_utf8_evidence(source: Path) -> bool:
    return any(_UTF8_EVIDENCE.search(block) for block in _whole_lines(source))


def _rewrite(source: Path, target: Path, codec: str, encoding: str, skip: int) -> Decoded:
    """Decode chunk by chunk into `target`."""
    decoder = codecs.getincrementaldecoder(codec)()
    lines = 1
    with target.open("wb") as stream:
        try:
            for number, chunk in enumerate(_chunks(source)):
                text = decoder.decode(chunk[skip:] if number == 0 else chunk)
                _require_no_nul(text, lines)
                stream.write(text.encode("utf-8"))
                lines += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            broken = bytes(error.object)
            line = lines + broken[: error.start].decode(codec, errors="ignore").count("\n")
            code = "cut_off_text" if "truncated" in error.reason or "unexpected end" in error.reason else "unknown_encoding"
            raise DecodeError(
                code, f"line {line}: byte 0x{broken[error.start]:02x} is not {encoding}; remedy: export the file again as UTF-8"
            ) from error
    return Decoded(target, encoding)


def _require_no_nul(text: str, lines: int) -> None:
    if "\0" in text:
        line = lines + text[: text.index("\0")].count("\n")
        raise DecodeError("nul_bytes", f"line {line}: NUL character; remedy: export the file again as UTF-8 text")


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _whole_lines(source: Path) -> Iterator[bytes]:
    """Blocks that end at a line end, so that no character is split; a longer line comes whole."""
    rest = b""
    for chunk in _chunks(source):
        head, end, tail = (rest + chunk).rpartition(b"\n")
        if end:
            yield head + end
        rest = tail
    if rest:
        yield rest


def _lines_in(source: Path, n_bytes: int) -> int:
    """Line ends in the first bytes of a file: counted only where something is wrong."""
    lines = 0
    for chunk in _chunks(source):
        lines += chunk[:n_bytes].count(b"\n")
        n_bytes -= len(chunk)
        if n_bytes <= 0:
            break
    return lines
