"""The pseudonym key and what is made with it: HMAC-SHA256 of a normalised detail, in Python and in SQL.

The key lies outside the home, so that a copy of the home alone tells nobody who is meant.
"""

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.home import Home
from orchestration.settings import Settings

_KEY_BYTES = 32
_BLOCK_BYTES = 64


class KeyRefusedError(ValueError):
    """The pseudonym key can't be used: absent, too short, inside the home or open to others (exit code 4)."""


@dataclass(frozen=True)
class PseudonymKey:
    """A key that never shows itself: neither in a message nor in the text of a query."""

    secret: bytes = field(repr=False)

    def mark(self, kind: str, text: str) -> str:
        """The pseudonym of one detail, as 64 hexadecimal digits."""
        return hmac.new(self.secret, f"{kind}:{text}".encode(), hashlib.sha256).hexdigest()

    def sql_parameters(self) -> list[bytes]:
        """What `mark_sql` asks for, in its order."""
        block = self.secret.ljust(_BLOCK_BYTES, b"\0")
        return [bytes(byte ^ 0x5C for byte in block), bytes(byte ^ 0x36 for byte in block)]


def mark_sql(kind: str, text: str) -> str:
    """SQL for `PseudonymKey.mark` over two expressions; the key comes as parameters, so no text of a query holds it."""
    return f"sha256(?::blob || unhex(sha256(?::blob || encode({kind} || ':' || {text}))))"


def key_path(settings: Settings) -> Path:
    """Where the key lies: as set, else among the user's own configuration."""
    if settings.pseudonym_key_file:
        return settings.pseudonym_key_file.expanduser().absolute()
    return Path.home() / ".config" / "tandem" / "pseudonym.key"


def load_key(settings: Settings, home: Home, *, create: bool = False) -> PseudonymKey:
    """Read the key; make one on first use where that is allowed.

    Args:
        settings: Names the file.
        home: The home that the key must not lie in.
        create: Make the key if there is none. Where pseudonyms already exist a new key would forget whom they mean.

    Raises:
        KeyRefusedError: it can't be used; the message says how to mend it.

    """
    path = key_path(settings)
    if path.resolve().is_relative_to(home.root.resolve()):
        raise KeyRefusedError(f"{path}: the pseudonym key must lie outside the home; set TANDEM_PSEUDONYM_KEY_FILE elsewhere")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        if not create:
            raise KeyRefusedError(
                f"{path}: the pseudonym key is missing, and this home holds pseudonyms made with it; put it back there, "
                "or set TANDEM_PSEUDONYM_KEY_FILE to where it is"
            ) from None
        return _create(path)
    except OSError as error:
        raise KeyRefusedError(f"{path}: the pseudonym key can't be read ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise KeyRefusedError(f"{path}: the pseudonym key is no regular file")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyRefusedError(f"{path}: the pseudonym key is open to others; run: chmod 600 {path}")
        secret = stream.read().strip()
    if len(secret) < _KEY_BYTES:
        raise KeyRefusedError(f"{path}: the pseudonym key has {len(secret)} bytes, it needs {_KEY_BYTES} or more")
    return PseudonymKey(hashlib.sha256(secret).digest() if len(secret) > _BLOCK_BYTES else secret)


def _create(path: Path) -> PseudonymKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_hex(_KEY_BYTES).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise KeyRefusedError(f"{path}: a pseudonym key can't be made there ({error.strerror})") from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secret + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return PseudonymKey(secret)
