"""test_witness: each verdict of the witnesses, each seen red, on a chain so small that it takes no time.

The compiler of this chain is a shell script that copies its source to its output; its seed is Python that does the same. So
every stage is equal to the source, and each lie, failure and absence can be arranged in a line.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Set

import pytest

from bootstrap.witness.model import AXES, shared
from bootstrap.witness.table import WITNESSES
from tests.conftest import TOP
from tests.needs import need

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

COMPILER = "#!/bin/sh\nfor last; do :; done\n/bin/cp compiler/main.0x0 \"$last\"\n/bin/chmod 755 \"$last\"\n"
SEED = """import os, shutil, sys
shutil.copyfile(sys.argv[-2], sys.argv[-1])
os.chmod(sys.argv[-1], 0o755)
"""
HONEST_CC = """#!/bin/sh
case "$1" in -v | --version) echo a cc; exit;; esac
for last; do :; done
/bin/cp "$1" "$last"
/bin/chmod 755 "$last"
"""
CHAIN = """name = "miniature"
directory = "build/chain"
source = "compiler/main.0x0"
inputs = ["compiler/*", "lib/*"]
[root]
record = "release/trusted-root.toml"
files = "build/release/*/bin/zero"
[[stage]]
name = "zero-next"
from-seed = ["{python}", "bootstrap/seed", "{source}", "{out}"]
from-root = ["{root}", "build", "{source}", "-o", "{out}"]
inputs = ["bootstrap/seed/*.py"]
[[stage]]
name = "stage2"
command = ["{zero-next}", "build", "{source}", "-o", "{out}"]
[[stage]]
name = "stage3"
command = ["{stage2}", "build", "{source}", "-o", "{out}"]
[[equal]]
left = "stage2"
right = "stage3"
[[install]]
stage = "stage2"
path = "build/bin/zero"
"""
NO_ROOT = 'recorded = false\nreason = "a test"\n'
THIS = f"seed/cpython-{sys.version_info[0]}.{sys.version_info[1]}"
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]


@dataclass
class Report:
    status: int
    text: str
    errors: str
    rows: Dict[str, Dict[str, Any]]

    def verdict(self, name: str) -> str:
        return str(self.rows[name]["verdict"])

    def detail(self, name: str) -> str:
        return str(self.rows[name]["detail"])

    def all_of(self, verdict: str) -> Set[str]:
        return {name for name, row in self.rows.items() if row["verdict"] == verdict}


@dataclass
class World:
    """A tree with the miniature chain, and a PATH that holds what a test puts there."""

    top: Path
    bin: Path

    def write(self, path: str, text: str) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def tool(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(script, encoding="utf-8")
        file.chmod(0o755)

    def run(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PATH": str(self.bin), "HOME": str(self.bin)}
        argv = [sys.executable, "-m", module, "--top", str(self.top), *arguments]
        return subprocess.run(argv, cwd=TOP, env=environment, capture_output=True, text=True, timeout=600)

    def walk_chain(self) -> None:
        result = self.run("bootstrap", "--chain", str(self.top / "bootstrap" / "chain.toml"))
        assert result.returncode == 0, result.stderr

    def witness(self, *arguments: str) -> Report:
        result = self.run("bootstrap.witness", *arguments)
        assert "Traceback" not in result.stderr, result.stderr
        rows = {}
        if result.returncode != 2:
            report = json.loads((self.top / "build" / "witness" / "report.json").read_bytes())
            rows = {row["name"]: row for row in report["rows"]}
            assert report["holds"] == (result.returncode == 0)
        return Report(result.returncode, result.stdout, result.stderr, rows)

    def ledger(self) -> Dict[str, Any]:
        content: Dict[str, Any] = json.loads((self.top / "build" / "chain" / "ledger.json").read_bytes())
        return content

    def put_ledger(self, content: Dict[str, Any]) -> None:
        self.write("build/chain/ledger.json", json.dumps(content))


@pytest.fixture(scope="module")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("miniature")
    made = World(folder / "tree", folder / "bin")
    made.bin.mkdir()
    made.write("bootstrap/chain.toml", CHAIN)
    made.write("bootstrap/seed/__main__.py", SEED)
    made.write("compiler/main.0x0", COMPILER)
    made.write("compiler/compat-main.0x0", "the C backend is the same script here\n")
    made.write("lib/std", "a library\n")
    made.write("release/trusted-root.toml", NO_ROOT)
    made.tool("gcc", HONEST_CC)
    made.walk_chain()
    return made


@pytest.fixture
def world(tmp_path: Path, first_world: World) -> World:
    """A copy of the miniature, with the chain walked."""
    shutil.copytree(first_world.top, tmp_path / "tree")
    shutil.copytree(first_world.bin, tmp_path / "bin")
    return World(tmp_path / "tree", tmp_path / "bin")


def test_honest_routes_agree_and_absent_ones_are_counted(world: World) -> None:
    report = world.witness("ledger", "fixed-point", "c")
    assert report.status == 0
    assert report.all_of("agrees") == {"ledger", "fixed-point", "c/gcc"}
    assert report.all_of("not present") == {"c/clang", "c/tcc", "c/chibicc"}
    assert "3 agrees, 0 differs, 0 failed, 3 not present" in report.text
    assert report.detail("c/tcc") == "no tcc; install tcc"
    source = hashlib.sha256((world.top / "compiler/main.0x0").read_bytes()).hexdigest()
    assert report.rows["fixed-point"]["products"] == {name: source for name in ("zero-next", "stage2", "stage3", "stage4")}


def test_an_absent_witness_is_red_when_asked_for(world: World) -> None:
    report = world.witness("ledger", "--require", "c/tcc")
    assert report.status == 1
    assert report.verdict("c/tcc") == "not present"
    assert "asked for by name and not present: c/tcc" in report.text
    assert world.witness("ledger", "--require", "c/gcc").status == 0


def test_nothing_that_agrees_is_not_green(world: World) -> None:
    assert world.witness("c/tcc").status == 1
    assert json.loads((world.top / "build/witness/report.json").read_bytes())["whole"] is False


def test_a_witness_that_differs(world: World) -> None:
    """A C compiler whose products add a byte to what they write."""
    betrayal = '#!/bin/sh\nfor last; do :; done\n/bin/cp "$1" "$last"\necho \'printf x >> "$last"\' >> "$last"\n/bin/chmod 755 "$last"\n'
    world.tool("tcc", betrayal)
    report = world.witness("c")
    assert report.status == 1
    assert report.all_of("differs") == {"c/tcc"}
    size = len(COMPILER)
    assert report.detail("c/tcc").startswith(f"c-tcc.stage2 ({size + 1} bytes) and stage2 ({size} bytes) differ first at byte {size} ")
    assert "0x78 and the end of the file" in report.detail("c/tcc")


@pytest.mark.parametrize(
    "script, words",
    [
        ("#!/bin/sh\n[ \"$1\" != -v ] || exit 0\necho broken pieces >&2\nexit 7\n", "tcc zero.c exited with status 7: broken pieces"),
        ("#!/bin/sh\n[ \"$1\" != -v ] || exit 0\nkill -SEGV $$\n", "tcc zero.c was ended by SIGSEGV"),
        ("#!/bin/sh\nexit 0\n", "tcc zero.c ended well and wrote no file"),
        (HONEST_CC.replace('/bin/cp "$1" "$last"', 'echo exit 5 > "$last"'), "stage2 exited with status 5"),
        ("not a program at all\n", "tcc"),
    ],
    ids=["exits", "crashes", "writes-nothing", "made-what-fails", "cannot-start"],
)
def test_a_witness_that_fails_is_neither_equal_nor_different(world: World, script: str, words: str) -> None:
    world.tool("tcc", script)
    report = world.witness("c/gcc", "c/tcc")
    assert report.status == 1
    assert (report.verdict("c/gcc"), report.verdict("c/tcc")) == ("agrees", "failed")
    assert report.detail("c/tcc").startswith(words)


def test_a_witness_that_hangs_has_failed(world: World) -> None:
    """Each command has so many seconds; on a machine that stands still for as long, what the chain is grown by has not ended either."""
    world.tool("tcc", "#!/bin/sh\n[ \"$1\" != -v ] || exit 0\nwhile :; do :; done\n")
    for _ in range(4):
        report = world.witness("c/tcc", "--timeout", "4")
        if report.detail("c/tcc").startswith("tcc "):
            break
    assert (report.status, report.verdict("c/tcc")) == (1, "failed")
    assert report.detail("c/tcc").startswith("tcc zero.c took longer than 4 s and was ended")


def test_a_seed_that_another_python_runs_otherwise(world: World) -> None:
    """A Python that says it is 3.8 and alters what the seed writes."""
    lie = f'''#!/bin/sh
case "$*" in *" -c "*) echo CPython 3.8 3.8.99 "$0"; exit;; esac
{sys.executable} "$@"
for last; do :; done
echo >> "$last"
'''
    world.tool("python3.8", lie)
    world.tool("python3.9", '#!/bin/sh\necho "no such version" >&2\nexit 127\n')
    world.tool("python3.10", "#!/bin/sh\necho CPython 3.7 3.7.1 $0\n")
    report = world.witness("seed/cpython-3.8", "seed/cpython-3.9", "seed/cpython-3.10")
    assert report.status == 1
    assert report.verdict("seed/cpython-3.8") == "differs"
    assert report.detail("seed/cpython-3.8").startswith("seed-cpython-3.8.zero-next (")
    assert report.detail("seed/cpython-3.9") == (
        "no CPython 3.9 (python3.9 does not start); install python3.9, as a package or with pyenv"
    )
    assert report.detail("seed/cpython-3.10").startswith("no CPython 3.10 (python3.10 is CPython 3.7)")


def test_another_python_that_agrees(world: World) -> None:
    if platform.python_implementation() != "CPython" or not any(witness.name == THIS for witness in WITNESSES):
        pytest.fail(f"the table has no row for the Python of these tests, {THIS}")
    world.tool(THIS.rpartition("/")[2].replace("cpython-", "python"), f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    report = world.witness(THIS)
    assert report.status == 0
    measured = json.loads((world.top / "build/witness/measured.json").read_bytes())["rows"][THIS]
    assert [step["name"] for step in measured["steps"]] == ["zero-next", "stage2"]
    assert measured["tools"][0]["version"] == f"CPython {platform.python_version()}"
    assert measured["tools"][0]["sha256"] == hashlib.sha256(Path(os.path.realpath(sys.executable)).read_bytes()).hexdigest()


def test_a_ledger_that_lies_about_a_hash(world: World) -> None:
    ledger = world.ledger()
    ledger["stages"][1]["sha256"] = "0" * 64
    world.put_ledger(ledger)
    report = world.witness("ledger", "fixed-point")
    assert report.status == 1
    assert report.all_of("differs") == {"ledger"}
    assert "the ledger says 0000000000000000" in report.detail("ledger")


def test_a_ledger_that_lies_with_its_files(world: World) -> None:
    """Other bytes in the stages' place, and a ledger that has their hashes: only what is grown anew tells."""
    ledger, other = world.ledger(), (COMPILER + "# more\n").encode()
    for path in ("build/chain/stage2", "build/chain/stage3", "build/bin/zero"):
        (world.top / path).write_bytes(other)
    for stage in ledger["stages"][1:]:
        stage["sha256"] = hashlib.sha256(other).hexdigest()
    world.put_ledger(ledger)
    report = world.witness("ledger", "fixed-point", "c/gcc")
    assert report.status == 1
    assert report.all_of("agrees") == {"ledger"}
    assert report.all_of("differs") == {"fixed-point", "c/gcc"}


