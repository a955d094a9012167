"""The Makefile: what each target is made of, its line of help, and what happens with no network."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, List

import pytest

from audit import environment as module
from audit.claims import GROUPS
from audit.environment import TROUBLE, why
from perf.guard import run
from tests.conftest import TOP

pytestmark = pytest.mark.machine

TEXT = (TOP / "Makefile").read_text(encoding="utf-8")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
REQUIREMENT = "no-such-package-of-anyone==1.0 --hash=sha256:" + "0" * 64 + "\n"


def phony() -> List[str]:
    words = re.search(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE)
    checks = re.search(r"^CHECKS = ((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
    assert words is not None and checks is not None
    return [*words[1].replace("$(CHECKS)", "").split(), *checks[1].replace("\\\n", " ").split()]


def made(*arguments: str) -> str:
    """What make prints, also when a make runs this test: without what that one tells those that it starts."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", *arguments], cwd=TOP, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def planned(*arguments: str) -> str:
    """What make would do, not done."""
    return made("--dry-run", *arguments)


def test_all_is_the_trusted_chain() -> None:
    assert re.search(r"^all: trusted-chain build/venv/ready ##", TEXT, re.MULTILINE)
    steps = [planned("all").index(step) for step in ("-m bootstrap", "-m audit.environment build/venv", "-m audit all")]
    assert steps == sorted(steps)


@pytest.mark.parametrize(("goals", "jobs"), [([], True), (["all"], True), (["clean", "all"], False), (["release", "release-check"], False)])
def test_several_targets_are_made_one_after_another(goals: List[str], jobs: bool) -> None:
    flags = " ".join(re.findall(r"^MAKEFLAGS :?= ?(.*)$", made("--dry-run", "--print-data-base", *goals), re.MULTILINE))
    assert ("jobs" in flags or "-j" in flags) == jobs, flags


def test_every_target_has_its_line_of_help() -> None:
    lines = made("help").splitlines()
    assert sorted(line.split(" ", 1)[0] for line in lines) == sorted(phony())
    assert all(len(line.split(" ", 1)[1].strip()) > 10 for line in lines)


def test_every_check_judges_a_group_and_every_group_has_one() -> None:
    judged = []
    for check in phony():
        if check == "optimizer-smoke" or check.endswith("-check") and check != "release-check":
            found = re.search(r"-m audit (\S+)$", planned(check), re.MULTILINE)
            assert found is not None, check
            assert "-m bootstrap\n" in planned(check)
            judged.append(found[1])
    assert sorted(judged) == sorted(group.name for group in GROUPS)


