"""Which profile fits one file, or a proposal for it: what `tandem profile` shows and keeps.

The file is looked at by the same limited child process that lands files; here are its copy and the accepted profile's place.
"""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestration.landing.intake import NotAcceptedError, copy_file
from orchestration.landing.parts import Match, open_reader
from orchestration.landing.profiles import known_profiles
from orchestration.landing.propose import Proposal, day_of
from orchestration.landing.refused import RefusedError
from orchestration.landing.worker import Worker, WorkerDiedError
from orchestration.settings import Settings


class NotProfiledError(Exception):
    """The file can't be profiled (exit code 4). `code` names the reason."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Profiled:
    """The feeds that a known file holds, or the proposal for an unknown one."""

    matches: list[Match]
    proposal: Proposal | None


def profile_file(path: Path, settings: Settings) -> Profiled:
    """Match a file with the known profiles, or propose one.

    Raises:
        NotProfiledError: not a file to open, a feed that breaks its contract, or no table.

    """
    if not path.is_symlink() and not path.is_file():
        raise NotProfiledError("no_such_file", f"{path}: no such file; remedy: look at its name and folder")
    # A broken profile is told here, in words, before a child starts.
    known_profiles(settings)
    with tempfile.TemporaryDirectory(prefix="profile-") as scratch:
        folder = Path(scratch)
        try:
            copied = folder / "delivered"
            size = copy_file(path, copied)
            day = day_of(path.stat().st_mtime)
            reader = partial(open_reader, settings, folder)
            with Worker(reader, settings.landing_process_bytes) as worker:
                found = worker.call("profile", copied, path.name, day, size=size)
        except (NotAcceptedError, WorkerDiedError) as error:
            raise NotProfiledError(error.code, f"{path.name}: {error}") from error
        except RefusedError as refusal:
            raise NotProfiledError(refusal.code, str(refusal)) from refusal
    return Profiled([], found) if isinstance(found, Proposal) else Profiled(found, None)


def accept_proposal(proposal: Proposal, settings: Settings) -> Path:
    """Keep a proposal among the company's own profiles.

    Raises:
        NotProfiledError: a profile of that name is there already.

    """
    folder = settings.export_profiles_dir
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{proposal.vendor}.yaml"
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(proposal.yaml)
    except FileExistsError as error:
        raise NotProfiledError("profile_exists", f"{target} is there already; remedy: edit it, or remove it first") from error
    return target
