"""A real Postgres server: the same figures as `tandem query`, swapped whole; an analyst can read the marts and nothing else."""

import csv
import datetime as dt
import io
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import duckdb
import pytest
from adbc_driver_postgresql import dbapi
from canaries import CANARIES, deliver, email

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.landing.profiles import known_profiles
from orchestration.ops.run import run_night
from orchestration.privacy.erase import erase
from orchestration.publish.assets import mart_grains, postgres_server
from orchestration.publish.postgres import PostgresError, publish_to_postgres, published_version
from orchestration.publish.query import run_query
from orchestration.publish.versions import list_versions
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.transform.project import project_manifest

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
ROLES = PROJECT_DIR / "deploy" / "postgres" / "roles.sql"
SECRET = "p-u-b-l-i-s-h-e-r-s-e-c-r-e-t"


def program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name)


@pytest.fixture(scope="module")
def server():
    """A cluster of its own in a temporary folder, run by a user who is not root."""
    user = next(name for name in ("postgres", "nobody") if any(name == entry.pw_name for entry in pwd.getpwall()))
    own = {"user": user} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="tandem-postgres-"))
    if own:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    options = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, **own}
    subprocess.run([program("initdb"), "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-locale"], **options)
    start = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([program("pg_ctl"), "-D", data, "-w", "-o", start, "-l", folder / "log", "start"], **options)
    try:
        owner = f"host=127.0.0.1 port={port} user=owner"
        subprocess.run([program("psql"), f"{owner} dbname=postgres", "-qc", "create database tandem"], check=True)
        subprocess.run([program("psql"), f"{owner} dbname=tandem", "-qv", "ON_ERROR_STOP=1", "-f", ROLES], check=True)
        yield {
            "publisher": f"postgresql://tandem_publisher:{SECRET}@127.0.0.1:{port}/tandem",
            "analyst": f"postgresql://bi_tool@127.0.0.1:{port}/tandem",
        }
    finally:
        subprocess.run([program("pg_ctl"), "-D", data, "-m", "immediate", "stop"], **options)
        shutil.rmtree(folder, ignore_errors=True)


