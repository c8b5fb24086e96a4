"""Expectations as Dagster asset checks: one check per rule, on the asset that it is about; one step runs them all."""

from collections.abc import Iterator

import dagster as dg

from orchestration import failpoints
from orchestration.ops.night import Night
from orchestration.quality.audit import Audit
from orchestration.quality.policy import PublishPolicy, load_policy
from orchestration.quality.results import keep_results
from orchestration.quality.stewardship import load_stewardship
from orchestration.quality.suites import CheckOutcome, load_suites
from orchestration.settings import Settings


def asset_key_of(relation: str) -> dg.AssetKey:
    """The dbt asset that builds `schema.table`."""
    return dg.AssetKey(relation.split("."))


def build_expectation_checks(settings: Settings) -> dg.AssetChecksDefinition:
    """One asset check per expectation of expectations/ and per field of the stewardship contract.

    All are marked blocking, so that publishing waits for them; only those that the policy calls critical are
    reported as errors and so refuse the night.
    """
    folder = settings.expectations_dir
    datasets = load_suites(folder / "suites", load_stewardship(folder / "field_stewardship.yml"))
    policy = load_policy(folder / "publish_policy.yml")
    specs = [
        dg.AssetCheckSpec(
            name=rule.name, asset=asset_key_of(dataset.relation), blocking=True,
            description=f"{rule.type} ({policy.severity(rule.name, rule.severity)})",
        )
        for dataset in datasets
        for rule in dataset.expectations
    ]  # fmt: skip

    @dg.multi_asset_check(specs=specs, name="run_expectations", required_resource_keys={"night"})
    def run_expectations(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        night: Night = context.resources.night
        with night.step("audit"):
            docs = night.home.data_docs if night.settings.data_docs else None
            outcomes = night.run_suites(datasets, night.home.candidate.resolve(), docs)
            failpoints.passed("after:expectations")
            _record_audit(night, outcomes, policy)
            keep_results(night.home, night.as_of().day, outcomes)
            failpoints.passed("after:audit")
            yield from (_check_result(outcome, policy) for outcome in outcomes)

    return run_expectations


def _record_audit(night: Night, outcomes: list[CheckOutcome], policy: PublishPolicy) -> None:
    severities = {outcome.name: policy.severity(outcome.name, outcome.severity) for outcome in outcomes}
    Audit(night.home.audit).record(
        "expectations",
        passed=sum(outcome.success for outcome in outcomes),
        warned=[o.name for o in outcomes if not o.success and severities[o.name] != "critical"],
        failed=[o.name for o in outcomes if not o.success and severities[o.name] == "critical"],
    )


def _check_result(outcome: CheckOutcome, policy: PublishPolicy) -> dg.AssetCheckResult:
    severity = policy.severity(outcome.name, outcome.severity)
    return dg.AssetCheckResult(
        check_name=outcome.name,
        asset_key=asset_key_of(outcome.relation),
        passed=outcome.success,
        severity=dg.AssetCheckSeverity.ERROR if severity == "critical" else dg.AssetCheckSeverity.WARN,
        metadata=_metadata(outcome),
    )


def _metadata(outcome: CheckOutcome) -> dict[str, float | int | str]:
    """The share that fails, the share that may, the open pipeline behind it: figures, never values."""
    stake = {} if outcome.pipeline_at_stake is None else {"pipeline_at_stake": float(outcome.pipeline_at_stake)}
    return outcome.figures | stake | ({"error": outcome.error} if outcome.error else {})
