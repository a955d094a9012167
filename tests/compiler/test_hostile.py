"""No input makes the compiler fail in itself, hang, or leave half a file: mutated and random sources, and a hostile system.

`check` gives a source exit status 0, or 1 with a diagnostic that lies in the file; 2 only when it is no UTF-8. `build` is
tried on what it accepts. Inputs that once did otherwise, or are likely to, stand in tests/compiler/hostile/.
"""

from __future__ import annotations

import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Callable, List, Optional, Tuple

import pytest
from tabulate import tabulate

from tests.conftest import TOP
from tests.generate.hostile import LEVELS, make_input, read_corpus
from tests.needs import need_root

ALL_INPUTS = 20_000
QUICK_INPUTS = 300
WORKERS = 2
HANG_SECONDS = 120
PROBING_SECONDS = 1200
MEMORY_LIMIT_BYTES = 2 << 30
READER_SHARE, CHECKER_SHARE = 0.30, 0.10

DIAGNOSTIC = re.compile(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): error: .+ \[(?P<code>[a-z-]+)\]$", re.MULTILINE)
READER_CODES = {
    "bad-character", "unterminated-list", "unexpected-close", "nesting-too-deep", "bad-number", "bad-character-literal",
    "unterminated-text", "bad-escape", "bad-path", "misplaced-glyph", "literal-range",
}
REJECTED_BY_READER, REJECTED_BY_CHECKER, ACCEPTED, NOT_UTF8 = "reader", "checker", "accepted", "not UTF-8"
Outcome = Tuple[int, str, str, Optional[str]]  # number, level, verdict, what is wrong


class Prober:
    """Runs `zero check` on one input after the other, with as little around it as can be."""

    def __init__(self, zero: Path, directory: Path) -> None:
        self.zero = str(zero)
        self.path = directory / f"input-{os.getpid()}.0x0"
        self.product = directory / f"product-{os.getpid()}"
        self.output = os.memfd_create("output")
        self.actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, self.output, 1),
            (os.POSIX_SPAWN_DUP2, self.output, 2),
        ]

    def run(self, *arguments: str) -> Tuple[Optional[int], str]:
        """The exit status, negative for a signal, None for a hang; and what was printed."""
        os.ftruncate(self.output, 0)
        os.lseek(self.output, 0, os.SEEK_SET)
        pid = os.posix_spawn(self.zero, ["zero", *arguments], {}, file_actions=self.actions)
        handle = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        hangs = not poll.poll(HANG_SECONDS * 1000)
        if hangs:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(handle)
        text = os.pread(self.output, 1 << 20, 0).decode("utf-8", "replace")
        if hangs:
            return None, text
        return (os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)), text

    def judge(self, data: bytes) -> Tuple[str, Optional[str]]:
        """The verdict on an input and, when the compiler behaved wrongly, what is wrong."""
        self.path.write_bytes(data)
        status, text = self.run("check", str(self.path))
        if status == 0:
            return ACCEPTED, self.judge_build()
        if status is None:
            return REJECTED_BY_READER, f"no end within {HANG_SECONDS} s"
        if not is_source(data):
            return NOT_UTF8, None if status == 2 and text else f"exit status {status} for a file that is not UTF-8: {text[:300]}"
        if status != 1:
            return REJECTED_BY_READER, f"exit status {status}: {text[:300]}"
        found = [match for match in DIAGNOSTIC.finditer(text) if match["file"].endswith(self.path.name)]
        others = DIAGNOSTIC.search(text)
        if not found and others is None:
            return REJECTED_BY_READER, f"exit status 1 without a diagnostic: {text[:300]}"
        lines = data.count(b"\n") + 1
        outside = [match.group() for match in found if not 1 <= int(match["line"]) <= lines or int(match["column"]) < 1]
        if outside:
            return REJECTED_BY_READER, f"a diagnostic outside the file: {outside[0]}"
        codes = {match["code"] for match in found}
        return (REJECTED_BY_READER if codes & READER_CODES else REJECTED_BY_CHECKER), None

    def judge_build(self) -> Optional[str]:
        """What `check` accepts, `build` compiles, or refuses for what only code shows: a frame or a depth of instances."""
        status, text = self.run("build", str(self.path), "-o", str(self.product))
        if status == 0 or status == 1 and DIAGNOSTIC.search(text):
            return None
        return f"accepted by check, but build gives exit status {status}: {text[:300]}"


