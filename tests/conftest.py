"""Shared fixtures: homes in temporary folders, the public data when it is there."""

import gc
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import hypothesis
import pytest
from nights import night_on
from xdist.scheduler import LoadFileScheduling

from orchestration.home import Home
from orchestration.ops import run as night_run
from orchestration.ops.run import NightResult
from orchestration.quality.runner import SuiteRunner
from orchestration.settings import PROJECT_DIR

PUBLIC_DATA = Path(os.environ.get("TANDEM_TEST_DATA") or PROJECT_DIR / "../shared/data").resolve()
_NOT_RUN: list[str] = []

# A parsed project and a job graph are millions of objects that stay; a night bounds the search through them for itself.
gc.set_threshold(50_000, 20, 100)

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("tandem", deadline=None)
hypothesis.settings.load_profile("tandem")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the public data its tests do not run; CI has it, so there they fail."""
    if PUBLIC_DATA.is_dir() or os.environ.get("CI") == "true":
        return
    kept, without = [], []
    for item in items:
        (without if item.get_closest_marker("public_data") else kept).append(item)
    _NOT_RUN.extend(item.nodeid for item in without)
    config.hook.pytest_deselected(items=without)
    items[:] = kept


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line says what was not run."""
    if _NOT_RUN:
        print(f"not run: {len(_NOT_RUN)} tests that need the public data ({PUBLIC_DATA} is absent)")


class _SharedNightScheduling(LoadFileScheduling):
    """Files of tests that ask for the same night go to the same process, in which it runs once."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        text = (PROJECT_DIR / file).read_text(encoding="utf-8")
        return next((night for night in ("demo_night", "olist_night") if night in text), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Of `--dist loadfile` alone."""
    return _SharedNightScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def public_data() -> Path:
    assert PUBLIC_DATA.is_dir(), f"{PUBLIC_DATA} is absent; set TANDEM_TEST_DATA"
    return PUBLIC_DATA


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture(scope="session", autouse=True)
def _one_process_for_all_suites() -> Iterator[None]:
    """Great Expectations takes seconds to import: the nights of one test process share the child that has it."""
    shared: list[SuiteRunner] = []

    def runner() -> nullcontext[SuiteRunner]:
        if not shared:
            shared.append(SuiteRunner())
        return nullcontext(shared[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(night_run, "SuiteRunner", runner)
        yield
    for child in shared:
        child.__exit__(None, None, None)


@pytest.fixture(scope="session")
def demo_exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped demo company: 20 000 leads, the last three of its nights."""
    from orchestration.demo.company import generate

    out = tmp_path_factory.mktemp("demo") / "exports"
    generate(out, leads=20_000, nights=3, seed=7)
    return out


@pytest.fixture(scope="session")
def demo_night(demo_exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[NightResult, Home]:
    return night_on(demo_exports, tmp_path_factory.mktemp("demo-home") / "home")


@pytest.fixture(scope="session")
def olist_night(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[NightResult, Home]:
    return night_on(public_data / "olist_funnel", tmp_path_factory.mktemp("olist") / "home")
