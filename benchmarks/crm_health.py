"""How long judging a large CRM takes: a million contacts, fifteen fields each, twenty million field changes.

The dbt models that judge and count are run as they are on invented relations, beside one hand-written query that
finds the last change by a person for each record and field; then twenty expectations on the same contacts. Seconds are
both of the clock and of the processor, which alone can be compared while other jobs run.
Run: python -m benchmarks.crm_health [contacts] [folder]
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from orchestration.engine import open_duckdb
from orchestration.quality.stewardship import FieldRule
from orchestration.quality.suites import Dataset, ExpectationRule, field_suites, import_engine, run_suites
from orchestration.settings import PROJECT_DIR

CHANGES_PER_CONTACT = 20
MODELS = {"int_crm_verdicts": "intermediate", "int_crm_field_values": "intermediate", "mart_crm_freshness": "marts"}
_NAMED = (("email", "email", 90), ("phone", "phone", 180), ("job_title", "any", 180), ("company", "any", 365))
RULES = [
    FieldRule(
        entity_type="contact", field_name=name, steward_team="marketing", sla_days=days, validity=validity,
        annual_decay=0.2, legal_basis="legitimate_interest", why="benchmark",
    )
    for name, validity, days in (*_NAMED, *((f"field_{number}", "any", 180) for number in range(5, 16)))
]  # fmt: skip

# The last change by a person for each record and field, as somebody would ask it by hand.
_BY_HAND = """
create or replace table by_hand as
select record_id, field_name, max(changed_at) as last_human_change_at
from intermediate.int_field_changes_unioned
where is_human and changed_at < (select as_of_at from raw.night)
group by record_id, field_name
"""


def invent(database: Path, contacts: int) -> None:
    """Write the relations that the judging models read."""
    fields = ", ".join(f"'{rule.field_name}'" for rule in RULES)
    with open_duckdb(database) as connection:
        connection.execute("create schema raw; create schema seeds; create schema intermediate; create schema marts")
        connection.execute(
            "create table raw.night as select date '2026-09-30' as as_of, timestamp '2026-09-30 22:00:00' as as_of_at, "
            "'Europe/Paris' as business_timezone, 'EUR' as reporting_currency"
        )
        connection.execute("create table seeds.stages as select 'inquiry' as stage, 1 as stage_order")
        connection.execute(
            "create table raw.field_rule (rule_no smallint, entity_type varchar, field_name varchar, steward_team varchar, "
            "required_from varchar, sla_days integer, validity varchar, weight double, minutes_to_mend double, "
            "is_immutable boolean, is_single_valued boolean)"
        )
        connection.executemany(
            "insert into raw.field_rule values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (number, rule.entity_type, rule.field_name, rule.steward_team, rule.required_from, rule.sla_days, rule.validity,
                 rule.weight, rule.minutes_to_mend, rule.is_immutable, rule.is_single_valued)
                for number, rule in enumerate(RULES, start=1)
            ],
        )  # fmt: skip
        connection.execute(
            f"""create table intermediate.int_crm_records as
            select (1 + range)::integer as record_no, 'hubspot' as source_system, 'contact' as entity_type,
                (40118203451 + range * 7)::varchar as record_id,
                md5(range::varchar) as subject_key,
                timestamp '2024-01-01' + to_days((hash(range) % 1000)::integer) as created_at,
                1 as stage_order, case when range % 20 = 0 then 1000.00 else 0 end::decimal(18, 2) as open_pipeline,
                0.0::double as expected_pipeline
            from range({contacts})"""
        )
        connection.execute(
            """create table intermediate.int_crm_values as
            select source_system, entity_type, record_id, field_name, rule_no, case
                    when hash(record_id, field_name) % 10 = 0 then null
                    when field_name = 'email' then 'person' || record_id || '@company.example'
                    when field_name = 'phone' then '+331' || right(record_id, 8)
                    else 'value ' || (hash(record_id, field_name) % 1000)::varchar
                end as field_value
            from intermediate.int_crm_records cross join (select rule_no, field_name from raw.field_rule) as rules"""
        )
        connection.execute(
            """create table raw.contact_value as
            select field_name as kind, field_value as value,
                case when hash(field_value) % 50 = 0 then 'syntax' end as invalid_reason, field_value as normal_form
            from intermediate.int_crm_values where field_name in ('email', 'phone') and field_value is not null"""
        )
        connection.execute(
            f"""create table intermediate.int_field_changes_unioned as
            select 'hubspot' as source_system, 'contact' as entity_type,
                (40118203451 + (hash(range, 1) % {contacts}) * 7)::varchar as record_id,
                list_extract([{fields}], 1 + (hash(range, 2) % {len(RULES)})::integer) as field_name,
                timestamp '2024-01-01' + to_seconds((hash(range, 3) % 86000000)::integer) as changed_at,
                hash(range, 4) % 10 < 6 as is_human, false as is_cleared, null::varchar as new_value
            from range({contacts * CHANGES_PER_CONTACT})"""
        )
        connection.execute(
            """create table intermediate.int_field_verifications_unioned as
            select source_system, entity_type, record_id, 'email' as field_name, created_at + interval 300 day as verified_at,
                'delivered' as method, case when hash(record_id) % 30 = 0 then 'refuted' else 'confirmed' end as outcome,
                true as is_about_value
            from intermediate.int_crm_records where created_at < timestamp '2025-11-01'"""
        )
        connection.execute(
            "create table intermediate.int_value_sightings as select source_system, entity_type, record_id, field_name, "
            "changed_at, changed_at as replaced_at from intermediate.int_field_changes_unioned where false"
        )
        connection.execute(
            "create table intermediate.int_value_conflicts as select subject_key, '' as field_name "
            "from intermediate.int_crm_records where false"
        )
        connection.execute(
            "create table intermediate.int_field_decay as select entity_type, field_name, 0.2::double as annual_decay, "
            "0.2::double as annual_decay_prior, 0.0006::double as daily_rate, 0::bigint as n_looks from raw.field_rule"
        )


@contextmanager
def timed(parts: list[tuple[float, float]]) -> Iterator[None]:
    """Add the seconds of the block, of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    yield
    parts.append((time.perf_counter() - clock, time.process_time() - processor))


