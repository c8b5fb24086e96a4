"""Rules to Great Expectations, run by SQL on the candidate through one persisted connection; counts come back, no values.

Great Expectations takes seconds to import, so it is imported where it runs. Which check goes to which asset is
`checks.py`'s business.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.quality.stewardship import ContractError, FieldRule

Severity = Literal["info", "warning", "critical"]
_COUNTS_ONLY = {"result_format": "SUMMARY", "partial_unexpected_count": 0, "include_unexpected_rows": False}


class ExpectationRule(BaseModel):
    """One expectation of a dataset, by Great Expectations' own name and arguments."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Says what holds.")
    type: str = Field(pattern="^expect_[a-z_]+$")
    kwargs: dict[str, Any] = {}
    severity: Severity = "warning"
    where: dict[str, str] = Field({}, description="Column = value: the rows that the rule is about.")


class Dataset(BaseModel):
    """All expectations of one relation of the candidate."""

    model_config = ConfigDict(extra="forbid")

    relation: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    expectations: list[ExpectationRule]


@dataclass(frozen=True)
class CheckOutcome:
    """One expectation's result: shares and counts, never values."""

    relation: str
    name: str
    success: bool
    severity: Severity
    figures: dict[str, float | int] = field(default_factory=dict)
    error: str | None = None


def load_suites(folder: Path, rules: Iterable[FieldRule]) -> list[Dataset]:
    """The hand-written suites of a folder, and the ones that follow from the stewardship contract.

    Raises:
        ContractError: a suite file is not usable; names file, place and remedy.

    """
    datasets = []
    for path in sorted(folder.glob("*.yml")):
        try:
            datasets.append(Dataset.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))))
        except (yaml.YAMLError, ValidationError) as error:
            raise ContractError(f"{path}: {str(error).splitlines()[0]}") from error
    return [*datasets, stewardship_suite(rules)]


def stewardship_suite(rules: Iterable[FieldRule]) -> Dataset:
    """Two expectations per contracted field: its share of stale and of missing values stays below the limit."""
    expectations = []
    for rule in rules:
        where = {"entity_type": rule.entity_type, "field_name": rule.field_name}
        expectations += [
            ExpectationRule(
                name=f"{rule.entity_type}_{rule.field_name}_is_fresh", type="expect_column_values_to_not_be_in_set",
                kwargs={"column": "status", "value_set": ["stale"], "mostly": 1 - rule.max_stale_rate}, where=where,
            ),
            ExpectationRule(
                name=f"{rule.entity_type}_{rule.field_name}_is_filled", type="expect_column_values_to_not_be_in_set",
                kwargs={"column": "status", "value_set": ["missing"], "mostly": 1 - rule.max_missing_rate}, where=where,
            ),
        ]  # fmt: skip
    return Dataset(relation="intermediate.int_crm_field_values", expectations=expectations)


def import_engine() -> None:
    """Import Great Expectations ahead of its use, so that the wait falls beside other work."""
    import great_expectations.expectations  # noqa: F401


def run_suites(datasets: Iterable[Dataset], database: Path) -> list[CheckOutcome]:
    """Run every expectation on a DuckDB file opened read-only."""
    import great_expectations as gx
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from sqlalchemy.pool import StaticPool

    SQLDatasource.execution_engine_override = _persisted_engine()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql(
        "candidate",
        connection_string=f"duckdb:///{database}",
        create_temp_table=False,
        kwargs={"poolclass": StaticPool, "connect_args": {"read_only": True}},
    )
    outcomes = []
    try:
        for dataset in datasets:
            outcomes += _run_dataset(gx, context, source, dataset)
    finally:
        source.get_execution_engine().release()
        # The data source tests its connection with an engine of its own.
        source.get_engine().dispose()
    return outcomes


def _run_dataset(gx: Any, context: Any, source: Any, dataset: Dataset) -> list[CheckOutcome]:
    # A query asset, because reflecting a table asks DuckDB for catalog tables of Postgres that it does not have.
    name = dataset.relation.replace(".", "_")
    asset = source.add_query_asset(name, query=f"select * from {dataset.relation}")
    suite = gx.ExpectationSuite(name, expectations=[_configuration(rule) for rule in dataset.expectations])
    suite = context.suites.add(suite)
    definition = gx.ValidationDefinition(name=name, data=asset.add_batch_definition_whole_table("all"), suite=suite)
    results = context.validation_definitions.add(definition).run(result_format=_COUNTS_ONLY).results
    by_name = {result.expectation_config.meta["name"]: result for result in results}
    return [_outcome(dataset.relation, rule, by_name[rule.name]) for rule in dataset.expectations]


def _configuration(rule: ExpectationRule) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.row_conditions import Column

    kwargs = dict(rule.kwargs)
    condition = None
    for column, value in rule.where.items():
        part = Column(column) == value
        condition = part if condition is None else condition & part
    if condition is not None:
        kwargs["row_condition"] = condition
    return ExpectationConfiguration(type=rule.type, kwargs=kwargs, meta={"name": rule.name}, severity=rule.severity)


def _outcome(relation: str, rule: ExpectationRule, result: Any) -> CheckOutcome:
    figures = {
        key: result.result[key]
        for key in ("element_count", "missing_count", "unexpected_count", "unexpected_percent", "observed_value")
        if isinstance(result.result.get(key), int | float)
    }
    if "mostly" in rule.kwargs:
        figures["allowed_percent"] = round(100 * (1 - rule.kwargs["mostly"]), 6)
    error = None
    if not result.success and not result.result:
        # The traceback could carry values: only say that the rule could not be evaluated.
        error = f"{rule.type} could not be evaluated on {relation}: check its columns"
    return CheckOutcome(relation, rule.name, bool(result.success), rule.severity, figures, error)


def _persisted_engine() -> type:
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    class PersistedConnectionEngine(SqlAlchemyExecutionEngine):
        """Keeps its one connection open: DuckDB's driver reads results lazily, from a connection closed too early."""

        @contextmanager
        def get_connection(self) -> Generator[Any, None, None]:
            if not self._connection:
                self._connection = self.engine.connect()
                # DuckDB's progress bar would go to standard output.
                self._connection.exec_driver_sql("set enable_progress_bar = false")
            yield self._connection

        def release(self) -> None:
            """Give the file back: the next step opens it with other settings."""
            if self._connection:
                self._connection.close()
            self.engine.dispose()

    return PersistedConnectionEngine