@pytest.mark.parametrize(
    ("target", "command"),
    [
        (["bootstrap-from-seed"], "-m bootstrap --from-seed --again"),
        (["test"], "build/venv/bin/python -m pytest -n 2"),
        (["test", "WORKERS=7"], "build/venv/bin/python -m pytest -n 7"),
        (["quick"], '-m pytest -n 2 --dist worksteal -m "not slow"'),
        (["ddc"], "-m bootstrap.witness"),
        (["ddc", "FETCH=1"], "-m bootstrap.witness --fetch"),
        (["release"], "-m release make "),
        (["release", "KEY=k.pem"], "-m release make --key k.pem"),
        (["release-check"], f"release/verify.py build/release/v{(TOP / 'VERSION').read_text().strip()}"),
        (["trust-root"], "-m release trust-root"),
        (["trusted-chain", "PYTHON=python3.99"], "python3.99 -m bootstrap"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_target_does_its_one_thing(target: List[str], command: str) -> None:
    assert command in planned(*target)


def test_clean_keeps_releases_and_what_was_measured(tmp_path: Path) -> None:
    shutil.copy(TOP / "Makefile", tmp_path)
    for name in ("release/v1/bin/zero", "perf/history.jsonl", "bin/zero", "audit/elf/report.json", "venv/ready"):
        (tmp_path / "build" / name).parent.mkdir(parents=True)
        (tmp_path / "build" / name).touch()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, timeout=240)
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == ["perf", "release"]
    assert (tmp_path / "build/release/v1/bin/zero").is_file() and (tmp_path / "build/perf/history.jsonl").is_file()


def environment(directory: Path, requirements: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "audit.environment", str(directory), str(requirements)],
        cwd=TOP, env={**os.environ, **settings}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_without_a_network_the_environment_ends_with_four_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(REQUIREMENT)
    done = environment(tmp_path / "venv", tmp_path / "requirements.txt", **OFFLINE)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1 and "PIP_FIND_LINKS" in done.stderr and "build/bin/zero stands" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.slow
def test_make_all_without_a_network_builds_the_compiler_and_says_what_is_missing(tmp_path: Path) -> None:
    """make turns our 4 into its own 2 and prints ours."""
    for name in ("Makefile", "VERSION", "audit", "bootstrap", "compiler", "lib", "perf", "release", "tests"):
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))  # others write there at this time
        else:
            shutil.copy(source, tmp_path / name)
    done = subprocess.run(["make", "all"], cwd=tmp_path, env={**os.environ, **OFFLINE}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "Error 4" in done.stderr, done.stderr
    assert (tmp_path / "build" / "bin" / "zero").read_bytes()[:4] == b"\x7fELF"
    assert not (tmp_path / "build" / "audit").exists() and not (tmp_path / "build" / "venv").exists()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package of one empty module, made by hand."""
    path = tmp_path / "wheels" / "empty_one-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("empty_one.py", "")
        file.writestr("empty_one-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: empty-one\nVersion: 1.0\n")
        file.writestr("empty_one-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("empty_one-1.0.dist-info/RECORD", "empty_one.py,,\n")
    return path


def requirement_of(wheel: Path) -> str:
    return f"empty-one==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.mark.slow
def test_a_folder_of_wheels_does_for_a_network_and_ready_is_believed_until_the_requirements_change(tmp_path: Path, wheel: Path) -> None:
    requirements, venv = tmp_path / "requirements.txt", tmp_path / "venv"
    requirements.write_text(requirement_of(wheel))
    settings = {**OFFLINE, "PIP_FIND_LINKS": str(wheel.parent)}
    assert environment(venv, requirements, **settings).returncode == 0
    subprocess.run([str(venv / "bin" / "python"), "-c", "import empty_one"], check=True, timeout=240)
    made = (venv / "pyvenv.cfg").stat().st_ino
    assert environment(venv, requirements, **OFFLINE).returncode == 0
    assert (venv / "pyvenv.cfg").stat().st_ino == made, "it was made again without a reason"
    requirements.write_text(requirement_of(wheel) + "# another hash\n")
    assert environment(venv, requirements, **settings).returncode == 0
    (venv / "ready").unlink()  # as an interrupted run leaves it
    assert environment(venv, requirements, **settings).returncode == 0
    assert (venv / "ready").is_file()


@pytest.mark.slow
def test_a_package_of_another_hash_is_told_apart(tmp_path: Path, wheel: Path) -> None:
    (tmp_path / "requirements.txt").write_text("empty-one==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = environment(tmp_path / "venv", tmp_path / "requirements.txt", **{**OFFLINE, "PIP_FIND_LINKS": str(wheel.parent)})
    assert done.returncode == 1 and "not what its hash says" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_other_trouble_of_the_environment_is_told_apart(tmp_path: Path) -> None:
    for arguments, status, words in (
        ((), 2, "usage: "),
        (("venv", "absent.txt"), 2, "absent.txt: No such file or directory"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "audit.environment", *(str(tmp_path / name) for name in arguments)],
            cwd=TOP, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (status, True, False), done.stderr
    message, status = why("ERROR: [Errno 28] No space left on device\n", Path("venv"), Path("r.txt"))
    assert (status, message) == (TROUBLE, "environment: r.txt: pip failed: ERROR: [Errno 28] No space left on device")


def test_a_python_without_pip_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a Python whose venv module lacks ensurepip, as Debian splits it."""
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho 'The virtual environment was not created successfully because ensurepip is not available.'\nexit 1\n")
    fake.chmod(0o755)
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(module, "python", lambda *argv: run([str(fake)], capture=True))
    with pytest.raises(module.EnvironmentTrouble, match="has no venv with pip") as raised:
        module.make(tmp_path / "venv", tmp_path / "requirements.txt")
    assert raised.value.status == 2


STAND_IN = """#!/bin/sh
echo "making $*"
case " $* " in
  *" $RED "*) exit 1;;
  *" test "*) [ -n "$SILENT" ] || echo "$COUNTS"; exit "${STATUS:-0}";;
esac
"""


@pytest.mark.parametrize(
    ("settings", "status", "last"),
    [
        ({"COUNTS": "7 passed, 0 failed, 2 skipped"}, 0, "12 passed, 0 failed, 2 skipped"),
        ({"COUNTS": "6 passed, 1 failed, 2 skipped", "STATUS": "1"}, 1, "11 passed, 1 failed, 2 skipped"),
        ({"COUNTS": "7 passed, 0 failed, 2 skipped", "RED": "ddc"}, 1, "11 passed, 1 failed, 2 skipped"),
        ({"COUNTS": "7 passed, 0 failed, 2 skipped", "RED": "release-check"}, 1, "11 passed, 1 failed, 2 skipped"),
        ({"COUNTS": "7 passed, 0 failed, 2 skipped", "STATUS": "2"}, 1, "12 passed, 1 failed, 2 skipped"),
        ({"SILENT": "yes"}, 1, "5 passed, 1 failed, 0 skipped"),
    ],
)
def test_the_run_of_ci_is_red_when_a_step_is(settings: Dict[str, str], status: int, last: str, tmp_path: Path) -> None:
    """With a stand-in for make, and for apt-get, so that nothing is made or installed."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(TOP / ".ci" / "run", tmp_path / ".ci" / "run")
    for name, content in (("make", STAND_IN), ("apt-get", "#!/bin/sh\n")):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(content)
        (tmp_path / "bin" / name).chmod(0o755)
    surroundings = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "RED": "nothing", **settings}
    done = subprocess.run([str(tmp_path / ".ci" / "run")], env=surroundings, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (status, last)