def run_models(database: Path) -> None:
    """The models' own compiled SQL, each into its table, as dbt's materialisation does."""
    with open_duckdb(database) as connection:
        connection.execute("set memory_limit = '5GB'; set preserve_insertion_order = false")
        for name, schema in MODELS.items():
            sql = next((database.parent / "target" / "compiled").rglob(f"{name}.sql")).read_text()
            # The one with a record's keys beside its verdicts is a view.
            kind = "view" if name == "int_crm_field_values" else "table"
            connection.execute(f"create or replace {kind} {schema}.{name} as {sql}")


def compile_models(database: Path) -> None:
    """Let dbt write the models' SQL for this file."""
    os.environ.update(TANDEM_DBT_DATABASE=str(database), DO_NOT_TRACK="1")
    project = str(PROJECT_DIR / "dbt_project")
    run = dbtRunner().invoke(
        ["compile", "--quiet", "--select", *MODELS, "--project-dir", project, "--profiles-dir", project,
         "--target-path", str(database.parent / "target"), "--log-path", str(database.parent / "logs")]
    )  # fmt: skip
    if not run.success:
        raise SystemExit(str(run.exception))
    DuckDBConnectionManager.close_all_connections()


def twenty_expectations() -> list[Dataset]:
    """Twenty of those that follow from the field contract: fifteen fields fresh, five filled."""
    dataset = field_suites(RULES)[0]
    fresh = [rule for rule in dataset.expectations if rule.status == "stale"]
    filled: list[ExpectationRule] = [rule for rule in dataset.expectations if rule.status == "missing"]
    return [dataset.model_copy(update={"expectations": [*fresh, *filled[:5]]})]


def main() -> None:
    """Print the seconds of each part and their ratio to the hand-written query."""
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="crm_health_"))
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "crm.duckdb"
    database.unlink(missing_ok=True)
    invent(database, contacts)
    print(f"{contacts:,} contacts x {len(RULES)} fields, {contacts * CHANGES_PER_CONTACT:,} changes")
    compile_models(database)
    by_hand: list[tuple[float, float]] = []
    models: list[tuple[float, float]] = []
    checks: list[tuple[float, float]] = []
    for _ in range(2):
        with timed(by_hand), open_duckdb(database) as connection:
            connection.execute("set memory_limit = '5GB'; set preserve_insertion_order = false")
            connection.execute(_BY_HAND)
        with timed(models):
            run_models(database)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.modules["pyspark"] = None
    begin = time.perf_counter()
    import_engine()
    imported = time.perf_counter() - begin
    for _ in range(2):
        with timed(checks):
            outcomes = run_suites(twenty_expectations(), database)
    if any(outcome.error for outcome in outcomes):
        raise SystemExit(f"{[outcome.error for outcome in outcomes if outcome.error]}")
    hand, judged, checked = min(by_hand), min(models), min(checks)
    print(f"by hand {hand[0]:.1f} s ({hand[1]:.1f} s of the processor)")
    for name, part in ((f"{len(MODELS)} models", judged), (f"{len(outcomes)} expectations", checked)):
        print(
            f"{name} {part[0]:.1f} s ({part[1]:.1f}) = {part[0] / hand[0]:.2f} x ({part[1] / hand[1]:.2f} x of the processor)"
        )
    print(f"largest memory up to the models {peak:.1f} GB; the library's import {imported:.1f} s, apart")
    if len(sys.argv) <= 2:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
