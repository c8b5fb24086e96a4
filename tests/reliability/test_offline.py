"""A night asks nothing of the network: every connect() of the command and all its children is watched by strace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.demo.company import generate

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]


def test_a_whole_night_opens_no_connection(tmp_path: Path):
    strace = shutil.which("strace")
    assert strace, "strace is not installed: apt-get install strace"
    generate(tmp_path / "exports", leads=200, nights=2, seed=3)
    connects = tmp_path / "connects.txt"
    finished = subprocess.run(
        [strace, "-f", "-qq", "-e", "trace=connect", "-o", connects, *COMMAND, "nightly",
         "--exports", tmp_path / "exports", "--home", tmp_path / "home"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    outgoing = [line for line in connects.read_text().splitlines() if "AF_INET" in line]
    assert outgoing == []


def test_the_watch_sees_a_connection_that_is_made(tmp_path: Path):
    connects = tmp_path / "connects.txt"
    probe = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=connect", "-o", connects, sys.executable, "-c", probe], check=True)
    assert "AF_INET" in connects.read_text()
