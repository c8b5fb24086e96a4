"""What was refused, where ops will see it: quarantine/<hash>_<name> with a reason beside it.

Deciding what to refuse belongs to the other modules of this room.
"""

import json
import re
import shutil
from pathlib import Path


def safe_name(name: str) -> str:
    """A file name without anything a shell, an archive or a path could misread."""
    return re.sub(r"[^\w.\- ]", "_", name).lstrip(".-")[:120] or "unnamed"


def quarantine_file(folder: Path, source: Path, sha256: str, code: str, reason: str) -> Path:
    """Keep a refused file with its reason (JSON beside it); the same file twice is kept once."""
    kept = folder / f"{sha256[:12]}_{safe_name(source.name)}"
    if not kept.exists():
        shutil.copyfile(source, kept)
    kept.with_name(kept.name + ".reason.json").write_text(
        json.dumps({"file": source.name, "sha256": sha256, "code": code, "reason": reason}, ensure_ascii=False, indent=2) + "\n"
    )
    return kept


def quarantine_rows(folder: Path, name: str, sha256: str, rows: list[tuple[int, str, str]]) -> Path:
    """Keep refused rows as JSON lines: line number, reason, the row's own text."""
    kept = folder / f"{sha256[:12]}_{safe_name(name)}.rows.jsonl"
    kept.write_text(
        "".join(
            json.dumps({"line": line, "reason": reason, "text": text}, ensure_ascii=False) + "\n" for line, reason, text in rows
        )
    )
    return kept
