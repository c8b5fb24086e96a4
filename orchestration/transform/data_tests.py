"""The project's data tests on a built candidate: one statement per tested model, one result per test.

dbt takes 15 to 30 ms of Python for each test; the queries are dbt's own, compiled once per project, and so are the rules
by which a result passes, warns or fails. Gives result events in dbt's form.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engine import open_duckdb

Outcome = tuple[int | None, bool, bool]


def run_data_tests(
    database: Path, queries: Mapping[str, str], nodes: Mapping[str, Mapping], built: Collection[str], memory_limit: str
) -> list[dict]:
    """Run every test all of whose relations were built.

    Args:
        database: The candidate.
        queries: unique_id of a test → its compiled query, which gives the failing rows.
        nodes: The manifest's nodes.
        built: unique_ids of the models and seeds that are there.
        memory_limit: DuckDB's.

    """
    groups: dict[str, dict[str, str]] = {}
    for unique_id in sorted(queries):
        relations = nodes[unique_id]["depends_on"]["nodes"]
        if set(relations) <= set(built):
            groups.setdefault(relations[0] if relations else "", {})[unique_id] = _counted(queries[unique_id], nodes[unique_id])
    results = []
    with open_duckdb(database, read_only=True, config={"memory_limit": memory_limit}) as connection:
        for tests in groups.values():
            outcomes = _outcomes(connection, tests)
            results += [_event(nodes[unique_id], outcomes[unique_id]) for unique_id in tests]
    return results


def _counted(query: str, test: Mapping) -> str:
    """Dbt's own question to a test's query: how many failures, is that a warning, is that an error."""
    config = test["config"]
    if config.get("store_failures"):
        raise ValueError(f"{test['name']}: store_failures is not supported, it would keep rows of persons; take it out")
    failures, limit = config["fail_calc"], f" limit {config['limit']}" if config.get("limit") else ""
    return (
        f"select '{test['unique_id']}' as test, cast({failures} as bigint) as failures, "
        f"{failures} {config['warn_if']} as should_warn, {failures} {config['error_if']} as should_error "
        f"from (select * from (\n{query}\n) as test_rows{limit}) as dbt_internal_test"
    )


def _outcomes(connection: duckdb.DuckDBPyConnection, tests: Mapping[str, str]) -> dict[str, Outcome | None]:
    """Each test's outcome; None for one whose query can't be answered, which must not hide the others."""
    try:
        rows = connection.execute("\nunion all\n".join(tests.values())).fetchall()
    except duckdb.Error:
        if len(tests) == 1:
            return dict.fromkeys(tests)
        return {key: outcome for test in tests.items() for key, outcome in _outcomes(connection, dict([test])).items()}
    return {unique_id: (failures, bool(warn), bool(error)) for unique_id, failures, warn, error in rows}


def _status(test: Mapping, outcome: Outcome | None) -> str:
    if outcome is None or outcome[0] is None:
        return "error"
    _, should_warn, should_error = outcome
    if should_error and test["config"]["severity"].lower() == "error":
        return "fail"
    return "warn" if should_warn else "pass"


def _event(test: Mapping, outcome: Outcome | None) -> dict[str, Any]:
    status = _status(test, outcome)
    return {
        "info": {"name": "LogTestResult", "invocation_id": "", "msg": f"{status} {test['name']}"},
        "data": {
            "node_info": {"unique_id": test["unique_id"], "resource_type": "test", "node_status": status},
            "status": status,
            "num_failures": outcome[0] if outcome else None,
        },
    }
