"""What a careless or hostile caller does to the commands: streams closed, devices and pipes named, folders of others, broken state."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from audit import __main__ as audit
from audit.claim import Claim, Finding, Group, Subject
from audit.environment import EnvironmentTrouble, make, remove
from perf.guard.record import write_whole
from perf.history import HISTORY, read_history
from perf.machine import this_machine
from perf.noise import NOISE, read_noise
from perf.reference import FOLDER, reference_of
from release import ReleaseError
from release.key import make_key
from tests.conftest import TOP
from tests.bootstrap.test_chain import make_tree, walk

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

CLOSED = ("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-")
DEEP = "[" * 200_000


def shell(redirections: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    line = f"{shlex.join([sys.executable, *arguments])} {redirections}"
    return subprocess.run(["sh", "-c", line], cwd=TOP, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("closed", CLOSED)
def test_the_guard_is_itself_with_its_streams_closed(closed: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = shell(closed, "-m", "perf", "guard", "--report", str(report), "--", "sh", "-c", "echo told; exit 3")
    assert done.returncode == 3 and "Traceback" not in done.stderr, done
    assert json.loads(report.read_bytes())["kill"] == "none"


@pytest.mark.parametrize("closed", CLOSED)
def test_the_chain_holds_with_its_streams_closed(closed: str, tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    done = shell(closed, "-m", "bootstrap", "--top", str(top), "--chain", str(top / "bootstrap/chain.toml"))
    assert done.returncode == 0 and (top / "build/chain/ledger.json").is_file(), done
    assert (top / "build/chain/.lock").read_bytes() == b""


def test_an_audit_is_judged_with_its_output_closed(tmp_path: Path) -> None:
    done = shell(">&-", "-m", "audit", "imports", "--top", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    assert (tmp_path / "build/audit/imports/report.json").is_file()


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
@pytest.mark.parametrize("form", ["", "--json"])
def test_a_verdict_that_nobody_got_is_trouble(redirection: str, form: str, tmp_path: Path) -> None:
    done = shell(f"{form} {redirection}", "release/verify.py", str(tmp_path))
    assert done.returncode == 2 and done.stderr.startswith("verify.py: output: ") and done.stderr.count("\n") == 1, done.stderr


def test_a_full_output_is_named_so(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    done = shell(">/dev/full", "-m", "bootstrap", "--top", str(top), "--chain", str(top / "bootstrap/chain.toml"))
    assert (done.returncode, done.stderr) == (2, "bootstrap: output: No space left on device\n")


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe, top = tmp_path / "pipe", make_tree(tmp_path / "tree")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        write_whole(pipe, b"told")
        assert os.read(reader, 100) == b"told"
        assert walk(top, "--report", str(pipe)).returncode == 0
        assert json.loads(os.read(reader, 1 << 16))["verdict"] == "holds"
        assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    finally:
        os.close(reader)


def test_what_a_killed_writer_left_goes_and_what_one_at_work_has_stays(tmp_path: Path) -> None:
    left, at_work, other = (tmp_path / name for name in ("told.11.part", "told.12.part", "tolds.13.part"))
    for part in (left, at_work, other):
        part.write_bytes(b"half")
    with at_work.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_whole(tmp_path / "told", b"whole", 0o640)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["told", "told.12.part", "tolds.13.part"]
    write_whole(tmp_path / "told", b"again", 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["told", "tolds.13.part"]
    assert (tmp_path / "told").read_bytes() == b"again" and stat.S_IMODE((tmp_path / "told").stat().st_mode) == 0o640


def test_a_file_that_many_write_is_whole_and_leaves_nothing(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from perf.guard.record import write_whole\n"
    script += "for _ in range(300): write_whole(Path(sys.argv[1]), sys.argv[2].encode() * 5000)"
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "told"), letter], cwd=TOP) for letter in "abcd"]
    assert [writer.wait(timeout=240) for writer in writers] == [0] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["told"]
    content = (tmp_path / "told").read_bytes()
    assert content == content[:1] * 5000


@pytest.mark.parametrize("kind", ["file", "files", "link"])
def test_an_environment_is_not_made_over_what_is_none(kind: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "mine").mkdir()
    kept = tmp_path / "mine" / "letter.txt"
    kept.write_text("kept")
    target = {"file": kept, "files": tmp_path / "mine", "link": tmp_path / "link"}[kind]
    if kind == "link":
        target.symlink_to("mine")
    with pytest.raises(EnvironmentTrouble, match="name another"):
        make(target, tmp_path / "requirements.txt")
    assert kept.read_text() == "kept"


def test_an_environment_that_is_removed_halfway_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = tmp_path / "venv"
    (venv / "lib").mkdir(parents=True)
    for name in ("a", "pyvenv.cfg", "ready"):
        (venv / name).write_text("")

    def ended(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", ended)
    (tmp_path / "requirements.txt").write_text("")
    with pytest.raises(KeyboardInterrupt):
        make(venv, tmp_path / "requirements.txt")
    assert not (venv / "ready").exists() and (venv / "pyvenv.cfg").exists()
    monkeypatch.undo()
    remove(venv)
    assert not venv.exists()


def test_state_that_is_too_deep_is_as_none(tmp_path: Path) -> None:
    machine = this_machine()
    for name in (HISTORY, f"{NOISE}/{machine.fingerprint}.json", f"{FOLDER}/record.json"):
        write_whole(tmp_path / name, DEEP.encode())
    assert read_history(tmp_path).broken == (1,)
    assert read_noise(tmp_path, machine) == () and reference_of(tmp_path) is None


def test_a_description_that_is_a_circle_of_links_is_told(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    path = top / "bootstrap/chain.toml"
    path.unlink()
    path.symlink_to("chain.toml")
    done = walk(top)
    assert (done.returncode, done.stderr) == (2, f"bootstrap: {path}: Too many levels of symbolic links\n")


def test_a_form_has_to_go_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("", str(tmp_path)):
        with pytest.raises(SystemExit) as end:
            audit.main(["imports", "--top", str(tmp_path), "--format", "junit", "--output", output])
        assert end.value.code == 2 and "--output has to be a file" in capsys.readouterr().err


def test_a_source_that_changes_while_it_is_judged_leaves_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    source.write_text("judged")

    def busy(subject: Subject) -> Iterator[Finding]:
        """The source is as it should be."""
        subject.audited.append(source)
        time.sleep(0.05)  # by the clock of files, which older kernels move on at each tick alone, it began before
        source.write_text("changed")
        yield from ()

    monkeypatch.setattr(audit, "GROUPS", (Group("busy", "Busy", (Claim("busy", busy, needs_run=False),)),))
    assert audit.main(["busy", "--top", str(tmp_path)]) == 2
    assert "source changed while busy was judged" in capsys.readouterr().err
    assert not (tmp_path / "build/audit/busy").exists()


def test_claims_without_their_sentences_are_not_judged(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "audit", "imports", "--top", str(tmp_path)], cwd=TOP, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 2 and "claims are docstrings" in done.stderr and "Traceback" not in done.stderr


def test_a_key_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("", ".", ".."):
        with pytest.raises(ReleaseError, match="needs the name of a file"):
            make_key(Path(name))
    assert os.listdir(tmp_path) == []


IN_A_FINALISER = """
import os, signal, sys, time
from perf.guard import interrupt

