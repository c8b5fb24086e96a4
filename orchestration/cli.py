"""The `tandem` command: thin, each verb calls a room. Exit codes are those of the contract."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from orchestration.home import Home, HomeRefusedError
from orchestration.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Joint marketing-sales KPI warehouse.")

HomeOption = Annotated[Path | None, typer.Option("--home", help="The company's home; default TANDEM_HOME or ./var.")]
ExportsOption = Annotated[Path | None, typer.Option("--exports", help="A folder of exports, only read; default the inbox.")]
objectives_app = typer.Typer(no_args_is_help=True, help="What both teams signed: objectives, service levels, calendars.")
app.add_typer(objectives_app, name="objectives")

JsonOption = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]


class TableFormat(StrEnum):
    """How `query` prints its rows."""

    table = "table"
    csv = "csv"
    json = "json"


def _settings(**values: Any) -> Settings:
    try:
        return Settings(**{key: value for key, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        _refuse(f"setting TANDEM_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}")


def _open_home(home: Path | None) -> Home:
    try:
        return Home(_settings(home=home).home.resolve()).prepare()
    except HomeRefusedError as error:
        _refuse(str(error))


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _refuse(message: str, code: int = 4) -> None:
    _say(message)
    raise typer.Exit(code)


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    """Hold the home's lock; exit 3 if another run has it."""
    from filelock import Timeout

    try:
        with home.lock():
            yield
    except Timeout:
        _refuse(home.in_progress(), 3)


def _server(settings: Settings) -> Callable[[Path], object] | None:
    """How a published file gets into Postgres, where the settings name a server."""
    if settings.postgres_dsn is None:
        return None
    from orchestration.publish.assets import mart_grains, postgres_server
    from orchestration.transform.dbt_build import project_manifest

    return postgres_server(settings, mart_grains(json.loads(project_manifest(settings).read_text())))


