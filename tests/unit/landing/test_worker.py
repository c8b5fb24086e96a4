"""The child that parses may die, hang or swell; the parent goes on and says why."""

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.landing import worker as worker_module
from orchestration.landing.refused import RefusedError
from orchestration.landing.worker import Worker, WorkerDiedError


class Server:
    """Misbehaves on demand."""

    def pid(self) -> int:
        return os.getpid()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hang(self) -> None:
        time.sleep(60)

    def work(self) -> str:
        for _ in range(20):
            time.sleep(0.1)
        return "done"

    def swell(self, size: int) -> int:
        return len(bytes(size))

    def fail(self) -> None:
        raise ValueError("jane.doe@example.com")

    def refuse(self) -> None:
        raise RefusedError("not_a_feed", "x.csv: line 1: no", "a/b")


class BrokenServer:
    """Can't be made."""

    def __init__(self) -> None:
        raise OSError("no room")


@pytest.fixture
def worker():
    with Worker(Server, 2 << 30) as child:
        yield child


def test_a_child_that_dies_is_named_and_replaced(worker):
    first = worker.call("pid")
    with pytest.raises(WorkerDiedError) as died:
        worker.call("die")
    assert died.value.code == "reader_died"
    assert worker.call("pid") != first


def test_a_child_killed_between_two_calls_is_replaced_without_a_word(worker):
    first = worker.call("pid")
    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)
    assert worker.call("pid") != first


def test_a_child_that_hangs_is_ended_after_its_time(worker, monkeypatch):
    worker.call("pid")
    monkeypatch.setattr(worker_module, "_LEAST_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(WorkerDiedError) as died:
        worker.call("hang")
    assert died.value.code == "too_slow"
    assert time.monotonic() - began < 5


STANDS_STILL = """
import tests.unit.landing.test_worker as here
here.worker_module._LEAST_SECONDS = 4
with here.Worker(here.Server, 2 << 30) as child:
    print(child.call("pid"), flush=True)
    print(child.call("work"))
"""


def test_time_in_which_the_machine_stands_still_is_not_the_files(request):
    command = [sys.executable, "-c", STANDS_STILL]
    with subprocess.Popen(
        command, cwd=request.config.rootpath, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        parent.stdout.readline()
        os.killpg(parent.pid, signal.SIGSTOP)
        time.sleep(6)
        os.killpg(parent.pid, signal.SIGCONT)
        assert parent.stdout.read() == "done\n"


def test_what_a_file_may_use_follows_from_its_size_and_never_exceeds_the_limit(worker):
    with pytest.raises(WorkerDiedError) as died:
        worker.call("swell", 600 << 20, size=1000)
    assert died.value.code == "too_large"
    assert worker.call("swell", 600 << 20, size=20 << 20) == 600 << 20
    with pytest.raises(WorkerDiedError):
        worker.call("swell", 3 << 30, size=1 << 40)


def test_a_failure_leaves_the_child_without_the_values_of_the_file(worker):
    with pytest.raises(WorkerDiedError) as died:
        worker.call("fail")
    assert "ValueError" in str(died.value)
    assert "jane" not in str(died.value)


def test_a_refusal_keeps_its_code_and_feed(worker):
    with pytest.raises(RefusedError) as refusal:
        worker.call("refuse")
    assert (refusal.value.code, refusal.value.feed) == ("not_a_feed", "a/b")


def test_a_child_that_can_not_start_is_no_fault_of_a_file():
    with Worker(BrokenServer, 1 << 30) as child, pytest.raises(RuntimeError, match="does not start"):
        child.call("pid")
