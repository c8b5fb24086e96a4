"""Bytes to UTF-8 text: the encoding is decided by evidence, never guessed per platform.

What the text means (delimiter, header, values) belongs to `recognise.py` and `load.py`.
"""

import codecs
from dataclasses import dataclass


class DecodeError(Exception):
    """The bytes are not text in any encoding that we know; the message names the line."""


@dataclass(frozen=True)
class Decoded:
    """Text as UTF-8 bytes without byte-order mark, and the encoding it was delivered in."""

    utf8: bytes
    encoding: str


_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(content: bytes) -> Decoded:
    """Decode by byte-order mark, else strict UTF-8, else cp1252.

    Raises:
        DecodeError: NUL bytes or bytes that no supported encoding has; names the line.

    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            body = content[len(mark) :]
            if encoding == "utf-8-sig":
                return Decoded(_require_text(body, "utf-8"), encoding)
            return Decoded(_reencode(body, encoding), encoding)
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise DecodeError(f"line {line}: NUL byte; export the file again as UTF-8 text")
    try:
        return Decoded(_require_text(content, "utf-8"), "utf-8")
    except DecodeError:
        return Decoded(_reencode(content, "cp1252"), "cp1252")


def _require_text(body: bytes, encoding: str) -> bytes:
    try:
        body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise DecodeError(f"line {line}: byte 0x{body[error.start]:02x} is not {encoding}") from error
    return body


def _reencode(body: bytes, encoding: str) -> bytes:
    try:
        return body.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise DecodeError(f"line {line}: neither UTF-8 nor {encoding}; export the file again as UTF-8") from error
