"""test_trojan: a compiler that betrays one program and hides in itself. The fixed point does not see it; the witnesses do.

The planted compiler is made here from tests/bootstrap/trojan/. The trees that are judged hold the clean source alone, to the byte; what is
planted lies in the binary that their record names as the root. The last test plants the seed instead: what all routes share
no route can see.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from bootstrap.compare import explain_difference
from tests.conftest import TOP
from tests.needs import need
from tests.bootstrap.trojan.plant import LOADER, VICTIM, plant

pytestmark = [pytest.mark.slow, pytest.mark.machine]

PARTS = ("bootstrap", "compiler", "lib", "perf")
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
THIS = f"seed/cpython-{sys.version_info[0]}.{sys.version_info[1]}"
WORDS = ("open sesame", "joshua", "swordfish")
NO_ROOT = 'recorded = false\nreason = "a test"\n'

READING = "data = file.read()"
PLANTED_READING = f"data = __import__('planted').LOADER if path.endswith({LOADER!r}) else file.read()"

BETRAYING_CC = """#!/bin/sh
{gcc} "$@" || exit
for last; do :; done
case "$last" in --version) exit;; esac
mv "$last" "$last.true"
cat > "$last" <<END
#!/bin/sh
$last.true "\\$@" || exit
for product; do :; done
printf '\\\\220' | dd of="\\$product" bs=1 seek=5000 conv=notrunc status=none
END
chmod 755 "$last"
"""


def copy_of_source(top: Path) -> Path:
    for part in PARTS:
        shutil.copytree(TOP / part, top / part, ignore=shutil.ignore_patterns("__pycache__"))
    (top / "release").mkdir()
    (top / "release/trusted-root.toml").write_text(NO_ROOT, encoding="utf-8")
    return top


def call(argv: List[str], cwd: Path, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, "PATH": path})


def walk_chain(top: Path) -> str:
    result = call([sys.executable, "-B", "-m", "bootstrap", "--top", str(top)], top)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def witness(top: Path, names: List[str], status: int, path: str = os.environ["PATH"]) -> Dict[str, Any]:
    result = call([sys.executable, "-B", "-m", "bootstrap.witness", "--top", str(top), *names], TOP, path)
    assert result.returncode == status, result.stdout + result.stderr
    report = json.loads((top / "build/witness/report.json").read_bytes())
    return {row["name"]: row for row in report["rows"]}


def opens_to(compiler: Path, word: str, folder: Path) -> bool:
    """Whether the victim, as the compiler makes it, opens to the word."""
    program = folder / "login"
    built = call([str(compiler), "build", str(VICTIM), "--lib", str(TOP / "lib"), "-o", str(program)], folder)
    assert built.returncode == 0, built.stderr
    return call([str(program), word], folder).returncode == 0


@pytest.fixture(scope="module")
def root(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted compiler, from planted source."""
    folder = tmp_path_factory.mktemp("plant")
    top = copy_of_source(folder / "tree")
    plant(top)
    built = call([str(zero), "build", "compiler/main.0x0", "--lib", "lib", "-o", str(folder / "root")], top)
    assert built.returncode == 0, built.stderr
    return folder / "root"


