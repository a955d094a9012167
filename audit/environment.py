"""environment: python3 -m audit.environment DIRECTORY REQUIREMENTS: make a Python environment with what the gates and tests import.

Nothing is done when DIRECTORY/ready names the hash of these requirements and this Python. A Python environment can't be moved once
made, so it is made in its place, the old mark removed first and the new one written last: half an environment is never ready.

Exit status: 0 it is ready; 1 a package is not what its hash says; 2 other trouble; 4 the packages can't be reached: no network.
Standard library alone, Python 3.8 or later.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from perf.guard import GuardError, Interrupted, Limits, Outcome, run
from perf.guard.front import run_command

READY, WRONG_HASH, TROUBLE, UNREACHABLE = 0, 1, 2, 4
LIMITS = Limits(timeout_seconds=900)
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "3", "--timeout", "30", "--require-hashes",
       "--no-compile")  # most modules are never imported; the others are compiled when they are  # fmt: skip
ELSEWHERE = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET")
BEGUN = {"bin", "include", "lib", "lib64", ".gitignore"}  # what lies in one that was ended before it had its pyvenv.cfg
HASH_WORDS = ("DO NOT MATCH THE HASHES", "Hashes are required")
REACH_WORDS = ("No matching distribution found", "Could not find a version", "Failed to establish a new connection", "Connection to")
OFFLINE = (
    "environment: the packages of {requirements} can't be reached, so {directory} is not made and no gate was run. The chain "
    "needs none of it: the compiler in build/bin/zero stands. Connect, or put the wheels into a folder and say "
    "PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER, then make all again."
)


class EnvironmentTrouble(Exception):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: List[str]) -> int:
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print("usage: python3 -m audit.environment DIRECTORY REQUIREMENTS", file=sys.stderr)
        return TROUBLE
    try:
        make(Path(arguments[0]), Path(arguments[1]))
    except EnvironmentTrouble as trouble:
        print(trouble, file=sys.stderr)
        return trouble.status
    except GuardError as trouble:
        print(f"environment: {trouble}", file=sys.stderr)
        return TROUBLE
    except OSError as error:
        print(f"environment: {error.filename}: {error.strerror}", file=sys.stderr)
        return TROUBLE
    except (KeyboardInterrupt, Interrupted):
        print("environment: interrupted; the environment is not ready, the next run makes it anew", file=sys.stderr)
        return 130
    return READY


def make(directory: Path, requirements: Path) -> None:
    mark = directory / "ready"
    wanted = mark_of(requirements)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(directory.with_name(directory.name + ".lock")):
        if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
            os.utime(mark)
            return
        refuse_what_is_none(directory)
        remove(directory)
        make_empty(directory)
        install(directory, requirements)
        part = mark.with_name("ready.part")
        part.write_text(wanted, encoding="utf-8")
        os.replace(part, mark)


def refuse_what_is_none(directory: Path) -> None:
    """What is removed to be made anew must be an environment, whole or begun, or an empty folder: never a person's own files."""
    if not os.path.lexists(directory):
        return
    if directory.is_symlink() or not directory.is_dir():
        raise EnvironmentTrouble(f"environment: {directory} is there and is no folder; remove it, or name another", TROUBLE)
    if not (directory / "pyvenv.cfg").is_file() and not set(os.listdir(directory)) <= BEGUN:
        raise EnvironmentTrouble(f"environment: {directory} has other files than an environment's; remove it, or name another", TROUBLE)


def remove(directory: Path) -> None:
    """The mark first, so that half an environment is never ready; what shows that it is an environment last."""
    if not directory.is_dir():
        return
    (directory / "ready").unlink(missing_ok=True)
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name == "pyvenv.cfg"):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    directory.rmdir()


def mark_of(requirements: Path) -> str:
    """What an environment is made from: the requirements and the Python that it belongs to."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} {platform.python_implementation()} {platform.python_version()} {os.path.realpath(sys.executable)}\n"


def make_empty(directory: Path) -> None:
    done = python(sys.executable, "-m", "venv", str(directory))
    if done.ok:
        return
    shutil.rmtree(directory, ignore_errors=True)
    said = text_of(done)
    if "ensurepip" in said or "No module named venv" in said:
        raise EnvironmentTrouble(
            f"environment: {sys.executable} has no venv with pip; install it (on Debian the package python3-venv), then make all again", TROUBLE
        )
    raise EnvironmentTrouble(f"environment: {directory} can't be made: {last_line(said)}", TROUBLE)


def install(directory: Path, requirements: Path) -> None:
    done = python(str(directory / "bin" / "python"), *PIP, "-r", str(requirements))
    if done.ok:
        return
    shutil.rmtree(directory, ignore_errors=True)
    message, status = why(text_of(done), directory, requirements)
    raise EnvironmentTrouble(message, status)


def why(said: str, directory: Path, requirements: Path) -> Tuple[str, int]:
    """What pip's words mean, told apart: a wrong hash, no way to the packages, or anything else."""
    if any(word in said for word in HASH_WORDS):
        return f"environment: {requirements}: a package is not what its hash says:\n{said.rstrip()}", WRONG_HASH
    if any(word in said for word in REACH_WORDS):
        return OFFLINE.format(requirements=requirements, directory=directory), UNREACHABLE
    return f"environment: {requirements}: pip failed: {last_line(said)}", TROUBLE


def python(*argv: str) -> Outcome:
    return run(argv, LIMITS, environment=surroundings(), capture=True)


def surroundings() -> Dict[str, str]:
    """The caller's own, without what would lead a Python elsewhere; pip's settings stay."""
    return {name: value for name, value in os.environ.items() if name not in ELSEWHERE}


def text_of(done: Outcome) -> str:
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One makes it; a second one waits and finds it ready."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    run_command("environment", lambda: main(sys.argv[1:]))
