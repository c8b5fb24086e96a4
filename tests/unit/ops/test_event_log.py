"""The event log with kept connections tells what the shipped one tells, also of events that were stored together."""

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.ops.event_log import PooledSqliteEventLogStorage


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="first"), dg.AssetCheckSpec("fails", asset="first")])
def first():
    yield dg.Output(1, metadata={"rows": 3})
    yield dg.AssetCheckResult(check_name="holds", passed=True)
    yield dg.AssetCheckResult(check_name="fails", passed=False, severity=dg.AssetCheckSeverity.WARN)


@dg.asset(deps=[first])
def second():
    return dg.MaterializeResult(metadata={"rows": 4})


def history(folder, storage: type, monkeypatch, batch: int) -> tuple:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", str(batch))
    folder.mkdir()
    module = {"module": storage.__module__, "class": storage.__name__, "config": {"base_dir": str(folder)}}
    with dg.instance_for_test(temp_dir=str(folder), overrides={"event_log_storage": module}) as instance:
        assert isinstance(instance.event_log_storage, storage)
        result = dg.materialize([first, second], instance=instance)
        assert result.success
        events = [record.event_log_entry.dagster_event_type for record in instance.get_records_for_run(result.run_id).records]
        rows = [instance.get_latest_materialization_event(dg.AssetKey([name])).asset_materialization.metadata["rows"].value
                for name in ("first", "second")]  # fmt: skip
        checks = {
            name: instance.event_log_storage.get_asset_check_execution_history(
                dg.AssetCheckKey(dg.AssetKey(["first"]), name), limit=5
            )[0].status.value
            for name in ("holds", "fails")
        }
        planned = instance.event_log_storage.get_event_records(
            dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
        )
        return sorted(str(event) for event in events), rows, checks, len(planned)


@pytest.mark.parametrize("batch", [0, 1000])
def test_history_and_checks_are_those_of_the_shipped_storage(tmp_path, monkeypatch, batch):
    ours = history(tmp_path / "ours", PooledSqliteEventLogStorage, monkeypatch, batch)
    assert ours == history(tmp_path / "shipped", SqliteEventLogStorage, monkeypatch, 0)
    assert ours[1:] == ([3, 4], {"holds": "SUCCEEDED", "fails": "FAILED"}, 2)


def test_a_batch_with_an_event_that_can_not_be_stored_leaves_nothing_half_and_the_storage_usable(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    module = {
        "module": "orchestration.ops.event_log",
        "class": "PooledSqliteEventLogStorage",
        "config": {"base_dir": str(tmp_path)},
    }
    with dg.instance_for_test(temp_dir=str(tmp_path), overrides={"event_log_storage": module}) as instance:
        storage = instance.event_log_storage
        result = dg.materialize([second], instance=instance)
        entries = [record.event_log_entry for record in instance.get_records_for_run(result.run_id).records]
        with pytest.raises(Exception, match="event"):
            storage.store_event_batch([entries[0], "no event"])
        assert len(instance.get_records_for_run(result.run_id).records) == len(entries)
        storage.store_event_batch(entries[:2])
        assert len(instance.get_records_for_run(result.run_id).records) == len(entries) + 2