@app.command()
def nightly(
    exports: ExportsOption = None,
    home: HomeOption = None,
    as_of: Annotated[str | None, typer.Option(help="A day such as 2026-09-30, or 'yesterday'.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="The whole night even if nothing is new.")] = False,
    engine: Annotated[str | None, typer.Option(help="What builds the models: duckdb, or spark (docs/scale.md).")] = None,
) -> None:
    """One whole night: land, build, audit, publish, scorecard.

    Example: tandem nightly --exports ./exports --home ./var/acme
    """
    logging.getLogger("dagster").setLevel(logging.WARNING)
    from orchestration.ops.run import run_night

    settings = _settings(exports=exports, home=home, as_of=as_of, rebuild=rebuild or None, engine=engine)
    result = run_night(settings, _say)
    if result.message:
        _say(result.message)
    if result.summary:
        typer.echo(json.dumps(result.summary))
    raise typer.Exit(result.exit_code)


@app.command()
def land(
    exports: ExportsOption = None,
    home: HomeOption = None,
    retry: Annotated[bool, typer.Option("--retry", help="Take the mended files in quarantine/ instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Landing only: files to raw, ledger and quarantine.

    Example: tandem land --exports ./exports
    """
    from orchestration.landing.deliver import NothingToLandError
    from orchestration.landing.deliver import land as land_files
    from orchestration.landing.profiles import ProfileError
    from orchestration.privacy.pseudonym import KeyRefusedError

    settings = _settings(exports=exports, home=home)
    opened = _open_home(home)
    try:
        with _locked(opened):
            report = land_files(opened, settings, _say, retry=retry)
    except (ProfileError, KeyRefusedError) as error:
        _refuse(str(error))
    except NothingToLandError as error:
        if as_json and error.report:
            typer.echo(json.dumps(error.report.as_dict()))
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
    else:
        typer.echo(f"files {report.files}, rows {report.rows}")


@app.command()
def profile(
    file: Annotated[Path, typer.Argument(help="One delivered file.")],
    accept_proposal: Annotated[
        bool, typer.Option("--accept-proposal", help="Keep the proposed profile among the company's own.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Which export profile fits a file and why; for an unknown file, a proposed profile in YAML.

    Example: tandem profile ./exports/contacts-2026-09-30.csv
    """
    from orchestration.landing.profile_file import NotProfiledError, profile_file
    from orchestration.landing.profile_file import accept_proposal as keep

    settings = _settings()
    try:
        found = profile_file(file, settings)
        kept = keep(found.proposal, settings) if accept_proposal and found.proposal else None
    except NotProfiledError as error:
        _refuse(str(error))
    if as_json:
        record = {"matches": [asdict(match) for match in found.matches], "kept": str(kept) if kept else None}
        typer.echo(json.dumps({**record, "proposal": found.proposal.as_dict() if found.proposal else None}))
    elif found.proposal:
        typer.echo(found.proposal.yaml, nl=False)
    for match in [] if as_json else found.matches:
        typer.echo("\n".join(match.as_lines()))
    if kept:
        _say(f"kept as {kept}")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the exports and truth.json go.")],
    leads: Annotated[int, typer.Option(min=100)] = 20_000,
    nights: Annotated[int, typer.Option(min=1, max=365)] = 30,
    seed: int = 7,
) -> None:
    """A demo company's exports in real vendor formats, and truth.json: what was planted.

    Example: tandem demo --out ./demo --leads 2000 --nights 5
    """
    from orchestration.demo.company import generate

    truth = generate(out, leads=leads, nights=nights, seed=seed)
    typer.echo(str(truth))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; tables of the schema marts may be named without it.")],
    home: HomeOption = None,
    format: Annotated[TableFormat, typer.Option("--format", help="How to print the rows.")] = TableFormat.table,
    as_json: JsonOption = False,
) -> None:
    """Read-only SQL on the published marts.

    Example: tandem query "select channel, leads, roi from mart_channel_performance where period_month is null"
    """
    import duckdb

    from orchestration.publish.query import QueryRefusedError, run_query

    opened = _open_home(home)
    try:
        typer.echo(run_query(opened, sql, "json" if as_json else format.value), nl=False)
    except (QueryRefusedError, duckdb.Error) as error:
        _refuse(str(error))


@objectives_app.command()
def check(as_json: JsonOption = False) -> None:
    """Check every file that a company edits in seeds/ and expectations/; each fault with file, line and remedy.

    Example: tandem objectives check
    """
    from orchestration.registry.check import check_edited_files

    found = check_edited_files(_settings())
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
    for line in [] if as_json else found.lines():
        typer.echo(line)
    if found.faults:
        raise typer.Exit(1)


@app.command()
def versions(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Published versions, the latest first; * marks the one in use.

    Example: tandem versions --json
    """
    from orchestration.publish.versions import list_versions

    found = list_versions(_open_home(home))
    if as_json:
        rows = [{"version": v.version, "as_of": v.as_of.isoformat(), "current": v.is_current} for v in found]
        typer.echo(json.dumps(rows))
    else:
        for item in found:
            typer.echo(f"{'*' if item.is_current else ' '} {item.version}")


@app.command()
def rollback(version: Annotated[str | None, typer.Argument()] = None, home: HomeOption = None) -> None:
    """Go back to an earlier published version at once.

    Example: tandem rollback 2026-09-29_1a2b3c4d
    """
    from orchestration.publish.versions import NoPublishedVersionError
    from orchestration.publish.versions import rollback as go_back

    opened = _open_home(home)
    try:
        typer.echo(go_back(opened, version, _server(_settings(home=home))).version)
    except NoPublishedVersionError as error:
        _refuse(str(error))


@app.command()
def erase(
    emails: Annotated[
        list[str] | None, typer.Argument(metavar="[EMAIL]...", help="The person's e-mail address; several for several people.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Whom retention says: prospects out of touch; and files kept too long.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase people everywhere in a home and keep them out; the receipt holds no personal data.

    Example: tandem erase jane.doe@example.org
    """
    from datetime import UTC, datetime

    from orchestration.privacy.erase import NoAddressError
    from orchestration.privacy.erase import erase as erase_people
    from orchestration.privacy.pseudonym import KeyRefusedError
    from orchestration.privacy.retention import overdue_prospects, remove_what_is_too_old

    if bool(emails) == overdue:
        _refuse("give either e-mail addresses or --overdue; see: tandem erase --help")
    opened, settings, today = _open_home(home), _settings(home=home), datetime.now(UTC).date()
    try:
        with _locked(opened):
            removed = remove_what_is_too_old(opened, settings, today) if overdue else {}
            people = overdue_prospects(opened, settings) if overdue else emails
            receipt = (
                erase_people(opened, settings, people, today, _say, _server(settings)) if people else {"addresses_given": 0}
            )
            receipt |= {f"too_old_{kind}": count for kind, count in removed.items()}
    except (NoAddressError, KeyRefusedError) as error:
        _refuse(str(error))
    typer.echo(json.dumps(receipt) if as_json else "\n".join(f"{key}: {value}" for key, value in receipt.items()))


@app.command()
def access(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is kept on one person: every row of raw, and the rows of the published marts that carry the person's key.

    Example: tandem access jane.doe@example.org --json
    """
    from orchestration.privacy.erase import NoAddressError
    from orchestration.privacy.erase import access as report_on

    try:
        report = report_on(_open_home(home), _settings(home=home), email)
    except NoAddressError as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(report, default=str, ensure_ascii=False))
        return
    if not report["rows"]:
        typer.echo("nothing is kept on this address")
    for feed, rows in report["rows"].items():
        typer.echo(f"{feed} ({report['sources'].get(feed, 'unknown source')}): {len(rows)} rows")
        for row in rows:
            typer.echo("  " + "; ".join(f"{name} = {value}" for name, value in row.items()))
    for mart, rows in report["published"].items():
        typer.echo(f"published mart {mart}: {len(rows)} rows, without name, address or number")


@app.command()
def verify(
    home: HomeOption = None,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="Print the hash of each mart: equal hashes are equal nights.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that files, ledger and every published copy agree; exit 1 when a fault is found.

    Example: tandem verify --hashes
    """
    from orchestration.publish.assets import mart_grains
    from orchestration.publish.verify import current_hashes, faults_of
    from orchestration.transform.dbt_build import project_manifest

    opened, settings = _open_home(home), _settings(home=home)
    faults = faults_of(opened)
    found: dict[str, str] = {}
    if hashes and opened.current.exists() and not faults:
        found = current_hashes(opened, mart_grains(json.loads(project_manifest(settings).read_text())))
    if as_json:
        typer.echo(json.dumps({"faults": faults, "hashes": found}))
    for fault in faults:
        _say(fault)
    if not as_json:
        for mart, digest in found.items():
            typer.echo(f"{digest}  {mart}")
        typer.echo(f"{len(faults)} faults" if faults else "files, ledger and published copies agree")
    raise typer.Exit(1 if faults else 0)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, such as acme-2026-09-30.tar.gz.")], home: HomeOption = None
) -> None:
    """Write a home into one archive: it holds personal data, keep it as such. The pseudonym key is not in it.

    Example: tandem backup /backups/acme-2026-09-30.tar.gz
    """
    from orchestration.publish.backup import ArchiveRefusedError
    from orchestration.publish.backup import backup as write_archive

    opened = _open_home(home)
    try:
        with _locked(opened):
            typer.echo(json.dumps(write_archive(opened, file)))
    except ArchiveRefusedError as error:
        _refuse(str(error))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="An archive of tandem backup.")], home: HomeOption = None) -> None:
    """Put an archive in the home's place; who was erased since stays erased.

    Example: tandem restore /backups/acme-2026-09-30.tar.gz --home ./var/acme
    """
    from orchestration.privacy.pseudonym import KeyRefusedError
    from orchestration.publish.backup import ArchiveRefusedError
    from orchestration.publish.backup import restore as put_back

    opened = _open_home(home)
    try:
        with _locked(opened):
            typer.echo(json.dumps(put_back(file, opened, _settings(home=home), _say)))
    except (ArchiveRefusedError, HomeRefusedError, KeyRefusedError) as error:
        _refuse(str(error))


@app.command()
def doctor(
    home: HomeOption = None,
    dev: Annotated[bool, typer.Option("--dev", help="Also what working on Tandem needs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with this installation, its settings or a home, and how to mend it; exit 1 when something is.

    Example: tandem doctor --home ./var/acme
    """
    from orchestration.ops.doctor import examine

    findings = examine(_settings(home=home), dev=dev)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            typer.echo(f"{'ok   ' if finding.is_well else 'FAULT'} {finding.subject}: {finding.message}")
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


def main() -> None:
    """Entry point of the command: usage errors are exit 4, because 2 means a refused night."""
    try:
        sys.exit(app(standalone_mode=False))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(1)
    except TyperException as error:
        _say(f"{error}; see: tandem --help")
        sys.exit(4)


if __name__ == "__main__":
    main()
