import os
import signal
import subprocess
import sys
import time

PROGRAM = """
import time
from orchestration.quality.runner import SuiteRunner
if __name__ == "__main__":
    runner = SuiteRunner()
    runner._pool.submit(int).result()
    print(*runner._pool._processes, flush=True)
    time.sleep(600)
"""


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_night_leaves_no_child_behind(tmp_path):
    (tmp_path / "night.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, tmp_path / "night.py"], stdout=subprocess.PIPE, text=True, env=environment) as night:
        child = int(night.stdout.readline())
        assert is_there(child)
        night.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while is_there(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_there(child)
