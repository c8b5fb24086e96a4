"""A model that breaks behind a failed test refuses the night, as that test does; one that breaks by itself fails it."""

from orchestration.transform.assets import _unexplained

NODES = {
    "seed.p.map": {},
    "model.p.raw": {"depends_on": {"nodes": ["source.p.file"]}},
    "model.p.staged": {"depends_on": {"nodes": ["model.p.raw", "seed.p.map"]}},
    "model.p.mart": {"depends_on": {"nodes": ["model.p.staged"]}},
    "model.p.other": {"depends_on": {"nodes": ["seed.p.map"]}},
    "test.p.raw_key": {"depends_on": {"nodes": ["model.p.raw"]}},
    "test.p.mart_key": {"depends_on": {"nodes": ["model.p.mart"]}},
}


def results(**statuses: str) -> list[dict]:
    return [
        {"data": {"node_info": {"unique_id": f"test.p.{name}", "node_status": status}}} for name, status in statuses.items()
    ]


def test_a_broken_model_is_explained_by_a_failed_test_of_what_it_is_made_of_near_or_far():
    assert _unexplained(["model.p.mart"], results(raw_key="fail"), NODES) == []
    assert _unexplained(["model.p.staged", "model.p.other"], results(raw_key="error"), NODES) == ["model.p.other"]


def test_nothing_is_explained_by_a_warning_a_passed_test_or_a_test_below():
    for status in ("warn", "pass"):
        assert _unexplained(["model.p.mart"], results(raw_key=status), NODES) == ["model.p.mart"]
    assert _unexplained(["model.p.staged"], results(mart_key="fail"), NODES) == ["model.p.staged"]
    assert _unexplained([], results(raw_key="fail"), NODES) == []


def test_a_broken_model_is_not_explained_by_itself():
    broken = [{"data": {"node_info": {"unique_id": "model.p.mart", "node_status": "error"}}}]
    assert _unexplained(["model.p.mart"], broken, NODES) == ["model.p.mart"]