def test_a_file_of_the_chain_that_is_gone(world: World) -> None:
    (world.top / "build/bin/zero").unlink()
    report = world.witness("ledger")
    assert report.status == 1
    assert report.verdict("ledger") == "failed"
    assert "build/bin/zero" in report.detail("ledger")


def test_a_compiler_that_changes_at_the_fourth_stage(world: World) -> None:
    world.write("compiler/main.0x0", COMPILER + 'case "$last" in */stage4) echo >> "$last";; esac\n')
    world.walk_chain()
    report = world.witness("ledger", "fixed-point")
    assert report.status == 1
    assert report.detail("fixed-point").startswith("stage4 (")


def test_a_chain_that_cannot_be_grown_fails_every_route_that_needs_it(world: World) -> None:
    world.write("compiler/main.0x0", COMPILER + 'case "$last" in */ground/stage2) exit 9;; esac\n')
    world.walk_chain()
    report = world.witness("ledger", "fixed-point", "c/gcc")
    assert report.all_of("failed") == {"fixed-point", "c/gcc"}
    assert report.detail("c/gcc") == "the chain grown from the seed did not reach stage2: stage2 exited with status 9"


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda world: (world.top / "build/chain/ledger.json").unlink(), "no ledger of a whole run; run `make all` first"),
        (lambda world: world.put_ledger({**world.ledger(), "stages": 5}), "not a ledger of the chain; run `make all` again"),
        (lambda world: world.put_ledger({**world.ledger(), "origin": []}), "not a ledger of the chain"),
        (lambda world: world.write("build/chain/ledger.json", "{"), "no ledger of a whole run"),
        (lambda world: world.write("lib/more", "new\n"), "lib/more: not as the ledger says; run `make all` first"),
        (lambda world: world.write("bootstrap/chain.toml", "name ="), "chain.toml"),
    ],
    ids=["no-ledger", "damaged-stages", "damaged-origin", "cut-ledger", "sources-moved-on", "damaged-description"],
)
def test_trouble_is_neither_red_nor_green(world: World, spoil: Any, words: str) -> None:
    spoil(world)
    report = world.witness("ledger")
    assert report.status == 2
    assert report.errors.startswith("witness: ") and words in report.errors
    assert not (world.top / "build/witness/SHA256SUMS").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["c/msvc"], "witness: no witness is named c/msvc; --list names them\n"),
        (["--require", "c/msvc"], "witness: no witness is named c/msvc; --list names them\n"),
        (["--jobs", "0"], "witness: --jobs and --timeout have to be above zero\n"),
    ],
)
def test_usage(world: World, arguments: List[str], words: str) -> None:
    report = world.witness(*arguments)
    assert (report.status, report.errors) == (2, words)


