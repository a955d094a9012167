"""trees: trees that the gates of perf are judged on: this one, linked, with a compiler, budgets or a summary of the test's own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Tuple

from audit.claim import Answer, Claim, Subject, Verdict, judge
from tests.conftest import TOP

LINKED = ("bootstrap", "lib", "examples")
COPIED = ("VERSION", "docs/memory.md", "perf/memory-budgets.txt", "perf/memory-baselines/v0.1.0.txt")
STAGE2 = TOP / "build/chain/stage2"
MEASURINGS = 3


@dataclass(frozen=True)
class Patch:
    file: str
    before: str
    after: str


def tree(top: Path, zero: Path, patches: Sequence[Patch] = ()) -> Path:
    """A tree at `top` with this compiler, or with one that has the patches in it."""
    top.mkdir(parents=True)
    for name in LINKED:
        (top / name).symlink_to(TOP / name)
    for name in COPIED:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TOP / name, top / name)
    made = top / "build/bin/zero"
    made.parent.mkdir(parents=True)
    if not patches:
        (top / "compiler").symlink_to(TOP / "compiler")
        shutil.copy(zero, made)
        return top
    shutil.copytree(TOP / "compiler", top / "compiler")
    for patch in patches:
        path = top / patch.file
        text = path.read_text(encoding="utf-8")
        assert text.count(patch.before) == 1, f"{patch.file} has {text.count(patch.before)} times: {patch.before}"
        path.write_text(text.replace(patch.before, patch.after), encoding="utf-8")
    built = subprocess.run([str(STAGE2), "build", "compiler/main.0x0", "-o", str(made)], cwd=top, capture_output=True, text=True, timeout=240)
    assert built.returncode == 0, built.stderr
    return top


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def answers(claims: Sequence[Claim], top: Path) -> Dict[str, Answer]:
    return {claim.name.partition("/")[2]: judge(claim, top, top / "build/bin/zero") for claim in claims}


def answer(claims: Sequence[Claim], name: str, top: Path) -> Answer:
    claim = next(claim for claim in claims if claim.name.partition("/")[2] == name)
    return judge(claim, top, top / "build/bin/zero")


def measured(ask: Callable[[], Answer]) -> Answer:
    """What is answered, asked again while nothing could be measured: a machine that is too busy for a while says nothing of the claim."""
    for _ in range(MEASURINGS):
        found = ask()
        if found.verdict is not Verdict.NOT_MEASURED:
            break
    return found


def red(found: Dict[str, Answer]) -> Tuple[str, ...]:
    return tuple(name for name, each in found.items() if each.verdict in (Verdict.BROKEN, Verdict.NOT_MEASURED))


def unheld(claims: Sequence[Claim], top: Path) -> List[str]:
    """What is told of the claims that are red."""
    found = answers(claims, top)
    return [told(found[name]) for name in red(found)]


def told(each: Answer) -> str:
    return "\n".join([*map(str, each.findings), each.reason])


def subject(top: Path) -> Subject:
    return Subject(top, top / "build/bin/zero")
