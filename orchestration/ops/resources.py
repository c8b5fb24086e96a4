"""The resource that carries a night: it holds the home's lock for as long as the run lasts."""

from collections.abc import Iterator

import dagster as dg
from filelock import Timeout

from orchestration.home import Home
from orchestration.ops.night import Night
from orchestration.settings import Settings


def build_night_resource(settings: Settings, night: Night | None = None) -> dg.ResourceDefinition:
    """A resource for runs in this home.

    Args:
        settings: Where the home is and how to run.
        night: The caller's own context, if it wants to read what the steps report.

    """

    @dg.resource(description="Settings, home, lock and as_of of one night.")
    def night_resource(_: dg.InitResourceContext) -> Iterator[Night]:
        home = Home(settings.home.resolve()).prepare()
        try:
            with home.lock():
                yield night or Night(settings, home)
        except Timeout as error:
            raise dg.Failure(home.in_progress(), allow_retries=False) from error

    return night_resource
