"""Text that is no table: its lines looked at for erased people, and the same text without them.

Files are read whatever they are: plain text in any encoding, workbooks and other archives of XML, Parquet.
"""

import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.privacy.details import EMAIL_PATTERN
from orchestration.privacy.redact import Redactor

_EMAIL = re.compile(EMAIL_PATTERN, re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 .()/\-]{7,}[0-9]")
_WORD = re.compile(r"[^\W_]+")
# Also within JSON that is itself a text of JSON.
_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_TAG = re.compile(r"<[^>]*>")
_REMOVED = "(erased)"
_MAX_MEMBER_BYTES = 1 << 28
_BATCH_LETTERS = 20_000_000


def names_anybody(redactor: Redactor, path: Path) -> bool:
    """Whether a file of whatever kind holds a detail of an erased person."""
    return bool(files_that_name(redactor, [path]))


def files_that_name(redactor: Redactor, paths: Iterable[Path]) -> list[Path]:
    """Of some files those that hold a detail of an erased person; looked at many at a time."""
    found: list[Path] = []
    batch: dict[Path, set[str]] = {}
    n_letters = 0
    for path in paths:
        lines = {line for text in texts_of(path) for line in text.splitlines()}
        batch[path] = lines
        n_letters += sum(map(len, lines))
        if n_letters > _BATCH_LETTERS:
            found += _of_batch(redactor, batch)
            batch, n_letters = {}, 0
    return [*found, *_of_batch(redactor, batch)]


def _of_batch(redactor: Redactor, batch: Mapping[Path, set[str]]) -> list[Path]:
    erased = redactor.erased_among(set().union(*batch.values())) if batch else set()
    return [path for path, lines in batch.items() if lines & erased]


def texts_of(path: Path) -> Iterator[str]:
    """What can be read as text in a file; `.zst` are our own kept originals."""
    if path.suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as packed:
            yield from _texts_of_bytes(packed.read())
    else:
        yield from _texts_of_bytes(path.read_bytes())


def _texts_of_bytes(content: bytes) -> Iterator[str]:
    if content[:2] == b"PK":
        yield from _members(content)
    elif content[:2] == b"\x1f\x8b":
        yield from _gzip(content)
    elif content[:4] == b"PAR1":
        yield from _parquet(content)
    elif content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield content.decode("utf-16", "replace")
    elif content[:4] == b"\xd0\xcf\x11\xe0":
        # A workbook of the old kind keeps texts in one of these two.
        yield _one_line_each(content.decode("latin-1"))
        yield _one_line_each(content.decode("utf-16-le", "replace"))
        yield _one_line_each(content[1:].decode("utf-16-le", "replace"))
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
        yield unescaped(text)


def unescaped(text: str) -> str:
    r"""A text in which letters that JSON writes as `\u00eb` stand in clear: what was JSON still is."""
    return _ESCAPE.sub(_letter, text) if "\\u" in text else text


def _letter(escape: re.Match) -> str:
    code = int(escape.group(1), 16)
    return " " if code < 0x20 or 0xD800 <= code < 0xE000 or chr(code) in '"\\' else chr(code)


def _members(content: bytes) -> Iterator[str]:
    try:
        with zipfile.ZipFile(pa.BufferReader(content)) as archive:
            for member in archive.infolist():
                if member.file_size <= _MAX_MEMBER_BYTES:
                    for text in _texts_of_bytes(archive.read(member)):
                        yield _TAG.sub("\n", text) if member.filename.endswith((".xml", ".rels")) else text
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        yield content.decode("latin-1")


def _gzip(content: bytes) -> Iterator[str]:
    try:
        unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content, _MAX_MEMBER_BYTES)
    except zlib.error:
        unpacked = b""
    yield from _texts_of_bytes(unpacked)


def _parquet(content: bytes) -> Iterator[str]:
    try:
        table = pq.read_table(pa.BufferReader(content))
    except pa.ArrowException:
        yield content.decode("latin-1")
        return
    yield "\n".join(json.dumps(row, default=str, ensure_ascii=False) for row in table.to_pylist())


def _one_line_each(text: str) -> str:
    return re.sub(r"[\x00-\x1f]+", "\n", text)


def without_erased(redactor: Redactor, text: str) -> str:
    """A text without the addresses, numbers and names of erased people; the rest stays as it is."""
    if text not in redactor.rewritten:
        redactor.rewritten[text] = _without_erased(redactor, text)
    return redactor.rewritten[text]


def _without_erased(redactor: Redactor, text: str) -> str:
    in_clear = unescaped(text)
    hits = redactor.hits(in_clear.splitlines())
    if not hits:
        return text
    text = unicodedata.normalize("NFC", in_clear)
    details = {kind: {detail for known, detail in hits if known == kind} for kind in ("email", "phone", "name")}
    spans = [found.span() for found in _EMAIL.finditer(text) if _mailbox(found.group()) in details["email"]]
    spans += [found.span() for found in _PHONE.finditer(text) if re.sub(r"\D", "", found.group())[-9:] in details["phone"]]
    words = [(found.start(), found.end(), _folded(found.group())) for found in _WORD.finditer(text)]
    for size in {len(name.split()) for name in details["name"]}:
        for start in range(len(words) - size + 1):
            run = words[start : start + size]
            if " ".join(word for _, _, word in run) in details["name"]:
                spans.append((run[0][0], run[-1][1]))
    parts, last = [], 0
    for begin, end in sorted(spans):
        if begin >= last:
            parts += [text[last:begin], _REMOVED]
        last = max(last, end)
    return "".join([*parts, text[last:]])


def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _mailbox(email: str) -> str:
    name, _, host = email.lower().partition("@")
    host = host.rstrip(".").replace("googlemail.com", "gmail.com")
    name = re.sub(r"[+].*$", "", name)
    return f"{name.replace('.', '') if host == 'gmail.com' else name}@{host}"


def reason_without(redactor: Redactor, path: Path) -> None:
    """A reason file whose text no longer names anybody."""
    record = json.loads(path.read_text(encoding="utf-8"))
    for key in ("file", "reason"):
        if redactor.is_in([str(record.get(key, ""))]):
            record[key] = _REMOVED
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