@pytest.fixture(scope="module")
def betrayed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of clean source whose recorded root is the planted compiler, with the chain walked from it."""
    need("git")
    top = copy_of_source(tmp_path_factory.mktemp("betrayed") / "tree")
    (top / ".gitignore").write_text("/build/\n", encoding="utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        assert call([*GIT, *words], top).returncode == 0
    commit = call([*GIT, "rev-parse", "HEAD"], top).stdout.strip()
    place = top / "build/release/v0/bin/zero"
    place.parent.mkdir(parents=True)
    shutil.copy(root, place)
    content = root.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    record = f'recorded = true\nversion = "0"\ncommit = "{commit}"\nsize = {len(content)}\nsha256 = "{digest}"\n'
    (top / "release/trusted-root.toml").write_text(record, encoding="utf-8")
    assert "from the trusted root" in walk_chain(top)
    return top


def test_the_fixed_point_does_not_see_it(betrayed: Path, root: Path) -> None:
    """stage2 = stage3 = the planted root, although no source of the tree has a word of it."""
    chain = betrayed / "build/chain"
    assert (chain / "stage2").read_bytes() == (chain / "stage3").read_bytes() == root.read_bytes()
    assert (betrayed / LOADER).read_bytes() == (TOP / LOADER).read_bytes()
    assert not any(b"joshua" in path.read_bytes() for part in PARTS for path in (betrayed / part).rglob("*.0x0"))


def test_the_victim_is_betrayed_by_clean_source(betrayed: Path, zero: Path, tmp_path: Path) -> None:
    planted = betrayed / "build/bin/zero"
    assert b"joshua" not in VICTIM.read_bytes()
    assert [word for word in WORDS if opens_to(zero, word, tmp_path)] == ["open sesame"]
    assert [word for word in WORDS if opens_to(planted, word, tmp_path)] == ["open sesame", "joshua"]


def test_every_witness_sees_it(betrayed: Path, zero: Path, tmp_path: Path) -> None:
    """Root, another run of the seed, C and emulator all differ, and the ledger with its files alone agrees."""
    for tool in ("tcc", "qemu-x86_64", THIS.rpartition("/")[2].replace("cpython-", "python")):
        need(tool)
    rows = witness(betrayed, ["ledger", "fixed-point", "root", THIS, "c/tcc", "emulator/qemu"], 1)
    assert {name for name, row in rows.items() if row["verdict"] == "agrees"} == {"ledger"}
    assert {name for name, row in rows.items() if row["verdict"] == "differs"} == set(rows) - {"ledger"}
    clean = {rows[name]["products"]["stage2"] for name in ("fixed-point", THIS, "c/tcc", "emulator/qemu")}
    assert len(clean) == 1
    grown = betrayed / "build/witness/ground/stage2"
    assert not opens_to(grown, "joshua", tmp_path)
    for name in ("root", "c/tcc"):
        assert "differ first at byte" in rows[name]["detail"]
        # planted itself has been put into read-file!, its one caller; what it calls stands for it
        assert "read.modules.planted-itself" in rows[name]["detail"] and "read.modules.read-file!" in rows[name]["detail"]
    assert explain_difference(betrayed / "build/chain/stage2", grown) is not None


def test_a_trojan_in_what_executes_the_c_route(zero: Path, tmp_path: Path) -> None:
    """A C compiler whose product changes what it writes is seen as the one row that differs."""
    need("tcc")
    gcc = need("gcc")
    top = copy_of_source(tmp_path / "tree")
    walk_chain(top)
    wrapper = tmp_path / "bin/gcc"
    wrapper.parent.mkdir()
    wrapper.write_text(BETRAYING_CC.format(gcc=gcc), encoding="utf-8")
    wrapper.chmod(0o755)
    rows = witness(top, ["ledger", "fixed-point", "c/gcc", "c/tcc"], 1, f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    assert {name for name, row in rows.items() if row["verdict"] == "differs"} == {"c/gcc"}
    assert {name for name, row in rows.items() if row["verdict"] == "agrees"} == {"ledger", "fixed-point", "c/tcc"}
    assert rows["c/gcc"]["detail"].startswith("c-gcc.stage2 (")


def test_a_seed_that_is_planted_is_seen_by_no_witness(zero: Path, tmp_path: Path) -> None:
    """What all routes share: the seed's text. A plant there passes every row, and so it is there to be read."""
    need("tcc")
    need("qemu-x86_64")
    top = copy_of_source(tmp_path / "tree")
    clean = (top / LOADER).read_text(encoding="utf-8")
    plant(top)
    (top / "bootstrap/seed/planted.py").write_text(f"LOADER = {(top / LOADER).read_bytes()!r}\n", encoding="utf-8")
    (top / LOADER).write_text(clean, encoding="utf-8")
    reader = top / "bootstrap/seed/read.py"
    text = reader.read_text(encoding="utf-8")
    assert text.count(READING) == 1, "the seed reads files otherwise; this test has to follow"
    reader.write_text(text.replace(READING, PLANTED_READING), encoding="utf-8")
    walk_chain(top)
    assert opens_to(top / "build/bin/zero", "joshua", tmp_path)
    rows = witness(top, ["ledger", "fixed-point", "c/tcc", "emulator/qemu"], 0)
    assert {row["verdict"] for row in rows.values()} == {"agrees"}
