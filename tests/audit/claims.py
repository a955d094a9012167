"""claims: judge a copy of the tree with one fault in it; of a group of claims exactly the one named must turn red.

The copy holds the files under git. Where the fault is in the compiler, the mutant is built by the sound one and the copy is judged with
it; a mutant of what builds is never installed.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple, Union

from audit.claim import Answer, Claim, Verdict, judge
from tests.conftest import TOP


@dataclass(frozen=True)
class Fault:
    """`before` stands once in the file; empty: the file is new, and `after` is all of it. None as `after`: the file is removed."""

    file: str
    before: str
    after: Union[str, bytes, None]


@dataclass(frozen=True)
class ClaimMutant:
    claim: str  # without its group
    faults: Tuple[Fault, ...]
    build: bool = False  # the compiler is to be built anew

    @property
    def name(self) -> str:
        return f"{self.claim}-by-{self.faults[0].file.replace('/', '-')}"


def fault(claim: str, file: str, before: str, after: Union[str, bytes, None], build: bool = False) -> ClaimMutant:
    return ClaimMutant(claim, (Fault(file, before, after),), build)


def copy_tree(top: Path) -> None:
    """The files under git as they stand, and what is new beside them and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, capture_output=True, check=True
    ).stdout
    for name in listed.decode("utf-8").split("\0"):
        source, target = TOP / name, top / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def put(top: Path, change: Fault) -> None:
    path = top / change.file
    if change.after is None:
        path.unlink()
        return
    content = change.after
    if change.before:
        text = path.read_text(encoding="utf-8")
        assert text.count(change.before) == 1, f"{change.file} has {text.count(change.before)} times: {change.before}"
        assert isinstance(content, str)
        content = text.replace(change.before, content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def build(zero: Path, top: Path, out: Path) -> None:
    """The copy's compiler, as the sound one makes it."""
    argv = [str(zero), "build", "compiler/main.0x0", "-o", str(out), "--lib", "lib"]
    done = subprocess.run(argv, cwd=top, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def judged(claims: Tuple[Claim, ...], mutant: ClaimMutant, zero: Path, top: Path) -> List[Answer]:
    """The answers of all claims of a group on a copy with the mutant's faults."""
    copy_tree(top)
    for change in mutant.faults:
        put(top, change)
    compiler = top / "build" / "bin" / "zero"
    compiler.parent.mkdir(parents=True)
    if mutant.build:
        build(zero, top, compiler)
    else:
        shutil.copy(zero, compiler)
    return [judge(claim, top, compiler) for claim in claims]


def red(answers: List[Answer]) -> List[str]:
    return [answer.claim.name.partition("/")[2] for answer in answers if answer.verdict is not Verdict.HOLDS]


def told(answers: List[Answer]) -> str:
    """What a failing test prints."""
    lines = []
    for answer in answers:
        lines += [f"{answer.claim.name}: {answer.verdict.value} {answer.reason}", *(f"    {each}" for each in answer.findings)]
    return "\n".join(lines)


def turns_red(claims: Tuple[Claim, ...], mutant: ClaimMutant, zero: Path, top: Path) -> None:
    """Exactly the mutant's claim is broken, with a finding; all others of the group hold."""
    answers = judged(claims, mutant, zero, top)
    assert red(answers) == [mutant.claim], told(answers)
    broken = next(answer for answer in answers if answer.claim.name.endswith("/" + mutant.claim))
    assert broken.verdict is Verdict.BROKEN and broken.findings, told(answers)


def tells(claims: Tuple[Claim, ...], name: str, sources: Path, change: Fault, words: str) -> None:
    """The claim holds on the sources, and is broken in these words with one place of one file changed, which is then put back."""
    claim = next(claim for claim in claims if claim.name.endswith("/" + name))
    assert judge(claim, sources, sources).verdict is Verdict.HOLDS
    sound = (sources / change.file).read_bytes()
    put(sources, change)
    try:
        answer = judge(claim, sources, sources)
    finally:
        (sources / change.file).write_bytes(sound)
    assert answer.verdict is Verdict.BROKEN and any(words in str(finding) for finding in answer.findings), told([answer])
