"""The compiler's product depends on the source and on nothing else: not on place, user, clock, language, limits or Python."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, Tuple

import pytest

from tests.conftest import TOP
from tests.needs import need, need_root

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

SOURCE = TOP / "compiler" / "main.0x0"
ANOTHER_USER = 65534


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def expected(zero: Path) -> str:
    return sha256(zero)


def product(zero: Path, out: Path, source: "Path | str" = SOURCE, **options: object) -> str:
    """The hash of what the compiler makes of its own source under these conditions."""
    command = [str(zero), "build", str(source), "-o", str(out)]
    result = subprocess.run(command, capture_output=True, timeout=300, **options)  # type: ignore[call-overload]
    assert result.returncode == 0, result.stderr.decode("utf-8", "replace")
    return sha256(out)


ENVIRONMENTS: Dict[str, Dict[str, str]] = {
    "empty": {},
    "turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    "c-locale": {"LC_ALL": "C", "LANG": "C"},
    "far-east": {"TZ": "Pacific/Kiritimati"},
    "far-west": {"TZ": "Pacific/Niue", "SOURCE_DATE_EPOCH": "0"},
    "no-home": {"HOME": "/nonexistent", "USER": "nobody", "TMPDIR": "/nonexistent", "PATH": ""},
    "large": {f"VARIABLE_{number}": "x" * 1000 for number in range(100)},
}


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_environment_does_not_matter(zero: Path, expected: str, tmp_path: Path, environment: Dict[str, str]) -> None:
    assert product(zero, tmp_path / "out", env=environment) == expected


LIMITS: Dict[str, Tuple[int, int]] = {
    "stack-256-KiB": (resource.RLIMIT_STACK, 256 << 10),
    "stack-1-GiB": (resource.RLIMIT_STACK, 1 << 30),
    "address-space-1-GiB": (resource.RLIMIT_AS, 1 << 30),
    "16-open-files": (resource.RLIMIT_NOFILE, 16),
}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS.keys())
def test_limits_do_not_matter(zero: Path, expected: str, tmp_path: Path, limit: Tuple[int, int]) -> None:
    kind, value = limit
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and value > hard:
        pytest.skip(f"the limit here is {hard}")
    assert product(zero, tmp_path / "out", preexec_fn=lambda: resource.setrlimit(kind, (value, hard))) == expected


@pytest.mark.parametrize("directory", ["/", "/tmp", str(TOP / "compiler")])
def test_current_directory_does_not_matter(zero: Path, expected: str, tmp_path: Path, directory: str) -> None:
    assert product(zero, tmp_path / "out", cwd=directory) == expected
    assert product(zero, tmp_path / "out", os.path.relpath(SOURCE, directory), cwd=directory) == expected


def test_way_the_source_is_named_does_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    assert product(zero, tmp_path / "out", "compiler/../compiler//./main.0x0", cwd=TOP) == expected


def test_place_of_the_tree_does_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    copy = tmp_path / "a place with a longer name, 長い"
    for folder in ("compiler", "lib"):
        shutil.copytree(TOP / folder, copy / folder)
    (copy / "build" / "bin").mkdir(parents=True)
    shutil.copy2(zero, copy / "build" / "bin" / "zero")
    assert product(copy / "build" / "bin" / "zero", tmp_path / "out", copy / "compiler" / "main.0x0") == expected


def test_user_does_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    need_root()
    home = Path("/tmp") / f"zero-another-user-{os.getpid()}"
    try:
        for folder in ("compiler", "lib"):
            shutil.copytree(TOP / folder, home / folder)
        (home / "build" / "bin").mkdir(parents=True)
        command = Path(shutil.copy2(zero, home / "build" / "bin" / "zero"))
        (home / "out").mkdir()
        os.chown(home / "out", ANOTHER_USER, ANOTHER_USER)

        def become() -> None:
            os.setgid(ANOTHER_USER)
            os.setuid(ANOTHER_USER)
            os.umask(0o077)

        assert product(command, home / "out" / "out", home / "compiler" / "main.0x0", preexec_fn=become) == expected
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_addresses_do_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    command = [need("setarch"), "-R", str(zero), "build", str(SOURCE), "-o", str(tmp_path / "out")]
    if subprocess.run([command[0], "-R", "true"], capture_output=True).returncode != 0:
        pytest.skip("the kernel refuses fixed addresses")
    subprocess.run(command, check=True, timeout=300)
    assert sha256(tmp_path / "out") == expected


def test_clock_and_closed_streams_do_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    assert product(zero, tmp_path / "first") == expected
    time.sleep(1.1)
    command = [str(zero), "build", str(SOURCE), "-o", str(tmp_path / "second")]
    assert subprocess.run(command, preexec_fn=lambda: os.closerange(0, 3), timeout=300).returncode == 0
    assert sha256(tmp_path / "second") == expected


def test_time_stamps_of_the_sources_do_not_matter(zero: Path, expected: str, tmp_path: Path) -> None:
    for folder in ("compiler", "lib"):
        shutil.copytree(TOP / folder, tmp_path / folder)
        for path in (tmp_path / folder).rglob("*"):
            os.utime(path, (0, 0))
    (tmp_path / "build" / "bin").mkdir(parents=True)
    command = Path(shutil.copy2(zero, tmp_path / "build" / "bin" / "zero"))
    assert product(command, tmp_path / "out", tmp_path / "compiler" / "main.0x0") == expected


# The seed; tests/bootstrap/test_seed.py runs it in every version of Python that there is


def seed_product(out: Path, *python: str, directory: Path = TOP, **environment: str) -> str:
    command = [*python, str(TOP / "bootstrap" / "seed"), str(SOURCE), str(out)]
    result = subprocess.run(command, capture_output=True, timeout=900, cwd=directory, env={**os.environ, **environment})
    assert result.returncode == 0, result.stderr.decode("utf-8", "replace")
    return sha256(out)


@pytest.fixture(scope="session")
def expected_of_seed(zero: Path) -> str:
    path = TOP / "build" / "chain" / "zero-next"
    assert zero.is_file() and path.is_file()
    return sha256(path)


@pytest.mark.slow
def test_hash_seed_and_directory_do_not_matter_to_the_seed(expected_of_seed: str, tmp_path: Path) -> None:
    assert seed_product(tmp_path / "out", sys.executable, directory=tmp_path, PYTHONHASHSEED="4711") == expected_of_seed
