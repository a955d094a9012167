"""Bisection over commits: it finds the first bad one, builds each by its own chain, skips what does not build, and touches no source tree."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List, Tuple

import pytest

from perf.__main__ import main
from tests.needs import need

pytestmark = pytest.mark.machine

CHAIN = """\
import pathlib, sys
text = pathlib.Path("value").read_text()
if "broken" in text:
    sys.exit("the source is wrong")
zero = pathlib.Path("build/bin/zero")
zero.parent.mkdir(parents=True, exist_ok=True)
zero.write_text("#!" + sys.executable + " -S\\nx = b'x' * (" + text.strip() + " << 20)\\n")
zero.chmod(0o755)
"""
LIMIT = "40000"  # KiB; the compiler of these commits takes a Python and as many MiB as `value` says


def git(top: Path, *words: str) -> str:
    names = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    return subprocess.run([need("git"), *names, *words], cwd=top, check=True, capture_output=True, text=True, timeout=240).stdout


def repository(top: Path, values: List[str]) -> List[str]:
    """A commit for each value; their names."""
    (top / "bootstrap").mkdir(parents=True)
    (top / "bootstrap/__main__.py").write_text(CHAIN, encoding="utf-8")
    (top / ".gitignore").write_text("build/\n", encoding="utf-8")
    git(top, "init")
    commits = []
    for number, value in enumerate(values):
        (top / "value").write_text(value + "\n", encoding="utf-8")
        (top / "number").write_text(f"{number}\n", encoding="utf-8")
        git(top, "add", ".")
        git(top, "commit", "-m", f"value: {value}")
        commits.append(git(top, "rev-parse", "HEAD").strip())
    return commits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["1", "1", "1", "1", "90", "90"], 4),
        (["1", "90"], 1),
        (["1", "broken", "1", "1", "90"], 4),
        (["1", "2", "90", "3", "90"], 2),  # of several steps up, one
    ],
)
def test_the_first_bad_commit_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str], values: List[str], first: int) -> None:
    top = tmp_path / "repository"
    commits = repository(top, values)
    assert main(["bisect", commits[0], "main", "--figure", "check.compiler.peak_kib", "--over", LIMIT, "--top", str(top)]) == 0
    output = capsys.readouterr().out
    assert f"the first bad commit is {commits[first]} value: 90" in output
    assert git(top, "status", "--porcelain") == "" and list((top / "build").iterdir()) == []


@pytest.mark.slow
def test_commits_that_cannot_be_judged_are_told_as_what_it_may_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = tmp_path / "repository"
    commits = repository(top, ["1", "broken", "broken", "90"])
    assert main(["bisect", commits[0], commits[-1], "--figure", "check.compiler.peak_kib", "--over", LIMIT, "--top", str(top)]) == 1
    output = capsys.readouterr().out
    assert "is one of 3" in output and all(commit in output for commit in commits[1:])


@pytest.mark.slow
def test_a_command_judges_each_commit_in_the_clone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = tmp_path / "repository"
    commits = repository(top, [str(value) for value in range(1, 10)])
    script = "test -x build/bin/zero || exit 9; n=$(cat value); test $n -ne 5 || exit 125; test $n -lt 7"
    assert main(["bisect", commits[0], "HEAD", "--top", str(top), "--", "sh", "-c", script]) == 0
    output = capsys.readouterr().out
    assert f"the first bad commit is {commits[6]} value: 7" in output and "status 125" in output


WRONG: Tuple[Tuple[List[str], int, str], ...] = (
    (["nowhere", "main", "--", "true"], 2, "git rev-parse failed"),
    (["main", "main", "--", "true"], 2, "main does not come after main"),
    (["FIRST", "main", "--", "true"], 1, "should be bad and is good"),
    (["FIRST", "main", "--", "false"], 1, "should be good and is bad"),
    (["FIRST", "main"], 2, "give either --figure NAME with --over N, or -- and a command"),
    (["FIRST", "main", "--figure", "check.compiler.peak_kib"], 2, "give either"),
    (["FIRST", "main", "--figure", "speed", "--over", "1"], 2, "speed is no figure"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "status", "words"), WRONG, ids=[row[2] for row in WRONG])
def test_what_cannot_be_bisected_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: List[str], status: int, words: str
) -> None:
    top = tmp_path / "repository"
    first = repository(top, ["1", "2"])[0]
    words_given = [first if word == "FIRST" else word for word in arguments]
    at = words_given.index("--") if "--" in words_given else len(words_given)
    assert main(["bisect", *words_given[:at], "--top", str(top), *words_given[at:]]) == status
    error = capsys.readouterr().err
    assert error.startswith("perf bisect: ") and words in error


def test_a_folder_without_a_repository_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bisect", "a", "b", "--top", str(tmp_path), "--", "true"]) == 2
    assert "there is no repository" in capsys.readouterr().err
