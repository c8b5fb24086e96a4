"""Superset on this machine over a home's published marts: `make superset`, or with `--prepare` only made ready.

Its own database lies in the folder that SUPERSET_HOME names (default: <home>.superset, beside the home, which is only read).
The first start makes an administrator with a password that is printed once.
"""

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from bundle import CHARTS, write_bundle  # noqa: E402


def columns_of(marts: Path) -> dict[str, dict[str, str]]:
    """Mart → column → type, of the marts that the dashboard shows."""
    import duckdb

    with duckdb.connect(str(marts), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' "
            "and list_contains(?, table_name) order by table_name, column_index",
            [[chart.mart for chart in CHARTS]],
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for mart, column, kind in rows:
        found.setdefault(mart, {})[column] = kind
    return found


def environment(folder: Path) -> dict[str, str]:
    """Superset's variables; its secret is made once and lies in the folder, the owner's alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = folder / "secret"
    if not secret.exists():
        with open(secret, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            stream.write(secrets.token_urlsafe(48))
    return {
        **os.environ, "SUPERSET_HOME": str(folder), "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "TANDEM_SUPERSET_SECRET": secret.read_text(), "PYTHONPATH": str(HERE), "FLASK_APP": "superset.app:create_app()",
        "SUPERSET_LOAD_EXAMPLES": "no", "SCARF_ANALYTICS": "false",
    }  # fmt: skip


def prepare(home: Path, folder: Path, password: str | None) -> dict[str, str]:
    """Superset's database, its administrator, and the bundle of this home's marts, imported anew each time."""
    marts = home / "published" / "current.duckdb"
    if not marts.exists():
        sys.exit(f"nothing is published in {home} yet; run: tandem nightly --home {home}")
    values = environment(folder)
    is_new = not (folder / "superset.db").exists()
    _superset(values, "db", "upgrade")
    if is_new:
        chosen = password or secrets.token_urlsafe(12)
        user = ("--username", "admin", "--firstname", "Tandem", "--lastname", "Admin", "--email", "admin@tandem.example")
        _superset(values, "fab", "create-admin", *user, "--password", chosen)
        print(f"administrator: admin, password: {chosen if password is None else 'as given'}", flush=True)
    _superset(values, "init")
    bundle = folder / "tandem.zip"
    # The link itself, not what it points to: a new night is read without a new import.
    write_bundle(f"duckdb:///{marts.absolute()}", columns_of(marts), bundle)
    _superset(values, "import-dashboards", "-p", str(bundle), "-u", "admin")
    return values


def _superset(values: dict[str, str], *command: str) -> None:
    """One of Superset's own commands; what it tells, which is much, is kept in a file beside its database."""
    log = Path(values["SUPERSET_HOME"]) / "setup.log"
    with log.open("a") as stream:
        done = subprocess.run(
            [Path(sys.executable).with_name("superset"), *command], env=values, stdout=stream, stderr=stream, check=False
        )
    if done.returncode:
        sys.exit(f"superset {command[0]} failed; see the end of {log}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--password", help="The administrator's; without it one is made and printed.")
    parser.add_argument("--prepare", action="store_true", help="Make ready and end.")
    given = parser.parse_args()
    folder = Path(os.environ.get("SUPERSET_HOME") or f"{given.home}.superset").absolute()
    values = prepare(given.home, folder, given.password)
    if not given.prepare:
        # One process on loopback; who serves several people puts a proxy with authentication in front (deploy/nginx.conf).
        server = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{given.port}", "-w", "1", "--threads", "8"]
        os.execve(sys.executable, [*server, "--timeout", "120", "superset.app:create_app()"], values)  # noqa: S606
