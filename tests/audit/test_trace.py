"""The tracer sees what a run does, through forks and programs, and agrees with strace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from audit import trace as module
from audit.claim import NotMeasured
from audit.trace import trace
from tests.conftest import TOP
from tests.needs import need

pytestmark = pytest.mark.machine

WRITER = """
import os, sys
folder = sys.argv[1]
for number in range(2):
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(f"{folder}/part-{number}", "wb", 0) as file:
            file.write(b"x" * (1000 + number))
        os.rename(f"{folder}/part-{number}", f"{folder}/whole-{number}")
        os.execv("/bin/sh", ["sh", "-c", f"exit 0"])
    os.waitpid(child, 0)
os.unlink(f"{folder}/whole-0")
sys.exit(7)
"""


def python(text: str, *arguments: str) -> List[str]:
    return [sys.executable, "-I", "-S", "-c", text, *arguments]


def test_what_children_do_is_seen(tmp_path: Path) -> None:
    seen = trace(python(WRITER, str(tmp_path)), tmp_path)
    assert seen.status == 7, seen.stderr
    folder = str(tmp_path)
    assert [(event.path, event.size) for event in seen.done("write")] == [(f"{folder}/part-0", 1000), (f"{folder}/part-1", 1001)]
    assert [event.path for event in seen.done("open") if event.to_write] == [f"{folder}/part-0", f"{folder}/part-1"]
    assert [event.paths for event in seen.done("rename")] == [(f"{folder}/part-{n}", f"{folder}/whole-{n}") for n in range(2)]
    assert [event.path for event in seen.done("remove")] == [f"{folder}/whole-0"]
    shells = [event for event in seen.done("execute") if event.argv[:2] == ("sh", "-c")]
    assert len(shells) == 2 and len({event.pid for event in seen.events}) == 3


def test_threads_and_refusals_are_seen(tmp_path: Path) -> None:
    text = """
import threading, os
def write():
    with open("seen", "wb", 0) as file: file.write(b"ab")
thread = threading.Thread(target=write); thread.start(); thread.join()
try: open("no/such")
except OSError: pass
"""
    seen = trace(python(text), tmp_path)
    assert seen.status == 0, seen.stderr
    assert [(event.path, event.size) for event in seen.done("write")] == [(str(tmp_path / "seen"), 2)]
    refused = [event for event in seen.events if event.path == str(tmp_path / "no/such")]
    assert [(event.call, event.result, event.done) for event in refused] == [("open", -2, False)]


def test_signals_reach_the_command(tmp_path: Path) -> None:
    assert trace(["/bin/sh", "-c", "trap 'exit 9' TERM; kill -TERM $$; exit 1"], tmp_path).status == 9
    assert trace(["/bin/sh", "-c", "kill -KILL $$"], tmp_path).status == -9
    seen = trace(["/bin/sh", "-c", "echo told; echo wrong >&2"], tmp_path)
    assert (seen.stdout, seen.stderr) == (b"told\n", b"wrong\n")


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="was ended: timeout"):
        trace(["/bin/sh", "-c", "while :; do :; done"], tmp_path, timeout_seconds=0.5)


def test_a_tracer_that_fails_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "tracer.py"
    broken.write_text("import sys\nsys.exit('tracer: the kernel forbids ptrace')\n", encoding="utf-8")
    monkeypatch.setattr(module, "TRACER", broken)
    with pytest.raises(NotMeasured, match="the kernel forbids ptrace"):
        trace(["/bin/true"], tmp_path)


def test_usage() -> None:
    done = subprocess.run([sys.executable, str(TOP / "audit/tracer.py")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "tracer: usage: tracer.py ANSWER -- COMMAND...\n")


@pytest.mark.slow
def test_the_compiler_as_strace_sees_it(zero: Path, tmp_path: Path) -> None:
    strace = need("strace")
    argv = [str(zero), "build", "compiler/main.0x0", "-o", str(tmp_path / "out")]
    log = tmp_path / "log"
    subprocess.run([strace, "-f", "-qq", "-y", "-e", "trace=openat,write,rename", "-o", str(log), *argv], cwd=TOP, check=True, timeout=240)
    text = log.read_text(encoding="utf-8", errors="replace")
    opened = re.findall(r"openat\([^)]*\) = \d+<([^>]*)>", text)
    written = [int(size) for size in re.findall(r"write\(\d+<[^>]*/out\.[^>]*>.* = (\d+)$", text, re.MULTILINE)]
    seen = trace(argv, TOP)
    own = [event.path for event in seen.done("open")]
    number = re.compile(r"\.[0-9]+\.0$")
    assert [number.sub("", path) for path in own] == [number.sub("", path) for path in opened] != []
    assert [event.size for event in seen.done("write")] == written != []
    assert len(seen.done("rename")) == text.count("rename(") == 1
    assert all(os.path.isabs(path) for path in own)
