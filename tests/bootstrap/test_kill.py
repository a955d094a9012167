"""Killing any step midway leaves no wrong evidence and no stray process, and the next run succeeds.

Each row of the table is a command, what it leaves as evidence, and how that is judged. A command is killed at random points of its
length, again and again over what the last kill left; every few kills it is let run to its end, and must succeed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

import pytest

from tests.conftest import TOP
from tests.needs import need
from tests.bootstrap.test_chains import make_two

pytestmark = [pytest.mark.slow, pytest.mark.machine]

SEED = 20260
KILLS_BETWEEN_WHOLE_RUNS = 12
SHORTER = 0.9  # a run that ended before its kill was faster than the last whole one
GONE_SECONDS = 60.0  # for what a killed command started to be gone
FOLDERS = ("audit", "bootstrap", "compiler", "docs", "examples", "lib", "perf", "release", "tests")
FILES = ("CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "VERSION", "pyproject.toml", ".gitignore")


@dataclass(frozen=True)
class Row:
    name: str
    command: Tuple[str, ...]
    judge: Callable[[Path], bool]  # True: there is evidence, and it is whole and true; False: there is none
    kills: int


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def canonical(path: Path) -> object:
    """What the file says; that it is whole and in canonical form is asserted."""
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert text == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n", f"{path} is not canonical"
    return content


def ledger_is_true(directory: Path, top: Path, installed: str, source: str) -> bool:
    ledger_path = directory / "ledger.json"
    if not ledger_path.exists():
        return False
    ledger = canonical(ledger_path)
    assert isinstance(ledger, dict)
    hashes = {}
    for stage in ledger["stages"]:
        product = directory / stage["name"]
        if "entries" in stage:
            for name, entry in stage["entries"].items():
                assert sha256_of(product / name) == entry["sha256"], f"{product / name} is not as the ledger says"
        else:
            assert sha256_of(product) == stage["sha256"], f"{product} is not as the ledger says"
        hashes[stage["name"]] = stage["sha256"]
    assert ledger["equal"] and all(hashes[left] == hashes[right] for left, right in ledger["equal"] if "/" not in left)
    assert sha256_of(top / installed) == sha256_of(directory / source)
    return True


def chain_is_true(top: Path) -> bool:
    return ledger_is_true(top / "build/chain", top, "build/bin/zero", "stage2")


def other_chain_is_true(top: Path) -> bool:
    return ledger_is_true(top / "two/out", top, "two/bin/cc", "two/bin/cc")


def sums_are_true(sums: Path, top: Path) -> None:
    lines = sums.read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        digest, _, name = line.partition("  ")
        path = top / name if (top / name).is_file() else sums.parent / name
        assert sha256_of(path) == digest, f"{name} is not as {sums} says"


def report_is_true(top: Path, directory: str) -> bool:
    home = top / directory
    if not (home / "report.json").exists():
        assert not (home / "SHA256SUMS").exists(), f"{home} has sums without a report"
        return False
    for name in ("report.json", "measured.json"):
        canonical(home / name)
    assert (home / "report.txt").read_text(encoding="utf-8")
    sums_are_true(home / "SHA256SUMS", top)
    return True


def audit_is_true(top: Path) -> bool:
    return report_is_true(top, "build/audit/imports")


def witness_is_true(top: Path) -> bool:
    return report_is_true(top, "build/witness")


def release_is_true(top: Path) -> bool:
    found = sorted((top / "build/release").glob("v*"))
    for release in found:
        verify = subprocess.run([sys.executable, str(top / "release/verify.py"), str(release)], capture_output=True, text=True, timeout=240)
        assert verify.returncode == 0, verify.stdout + verify.stderr
    return bool(found)


def baseline_is_true(top: Path) -> bool:
    (path,) = (top / "perf/memory-baselines").glob("v*.txt")  # one is in the tree; it is replaced whole
    *lines, last = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert hashlib.sha256("".join(lines).encode()).hexdigest() in last, f"{path} is not whole"
    return True


def history_is_true(top: Path) -> bool:
    lines = [line for path in (top / "build").rglob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        json.loads(line)
    return bool(lines)


PYTHON = sys.executable
TABLE = (
    Row("the chain", (PYTHON, "-m", "bootstrap", "--again"), chain_is_true, 50),
    Row("another chain", (PYTHON, "-m", "bootstrap", "--again", "--chain", "two/two.toml", "--top", "two"), other_chain_is_true, 96),
    Row("the audit", (PYTHON, "-m", "audit", "imports"), audit_is_true, 20),
    Row("measuring", (PYTHON, "-m", "perf", "measure", "--rounds", "1", "life"), history_is_true, 14),
    Row("the baseline", (PYTHON, "-m", "perf", "baseline", "--reason", "a test measures the figures anew and kills"), baseline_is_true, 4),
    Row("the release", (PYTHON, "-m", "release", "make", "--allow-dirty"), release_is_true, 10),
    Row("the witnesses", (PYTHON, "-m", "bootstrap.witness", "emulator"), witness_is_true, 6),
)


def test_the_table_kills_two_hundred_times() -> None:
    assert sum(row.kills for row in TABLE) == 200


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree, as a repository of its own, with another chain in it, and its chain walked."""
    top = tmp_path_factory.mktemp("kill") / "tree"
    top.mkdir()
    for folder in FOLDERS:
        shutil.copytree(TOP / folder, top / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(TOP / name, top / name)
    alone = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0", "-c", "commit.gpgSign=false")  # starts nothing that stays
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "the tree")):
        subprocess.run([need("git"), *alone, *words], cwd=top, check=True, capture_output=True)
    make_two(top / "two")
    subprocess.run([PYTHON, "-m", "bootstrap"], cwd=top, check=True, capture_output=True)
    yield top
    assert living(top) == []


