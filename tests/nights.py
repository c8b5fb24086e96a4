"""A whole night in a home of its own, for tests of every room."""

from pathlib import Path

from orchestration.home import Home
from orchestration.ops.run import NightResult, run_night
from orchestration.settings import Settings


def night_on(exports: Path, root: Path, **settings: object) -> tuple[NightResult, Home]:
    """One whole night in a home of its own."""
    return run_night(Settings(home=root, exports=exports, **settings)), Home(root.resolve())