def is_source(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not data.startswith(b"\xef\xbb\xbf")


def probe_numbers(zero: Path, directory: Path, numbers: range) -> List[Outcome]:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    corpus = read_corpus(TOP)
    prober = Prober(zero, directory)
    outcomes: List[Outcome] = []
    for number in numbers:
        level, data = make_input(number, corpus)
        verdict, wrong = prober.judge(data)
        if wrong is not None:
            kept = TOP / "build" / "hostile" / f"{number}.0x0"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
            wrong = f"build/bin/zero check {kept.relative_to(TOP)}   # {wrong}"
        outcomes.append((number, level, verdict, wrong))
    return outcomes


def fast_directory(fallback: Path) -> Path:
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and os.access(shared, os.W_OK) else fallback


def probe_in(zero: Path, folder: str, numbers: range) -> List[Outcome]:
    """Each share of the numbers in a Python of its own: a limit of memory that stops it is a failure here, never a wait."""
    command = [sys.executable, "-m", "tests.compiler.test_hostile", str(zero), folder]
    shares = [numbers[start::WORKERS] for start in range(WORKERS)]
    running = [
        subprocess.Popen([*command, str(share.start), str(share.stop), str(share.step)], cwd=TOP, stdout=subprocess.PIPE) for share in shares
    ]
    outcomes: List[Outcome] = []
    try:
        for process in running:
            output, _ = process.communicate(timeout=PROBING_SECONDS)
            assert process.returncode == 0, "a prober failed"
            outcomes += [(number, level, verdict, wrong) for number, level, verdict, wrong in json.loads(output)]
    finally:
        for process in running:
            process.kill()
    return outcomes


def probe(zero: Path, directory: Path, numbers: range, record_property: Callable[[str, object], None]) -> None:
    with tempfile.TemporaryDirectory(dir=fast_directory(directory)) as own:
        outcomes = probe_in(zero, own, numbers)
    verdicts = Counter((level, verdict) for _, level, verdict, _ in outcomes)
    columns = (NOT_UTF8, REJECTED_BY_READER, REJECTED_BY_CHECKER, ACCEPTED)
    rows = [(level, *(verdicts[level, verdict] for verdict in columns)) for level, _ in LEVELS]
    rows.append(("all", *(sum(row[index] for row in rows) for index in range(1, 5))))  # type: ignore[misc]
    record_property("table", tabulate(rows, ("level", *columns)))
    wrong = [text for _, _, _, text in outcomes if text is not None]
    assert not wrong, f"{len(wrong)} of {len(outcomes)} inputs:\n" + "\n".join(wrong[:10])
    past_reader = sum(verdict in (REJECTED_BY_CHECKER, ACCEPTED) for _, _, verdict, _ in outcomes)
    past_checker = sum(verdict == ACCEPTED for _, _, verdict, _ in outcomes)
    assert past_reader >= READER_SHARE * len(outcomes), "too few inputs pass the reader to say much"
    assert past_checker >= CHECKER_SHARE * len(outcomes), "too few inputs pass the checker to say much"


def test_a_few_hostile_inputs(zero: Path, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    probe(zero, tmp_path, range(1_000_000, 1_000_000 + QUICK_INPUTS), record_property)


@pytest.mark.slow
def test_every_hostile_input(zero: Path, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    probe(zero, tmp_path, range(ALL_INPUTS), record_property)


@pytest.mark.parametrize("path", sorted((TOP / "tests/compiler/hostile").glob("*")), ids=lambda path: path.name)
def test_kept_input(zero: Path, tmp_path: Path, path: Path) -> None:
    _, wrong = Prober(zero, tmp_path).judge(path.read_bytes())
    assert wrong is None


# A hostile system


HELLO = "(⊙ hello)\n(ƒ main (∷ (→ I64)) () 7)\n"


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    path = tmp_path / "hello.0x0"
    path.write_text(HELLO)
    return path


def trouble(zero: Path, *arguments: "str | bytes | Path", **options: object) -> str:
    """Run the compiler where it must end with status 2 and one clear line; that line."""
    result = subprocess.run([str(zero), *arguments], stderr=subprocess.PIPE, timeout=240, **options)  # type: ignore[call-overload]
    text = result.stderr.decode("utf-8", "replace")
    assert result.returncode == 2, f"exit status {result.returncode}: {text}"
    assert len(text.splitlines()) == 1 and len(text.strip()) > 10, text
    return str(text)


def test_file_that_does_not_exist(zero: Path, tmp_path: Path) -> None:
    assert "nothing.0x0" in trouble(zero, "check", tmp_path / "nothing.0x0")


def test_device_without_end(zero: Path, tmp_path: Path) -> None:
    assert "file too large" in trouble(zero, "check", "/dev/zero")


def test_directory_as_input(zero: Path, tmp_path: Path) -> None:
    assert str(tmp_path) in trouble(zero, "check", tmp_path)


def test_file_that_is_not_utf8(zero: Path, tmp_path: Path) -> None:
    path = tmp_path / "latin.0x0"
    path.write_bytes(b"(\xe9)")
    assert "latin.0x0" in trouble(zero, "check", path)


def test_file_that_begins_with_a_byte_order_mark(zero: Path, tmp_path: Path) -> None:
    path = tmp_path / "marked.0x0"
    path.write_bytes(b"\xef\xbb\xbf" + HELLO.encode())
    assert "marked.0x0" in trouble(zero, "check", path)


def test_path_that_is_not_utf8(zero: Path, tmp_path: Path) -> None:
    directory = os.fsencode(tmp_path)
    trouble(zero, "check", directory + b"/absent-\xff.0x0")


def test_unreadable_file(zero: Path, hello: Path) -> None:
    need_root()
    hello.chmod(0)
    for parent in (hello.parent, *hello.parent.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o755)
    assert "hello.0x0" in trouble(zero, "check", hello, user=65534)


def test_output_directory_that_does_not_exist(zero: Path, hello: Path) -> None:
    trouble(zero, "build", hello, "-o", hello.parent / "none" / "out")


def test_output_that_is_a_directory(zero: Path, hello: Path) -> None:
    trouble(zero, "build", hello, "-o", hello.parent)
    assert sorted(os.listdir(hello.parent)) == ["hello.0x0"]


def test_file_size_limit_leaves_no_output(zero: Path, hello: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    trouble(zero, "build", hello, "-o", hello.parent / "out", preexec_fn=limit, restore_signals=False)
    assert sorted(os.listdir(hello.parent)) == ["hello.0x0"]


def test_file_size_limit_keeps_the_old_output(zero: Path, hello: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    out = hello.parent / "out"
    out.write_text("old")
    trouble(zero, "build", hello, "-o", out, preexec_fn=limit, restore_signals=False)
    assert out.read_text() == "old"


def test_full_disk_leaves_no_output(zero: Path, tmp_path: Path) -> None:
    need_root()
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(disk)], capture_output=True).returncode != 0:
        pytest.skip("cannot mount a small file system here")
    try:
        trouble(zero, "build", TOP / "examples/lisp.0x0", "-o", disk / "out")
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("command", ["--help", "--version", "ssa", "memory-summary"])
def test_standard_output_that_cannot_be_written(zero: Path, hello: Path, command: str) -> None:
    arguments = [command] if command.startswith("--") else [command, str(hello)]
    with open("/dev/full", "wb") as full:
        trouble(zero, *arguments, stdout=full)
    trouble(zero, *arguments, preexec_fn=lambda: os.close(1))


if __name__ == "__main__":
    first, stop, step = map(int, sys.argv[3:])
    print(json.dumps(probe_numbers(Path(sys.argv[1]), Path(sys.argv[2]), range(first, stop, step))))