def living(top: Path) -> List[str]:
    """Processes that work in the tree or are programs of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for link in ("cwd", "exe"):
            try:
                place = os.readlink(process / link)
            except OSError:
                continue
            if (place == str(top) or place.startswith(f"{top}/")) and not is_ended(process):
                found.append(f"{process.name} {link} {place}")
    return found


def is_ended(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def start(row: Row, top: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with (top / "kill.log").open("wb") as log:
        return subprocess.Popen(row.command, cwd=top, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)


def whole_run(row: Row, top: Path) -> float:
    began = time.monotonic()
    status = start(row, top).wait(timeout=600)
    assert status == 0, f"{row.name}: status {status}\n{(top / 'kill.log').read_text(errors='replace')[-2000:]}"
    assert row.judge(top), f"{row.name} succeeded and left no evidence"
    assert living(top) == []
    return time.monotonic() - began


def kill_once(row: Row, top: Path, after: float, number: signal.Signals) -> bool:
    """Whether it was killed, and had not ended before."""
    process = start(row, top)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    status = process.wait(timeout=600)
    until = time.monotonic() + GONE_SECONDS
    while living(top) and time.monotonic() < until:
        time.sleep(0.01)
    assert living(top) == [], f"{row.name} left processes behind, killed by {number.name} after {after:.3f} s"
    assert b"Traceback" not in (top / "kill.log").read_bytes(), (top / "kill.log").read_text(errors="replace")[-2000:]
    row.judge(top)
    return status != 0


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_killed_midway_it_leaves_no_wrong_evidence(row: Row, tree: Path, record_property: Callable[[str, object], None]) -> None:
    if row.name == "the witnesses":
        need("qemu-x86_64")
    rng = random.Random(f"{SEED} {row.name}")
    print(f"seed {SEED}")
    seconds = whole_run(row, tree)
    killed = tried = 0
    while killed < row.kills:
        tried += 1
        if kill_once(row, tree, rng.uniform(0.0, seconds), rng.choice((signal.SIGKILL, signal.SIGTERM))):
            killed += 1
        else:
            seconds *= SHORTER
        if tried % KILLS_BETWEEN_WHOLE_RUNS == 0:
            seconds = whole_run(row, tree)
    whole_run(row, tree)
    litter = [path for path in tree.rglob("*.part") if path.is_file()]
    assert litter == [], f"a whole run of {row.name} leaves {litter}"
    record_property("table", f"{row.name}: killed {killed} times, {tried - killed} ended before; seed {SEED}")


@pytest.mark.parametrize("damage", ["cut short", "another product", "sums without a report", "not canonical"])
def test_wrong_evidence_is_seen(tree: Path, tmp_path: Path, damage: str) -> None:
    """The judges of this file are not blind."""
    top = tmp_path / "tree"
    for name in ("build/chain", "build/bin"):
        shutil.copytree(tree / name, top / name)
    ledger = top / "build/chain/ledger.json"
    assert chain_is_true(top)
    if damage == "cut short":
        ledger.write_bytes(ledger.read_bytes()[:-40])
    elif damage == "not canonical":
        ledger.write_bytes(ledger.read_bytes() + b"\n")
    elif damage == "another product":
        (top / "build/chain/stage3").write_bytes(b"other")
    else:
        (top / "build/audit/imports").mkdir(parents=True)
        (top / "build/audit/imports/SHA256SUMS").write_text("")
    with pytest.raises((AssertionError, ValueError)):
        audit_is_true(top) if damage == "sums without a report" else chain_is_true(top)