@pytest.mark.parametrize(
    "npm, words",
    [(None, "no npm; install npm"), ("#!/bin/sh\necho no network >&2\nexit 1\n", "npm ci exited with status 1: no network")],
)
def test_what_cannot_be_fetched_is_not_present(world: World, npm: Optional[str], words: str) -> None:
    world.tool("node", "#!/bin/sh\necho v20\n")
    if npm is not None:
        world.tool("npm", npm)
    report = world.witness("--fetch", "ledger", "seed/pyodide")
    assert (report.status, report.errors) == (0, f"witness: Pyodide was not fetched: {words}\n")
    assert report.verdict("seed/pyodide") == "not present"
    assert world.witness("ledger", "--require", "seed/pyodide").status == 1


def test_the_evidence_is_canonical_and_hashed(world: World) -> None:
    world.witness("ledger", "fixed-point", "c/gcc")
    folder = world.top / "build/witness"
    for name in ("report.json", "measured.json"):
        text = (folder / name).read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        assert not any(isinstance(value, float) for value in leaves(json.loads(text)))
    sums = [line.split("  ") for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    named = {path for _, path in sums}
    assert {"build/witness/report.json", "build/witness/report.txt", "build/witness/measured.json", "compiler/main.0x0"} <= named
    assert "bootstrap/seed/__main__.py" in named
    for digest, path in sums:
        assert hashlib.sha256((world.top / path).read_bytes()).hexdigest() == digest
    first = {name: (folder / name).read_bytes() for name in ("report.json", "report.txt")}
    assert str(world.top).encode() not in b"".join(first.values())
    world.witness("c/gcc", "fixed-point", "ledger", "--jobs", "1")
    assert {name: (folder / name).read_bytes() for name in first} == first


def leaves(value: Any) -> List[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def test_an_interrupted_run_leaves_no_report(world: World) -> None:
    """Not even that of the run before."""
    world.witness("ledger")
    assert (world.top / "build/witness/SHA256SUMS").exists()
    world.tool("tcc", "#!/bin/sh\n[ \"$1\" != -v ] || exit 0\necho started > started\nwhile :; do /bin/sleep 1; done\n")
    argv = [sys.executable, "-m", "bootstrap.witness", "--top", str(world.top), "c/tcc"]
    process = subprocess.Popen(argv, cwd=TOP, env={**os.environ, "PATH": str(world.bin)}, stderr=subprocess.PIPE, text=True)
    while not (world.top / "started").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 130
    assert errors == "witness: interrupted; no report was written\n"
    assert not any((world.top / "build/witness" / name).exists() for name in ("report.json", "report.txt", "measured.json", "SHA256SUMS"))
    deadline = time.monotonic() + 60
    while processes_of(world.bin / "tcc"):
        assert time.monotonic() < deadline, "the tree outlived the run"
        time.sleep(0.05)


def processes_of(script: Path) -> List[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(script).encode() in words:
            found.append(entry.parent.name)
    return found


@pytest.fixture
def rooted(world: World) -> World:
    """The miniature with a history, and a record of a root that its commit's chain gives."""
    world.tool("git", f'#!/bin/sh\nexec {need("git")} "$@"\n')
    for name in ("bootstrap", "perf"):
        for file in sorted((TOP / name).glob("**/*.py")):
            if "seed" not in file.parts:
                target = world.top / file.relative_to(TOP)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    world.write(".gitignore", "/build/\n")
    git(world, "init", "-q")
    git(world, "add", ".")
    git(world, "commit", "-q", "-m", "all")
    record_root(world, COMPILER, git(world, "rev-parse", "HEAD"))
    return world


def git(world: World, *arguments: str) -> str:
    return subprocess.run([*GIT, "-C", str(world.top), *arguments], check=True, capture_output=True, text=True).stdout.strip()


def record_root(world: World, content: str, commit: str) -> None:
    root = world.write("build/release/v0/bin/zero", content)
    root.chmod(root.stat().st_mode | stat.S_IXUSR)
    digest = hashlib.sha256(content.encode()).hexdigest()
    record = f'recorded = true\nversion = "0"\ncommit = "{commit}"\nsize = {len(content)}\nsha256 = "{digest}"\n'
    world.write("release/trusted-root.toml", record)


def test_a_root_that_its_commit_gives_agrees(rooted: World) -> None:
    rooted.write("compiler/main.0x0", COMPILER + "# the source has moved on since\n")
    rooted.walk_chain()
    assert rooted.ledger()["origin"]["from"] == "trusted root"
    report = rooted.witness("ledger", "fixed-point", "root")
    assert report.status == 0
    assert report.rows["root"]["products"]["root"] == hashlib.sha256(COMPILER.encode()).hexdigest()


def test_a_root_that_its_commit_does_not_give_differs(rooted: World) -> None:
    record_root(rooted, COMPILER + "# planted\n", git(rooted, "rev-parse", "HEAD"))
    report = rooted.witness("root")
    assert report.status == 1
    assert report.detail("root").startswith("root.root (")


def test_a_root_of_no_known_commit_fails(rooted: World) -> None:
    record_root(rooted, COMPILER, "0" * 40)
    report = rooted.witness("root")
    assert report.status == 1
    assert report.verdict("root") == "failed"
    assert report.detail("root").startswith("git archive exited with status 128: fatal: ")


def test_a_root_that_is_not_as_recorded_is_not_present(rooted: World) -> None:
    rooted.write("build/release/v0/bin/zero", COMPILER + "# changed\n")
    report = rooted.witness("root", "ledger")
    assert report.verdict("root") == "not present"
    assert "the record says" in report.detail("root")


def test_what_pairs_share() -> None:
    traits = {witness.name: witness.traits for witness in WITNESSES}
    assert "P" not in shared(traits["seed/pypy"], traits["seed/cpython-3.8"])
    assert "V" not in shared(traits["seed/cpython-3.9"], traits["seed/cpython-3.8"])
    assert "N" not in shared(traits["emulator/qemu"], traits["fixed-point"])
    assert "B" in shared(traits["c/gcc"], traits["c/tcc"])
    assert "U" not in shared(traits["c/gcc"], traits["c/tcc"])
    assert "B" not in shared(traits["c/gcc"], traits["emulator/qemu"])
    running = [witness for witness in WITNESSES if witness.traits]
    assert all(shared(left.traits, right.traits)[0] == "S" for left in running for right in running)
    assert {name for witness in WITNESSES for name in witness.traits} == {axis.name for axis in AXES}


def test_the_names_stand_in_the_page() -> None:
    page = (TOP / "docs/trust.md").read_text(encoding="utf-8")
    assert [witness.name for witness in WITNESSES if f"`{witness.name}`" not in page] == []


def test_the_lock_file_pins_what_is_asked_for() -> None:
    folder = TOP / "bootstrap/witness/node"
    asked = json.loads((folder / "package.json").read_bytes())["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_bytes())["packages"]
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in asked.items())
    assert all(entry["integrity"].startswith("sha512-") for path, entry in packages.items() if path)


def test_list_needs_no_chain(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bootstrap.witness", "--list", "--top", str(tmp_path)]
    result = subprocess.run(argv, cwd=TOP, capture_output=True, text=True)
    assert result.returncode == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == [witness.name for witness in WITNESSES]