class Ended:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)

interrupt.arm("test")
try:
    Ended()
    time.sleep(20)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def test_a_signal_that_comes_in_a_finaliser_is_not_lost() -> None:
    done = subprocess.run([sys.executable, "-c", IN_A_FINALISER], cwd=TOP, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (1, "interrupted\n")


AT_A_CALL = """
import os, runpy, signal, sys
number, at, calls = int(sys.argv[1]), int(sys.argv[2]), 0

def count(frame, event, argument):
    global calls
    calls += 1
    if calls == at:
        os.kill(os.getpid(), number)

if at == 0:
    import atexit
    atexit.register(lambda: print("calls", calls, file=sys.stderr))
sys.argv = sys.argv[3:]
sys.settrace(count)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
COMMANDS: Tuple[Tuple[str, ...], ...] = (
    ("perf", "history", "--top", "tests"),
    ("perf", "measure", "--rounds", "0"),
    ("audit", "list"),
    ("release", "key", ""),
    ("bootstrap", "--chain", "none"),
    ("bootstrap.witness", "--list"),
    ("audit.environment",),
)


def signalled(words: Tuple[str, ...], number: int, at: int) -> "subprocess.CompletedProcess[str]":
    """The command, with a signal at its n-th call of a Python function; 0: none, and the calls are told."""
    return subprocess.run(
        [sys.executable, "-c", AT_A_CALL, str(number), str(at), *words], cwd=TOP, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_signal_at_any_moment_is_told_in_a_line(words: Tuple[str, ...]) -> None:
    """As it imports its modules, as it works, as it tells of another trouble, as it ends."""
    quiet = signalled(words, 0, 0)
    calls = int(quiet.stderr.rpartition("calls ")[2])
    rng = random.Random(f"signals {words}")
    imports, work, end = rng.sample(range(1, calls - 1000), 4), rng.sample(range(calls - 1000, calls - 60), 5), range(calls - 60, calls, 5)
    seen: List[int] = []
    for at in (*imports, *work, *end):
        done = signalled(words, signal.SIGTERM, at)
        assert "Traceback" not in done.stderr and "ignored" not in done.stderr, f"at call {at} of {calls}: {done.stderr}"
        if done.returncode == 130:
            assert done.stderr.splitlines()[-1].endswith("interrupted") or "interrupted;" in done.stderr, done.stderr
        else:  # before the command can take it, or when its answer is given
            assert done.returncode in (-signal.SIGTERM, quiet.returncode), f"at call {at} of {calls}: {done.returncode} {done.stderr}"
        seen.append(done.returncode)
    assert 130 in seen, seen