def ask(dsn: str, sql: str) -> list[tuple]:
    with dbapi.connect(dsn, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def night(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    generate(folder / "exports", leads=200, nights=2, seed=3)
    lines: list[str] = []
    settings = Settings(home=folder / "home", exports=folder / "exports", postgres_dsn=server["publisher"])
    result = run_night(settings, lines.append)
    assert result.exit_code == 0, result.message
    return Home(folder / "home"), result, lines


def test_postgres_has_every_mart_with_the_same_rows_and_types(night, server):
    home, _, _ = night
    marts = run_query(home, "select table_name from information_schema.tables where table_schema = 'marts' order by 1", "csv")
    for mart in marts.split()[1:]:
        columns = [
            row[0] for row in csv.reader(io.StringIO(run_query(home, f"select column_name from (describe {mart})", "csv")))
        ][1:]
        cells = ", ".join(f"md5(coalesce(cast({name} as varchar), '∅'))" for name in columns if not is_float(home, mart, name))
        sums = ", ".join(f"round(coalesce(sum({name}), 0)::numeric, 6)" for name in columns if is_float(home, mart, name))
        own = sorted(csv.reader(io.StringIO(run_query(home, f"select {cells} from {mart}", "csv").partition("\n")[2])))
        theirs = sorted(
            [str(cell) for cell in row]
            for row in ask(server["analyst"], f"select {as_duckdb_writes(home, mart, cells)} from {mart}")
        )
        assert own == theirs, mart
        if sums:
            total = run_query(home, f"select {sums.replace('::numeric', '::decimal(38, 6)')} from {mart}", "csv").split("\n")[1]
            assert [float(x) for x in total.split(",")] == pytest.approx(
                [float(x) for x in ask(server["analyst"], f"select {sums} from {mart}")[0]]
            ), mart


def column_types(home: Home, mart: str) -> dict[str, str]:
    rows = csv.reader(io.StringIO(run_query(home, f"select column_name, column_type from (describe {mart})", "csv")))
    return dict(list(rows)[1:])


def is_float(home: Home, mart: str, name: str) -> bool:
    return column_types(home, mart)[name] in ("DOUBLE", "FLOAT")


def as_duckdb_writes(home: Home, mart: str, cells: str) -> str:
    """Postgres's text of a truth value and of a whole second as DuckDB writes them is the same but for these casts."""
    for name, kind in column_types(home, mart).items():
        if kind == "BOOLEAN":
            cells = cells.replace(f"cast({name} as varchar)", f"case when {name} then 'true' when not {name} then 'false' end")
    return cells


def test_the_server_carries_the_version_and_a_rollback_takes_it_along(night, server):
    home, result, _ = night
    assert published_version(server["publisher"]) == result.summary["version"]
    older = home.published / "marts_2020-01-01_00000000.duckdb"
    with duckdb.connect(str(older)) as connection:
        connection.execute("create schema marts; create table marts.mart_a as select 1 as k")
        connection.execute(
            "create table published_version as select '2020-01-01_00000000' as version, date '2020-01-01' as as_of"
        )
    publish_to_postgres(server["publisher"], older, {"mart_a": ["k"]})
    assert ask(server["analyst"], "select k from mart_a") == [(1,)]
    current = next(item for item in list_versions(home) if item.is_current)
    publish_to_postgres(server["publisher"], current.path, {})
    assert published_version(server["publisher"]) == current.version
    assert ask(server["analyst"], "select count(*) from information_schema.tables where table_name = 'mart_a'") == [(0,)]


def test_readers_see_one_version_whole_while_others_are_published(server, tmp_path):
    files = []
    for number in range(2):
        path = tmp_path / f"{number}.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            for mart in ("mart_a", "mart_b"):
                connection.execute(f"create table marts.{mart} as select {number} as v, range as k from range(2000)")
            connection.execute(f"create table published_version as select 'v{number}' as version, date '2026-01-01' as as_of")
        files.append(path)
    publish_to_postgres(server["publisher"], files[0], {})
    torn, errors, n_reads, done = [], [], [0], threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                sql = "select min(a.v), max(a.v), min(b.v), max(b.v), count(*) from mart_a as a join mart_b as b using (k)"
                row = ask(server["analyst"], sql)[0]
            except dbapi.Error as error:
                errors.append(str(error))
                continue
            n_reads[0] += 1
            if len(set(row[:4])) > 1 or row[4] != 2000:
                torn.append(row)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        publish_to_postgres(server["publisher"], files[(number + 1) % 2], {"mart_a": ["k"], "mart_b": ["k"]})
    done.set()
    for reader in readers:
        reader.join()
    print(f"{n_reads[0]} reads, {len(errors)} errors, {len(torn)} torn")
    assert torn == []
    assert n_reads[0] > 20
    # A query that began to wait for a table that is then replaced may be told so, once; it never sees two nights.
    assert len(errors) <= n_reads[0] / 10, errors[:3]


ATTEMPTS = [
    "insert into marts.dim_channel select * from marts.dim_channel",
    "update marts.dim_channel set channel = 'x'",
    "delete from marts.dim_channel",
    "truncate marts.dim_channel",
    "drop table marts.dim_channel",
    "alter table marts.dim_channel add column x int",
    "create table marts.mine (x int)",
    "create table public.mine (x int)",
    "create schema mine",
    "create view marts.mine as select 1",
    "create function marts.mine() returns int language sql as 'select 1'",
    "create index on marts.dim_channel (channel)",
    "select * into marts.mine from marts.dim_channel",
    "drop schema marts cascade",
    "alter schema marts rename to mine",
    "create role mine",
    "alter role bi_tool superuser",
    "set role tandem_publisher",
    "set session authorization tandem_publisher",
    "copy marts.dim_channel to '/tmp/escaped.csv'",
    "copy marts.dim_channel to program 'cat > /tmp/escaped'",
    "copy marts.dim_channel from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('/')",
    "select lo_import('/etc/passwd')",
    "select * from pg_authid",
    "create extension dblink",
    "create extension plpython3u",
    "do $$ begin execute 'drop table marts.dim_channel'; end $$",
    "alter system set log_statement = 'none'",
    "select pg_reload_conf()",
    "lock table marts.dim_channel in access exclusive mode",
    "create database mine",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tandem_publisher' or usename = 'owner'",
]


@pytest.mark.parametrize("stubborn", [False, True], ids=["as set", "having switched read-only off"])
def test_an_analyst_fails_to_write_and_to_escape(night, server, stubborn):
    home, _, _ = night
    publish_to_postgres(server["publisher"], home.current.resolve(), {})
    before = ask(server["analyst"], "select count(*) from dim_channel")
    succeeded = []
    for attempt in ATTEMPTS:
        with dbapi.connect(server["analyst"], autocommit=True) as connection, connection.cursor() as cursor:
            if stubborn:
                cursor.execute("set default_transaction_read_only = off")
            try:
                cursor.execute(attempt)
                # A question that is answered with nothing got nothing.
                if not cursor.description or cursor.fetchall():
                    succeeded.append(attempt)
            except dbapi.Error:
                continue
    assert succeeded == []
    assert ask(server["analyst"], "select count(*) from dim_channel") == before
    assert not Path("/tmp/escaped").exists()
    # Postgres answers a grant by somebody who may not with a warning: what counts is that nothing was granted.
    with dbapi.connect(server["analyst"], autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = off")
        cursor.execute("grant select on marts.dim_channel to public")
    assert ask(
        server["analyst"],
        "select count(*) from information_schema.table_privileges where grantee = 'PUBLIC' and table_schema = 'marts'",
    ) == [(0,)]


def naming_canaries(server) -> int:
    tables = ask(server["analyst"], "select table_name from information_schema.tables where table_schema = 'marts'")
    return sum(
        ask(server["analyst"], f"select count(*) from {table} as t where t::text ~* 'kanarek'")[0][0] for (table,) in tables
    )


def test_who_is_erased_is_gone_from_the_server_too(server, tmp_path):
    deliver(known_profiles(Settings()), tmp_path / "exports", dt.date(2026, 9, 30))
    settings = Settings(
        home=tmp_path / "home", exports=tmp_path / "exports", postgres_dsn=server["publisher"],
        pseudonym_key_file=tmp_path / "key",
    )  # fmt: skip
    result = run_night(settings)
    assert result.exit_code == 0, result.message
    # Companies keep their names in the marts, and these are called after persons.
    assert naming_canaries(server) > 0
    serve = postgres_server(settings, mart_grains(json.loads(project_manifest(settings).read_text())))
    erase(Home(settings.home), settings, [email(n) for n in CANARIES], dt.date(2026, 11, 25), lambda line: None, serve)
    assert naming_canaries(server) == 0
    assert published_version(server["publisher"]) == result.summary["version"]


def test_what_the_server_is_called_and_its_password_are_never_told(night, server):
    home, result, lines = night
    told = "\n".join([*lines, result.message, str(result.summary), repr(Settings(postgres_dsn=server["publisher"]))])
    for path in home.root.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in told
    with pytest.raises(PostgresError) as refusal:
        publish_to_postgres(f"postgresql://nobody:{SECRET}@127.0.0.1:1/none", home.current.resolve(), {})
    assert SECRET not in str(refusal.value)
    assert "TANDEM_POSTGRES_DSN" in str(refusal.value)
