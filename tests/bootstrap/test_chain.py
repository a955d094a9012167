"""The chain's machinery, with small stand-ins for seed and compiler: what it runs, refuses, explains and records."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from bootstrap import BootstrapError
from bootstrap.compare import explain_difference
from bootstrap.description import read_chain
from bootstrap.elf import read_image
from bootstrap.toml import read_toml
from tests.conftest import TOP

pytestmark = pytest.mark.machine

# A "compiler" whose product is the source itself: a script that copies its source is its own fixed point.
COPYING = """#!{python}
import os, sys
source, out = sys.argv[2], sys.argv[4]
data = open(source, "rb").read()
{extra}
open(out, "wb").write(data)
os.chmod(out, 0o755)
"""
SEED = "import sys\nopen(sys.argv[2], 'wb').write(open(sys.argv[1], 'rb').read())\n"


def make_tree(top: Path, extra: str = "") -> Path:
    for folder in ("bootstrap/seed", "compiler", "lib", "release"):
        (top / folder).mkdir(parents=True)
    (top / "bootstrap/seed/__main__.py").write_text(SEED)
    (top / "compiler/main.0x0").write_text(COPYING.format(python=sys.executable, extra=extra))
    for name in ("bootstrap/chain.toml", "release/trusted-root.toml"):
        (top / name).write_text((TOP / name).read_text())
    return top


def walk(top: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bootstrap", "--top", str(top), "--chain", str(top / "bootstrap/chain.toml"), *options]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=240)


def ledger_of(top: Path) -> Dict[str, object]:
    content = json.loads((top / "build/chain/ledger.json").read_text())
    assert isinstance(content, dict)
    return content


def test_chain_reaches_its_fixed_point_and_installs_it(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    result = walk(top)
    assert result.returncode == 0, result.stderr
    assert "from the seed: release/trusted-root.toml names none" in result.stdout
    assert "stage2 = stage3, to the byte" in result.stdout
    assert "\r" not in result.stdout
    source = (top / "compiler/main.0x0").read_bytes()
    assert (top / "build/bin/zero").read_bytes() == source
    assert os.access(top / "build/bin/zero", os.X_OK)


def test_ledger_is_canonical_and_tells_every_stage(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    assert walk(top).returncode == 0
    text = (top / "build/chain/ledger.json").read_text()
    content = json.loads(text)
    assert text == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert [stage["name"] for stage in content["stages"]] == ["zero-next", "stage2", "stage3"]
    digest = hashlib.sha256((top / "compiler/main.0x0").read_bytes()).hexdigest()
    for stage in content["stages"]:
        assert stage["sha256"] == digest
        assert stage["size"] == (top / "compiler/main.0x0").stat().st_size
        assert stage["peak_rss_kib"] > 1000 and stage["wall_ms"] >= 0 and stage["argv"]
    assert content["origin"]["from"] == "seed"
    assert content["inputs"]["compiler/main.0x0"] == digest
    assert not list((top / "build").rglob("*.part"))


@pytest.mark.slow
def test_nothing_runs_twice_until_an_input_changes(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    assert walk(top).returncode == 0
    before = (top / "build/chain/stage3").stat().st_mtime_ns
    assert "up to date" in walk(top).stdout
    assert (top / "build/chain/stage3").stat().st_mtime_ns == before
    (top / "lib/new.0x0").write_text("; new\n")
    assert "up to date" not in walk(top).stdout
    assert "up to date" not in walk(top, "--again").stdout
    (top / "build/bin/zero").write_text("damaged")
    assert "up to date" not in walk(top).stdout
    assert "up to date" in walk(top).stdout


@pytest.mark.slow
@pytest.mark.parametrize("content", [
    "", "[]", "[" * 100_000, '{"format":"0x0 chain ledger 2"}', '{"format":"0x0 chain ledger 2","inputs":3,"origin":[],"stages":[1],"tools":3}',
], ids=["empty", "list", "deep", "bare", "kinds"])
def test_a_ledger_that_no_run_has_written_is_not_believed(tmp_path: Path, content: str) -> None:
    top = make_tree(tmp_path)
    assert walk(top).returncode == 0
    (top / "build/chain/ledger.json").write_text(content)
    result = walk(top)
    assert result.returncode == 0 and "up to date" not in result.stdout and result.stderr == ""
    told = ledger_of(top)
    for key in ("origin", "stages", "tools", "equal"):
        (top / "build/chain/ledger.json").write_text(json.dumps({**told, key: [7]}))
        assert walk(top).returncode == 0


def test_unequal_stages_break_the_chain_and_leave_no_ledger(tmp_path: Path) -> None:
    top = make_tree(tmp_path, extra="data += b'#' + sys.argv[0].encode()")
    result = walk(top)
    assert result.returncode == 1
    assert "stage2 (" in result.stderr and "differ first at byte" in result.stderr
    assert not (top / "build/chain/ledger.json").exists()
    assert not (top / "build/bin/zero").exists()


def test_failing_stage_breaks_the_chain_by_name(tmp_path: Path) -> None:
    result = walk(make_tree(tmp_path, extra="sys.exit(3)"))
    assert result.returncode == 1
    assert "stage stage2 exited with status 3: build/chain/zero-next build compiler/main.0x0" in result.stderr


def test_stage_that_writes_nothing_breaks_the_chain(tmp_path: Path) -> None:
    result = walk(make_tree(tmp_path, extra="sys.exit(0)"))
    assert result.returncode == 1
    assert "stage stage2 wrote no file" in result.stderr


def test_stage_that_dies_by_a_signal_is_told_so(tmp_path: Path) -> None:
    result = walk(make_tree(tmp_path, extra="os.kill(os.getpid(), 11)"))
    assert result.returncode == 1
    assert "stage stage2 was ended by SIGSEGV" in result.stderr


def test_stage_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    seconds = str(4_000_000 + os.getpid())  # other runs of this test sleep as well
    top = make_tree(tmp_path, extra=f"import subprocess; subprocess.run(['sleep', '{seconds}'])")
    description = top / "bootstrap/chain.toml"
    description.write_text(description.read_text().replace("timeout-seconds = 300", "timeout-seconds = 1"))
    result = walk(top)
    assert result.returncode == 1
    assert "stage stage2 took longer than its timeout-seconds, 1, and was ended: build/chain/zero-next " in result.stderr
    assert not any(is_sleeping_for(path, seconds.encode()) for path in Path("/proc").glob("[0-9]*"))


def is_sleeping_for(process: Path, seconds: bytes) -> bool:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")[:2] == [b"sleep", seconds]
    except OSError:
        return False


@pytest.mark.slow
def test_interrupted_run_leaves_no_ledger_and_no_process(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    assert walk(top).returncode == 0
    (top / "compiler/main.0x0").write_text(COPYING.format(python=sys.executable, extra="import time; time.sleep(4712)"))
    command = [sys.executable, "-m", "bootstrap", "--top", str(top), "--chain", str(top / "bootstrap/chain.toml")]
    report = tmp_path / "report.json"
    report.write_text("of the run before")
    command += ["--report", str(report)]
    before = (top / "build/chain/zero-next").read_bytes()
    process = subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: (top / "build/chain/zero-next").read_bytes() != before)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 130 and "no ledger was written" in errors
    assert not (top / "build/chain/ledger.json").exists() and not report.exists()


def wait_until(condition: "object") -> None:
    assert callable(condition)
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("did not happen within a minute")


def record_root(top: Path, content: bytes, **changes: object) -> None:
    values: Dict[str, object] = {
        "recorded": True, "version": "0.1.0", "commit": "0" * 40,
        "size": len(content), "sha256": hashlib.sha256(content).hexdigest(),
    }
    values.update(changes)
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    (top / "release/trusted-root.toml").write_text("\n".join(lines) + "\n")


def make_root(top: Path) -> bytes:
    content = (top / "compiler/main.0x0").read_bytes()
    root = top / "build/release/v0.1.0/bin/zero"
    root.parent.mkdir(parents=True)
    root.write_bytes(content)
    return content


@pytest.mark.slow
def test_recorded_root_is_used_and_named(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    record_root(top, make_root(top))
    result = walk(top)
    assert result.returncode == 0, result.stderr
    assert "from the trusted root: build/release/v0.1.0/bin/zero is version 0.1.0 as recorded" in result.stdout
    stages = ledger_of(top)["stages"]
    assert isinstance(stages, list) and stages[0]["argv"][0] == "build/chain/root"
    forced = walk(top, "--from-seed")
    assert "from the seed: the seed was asked for" in forced.stdout


@pytest.mark.parametrize("change, reason", [
    ({"size": 1}, "bytes, the record says 1"),
    ({"sha256": "0" * 64}, "the record says 0000"),
])
def test_file_that_is_not_as_recorded_is_not_the_root(tmp_path: Path, change: Dict[str, object], reason: str) -> None:
    top = make_tree(tmp_path)
    record_root(top, make_root(top), **change)
    result = walk(top)
    assert result.returncode == 0
    assert "from the seed: build/release/v0.1.0/bin/zero has" in result.stdout and reason in result.stdout


def test_recorded_root_that_is_absent_is_told(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    record_root(top, b"anything")
    assert "from the seed: no file matches build/release/*/bin/zero" in walk(top).stdout


EQUAL = '[[equal]]\nleft = "stage2"\nright = "stage3"\n'
REFUSED: List[Tuple[str, str, str]] = [
    ('name = "0x0"', "name = yes", "expected a string, an integer, true, false or an array, found 'yes'"),
    ('name = "0x0"', 'nome = "0x0"', "the file has no name"),
    ('name = "0x0"', 'name = "0x0"\nname = "again"', "name is given twice"),
    ('name = "stage2"', 'name = "Stage 2"', "'Stage 2' cannot name a stage"),
    ('name = "stage3"', 'name = "stage2"', "stage stage2 is given twice"),
    ("{zero-next}", "{stage3}", "stage stage2 uses {stage3}; known here: python, source, out, work, top, jobs, zero-next"),
    ('"-o", "{out}"]\ntimeout-seconds = 300', '"-o", "x"]\ntimeout-seconds = 300', "the command of stage stage2 names no {out}"),
    ('left = "stage2"', 'left = "stage9"', "there is no stage stage9"),
    ("[root]", "[rot]", "unknown table [rot]"),
    ("[[install]]", "[[instal]]", "unknown table [[instal]]"),
    ("timeout-seconds = 1800", 'timeout-seconds = "1800"', "timeout-seconds of [[stage]] must be an integer"),
    ("timeout-seconds = 1800", "timeout-seconds = 0", "timeout-seconds of stage zero-next must be 1 or more"),
    ("timeout-seconds = 1800", "timeout-seconds = 1.2.3", "cannot read '.2.3'"),
    ('max-rss = "256M"', 'max-rss = "256"', "max-rss of stage stage2 is '256'; it must be like 512K, 64M or 2G"),
    ('directory = "build/chain"', 'directory = "../chain"', "it must be a folder below the top"),
    ('path = "build/bin/zero"', 'path = "/bin/zero"', "must be a file below the top"),
    ('right = "stage3"', 'right = "stage3/cc"', "stage stage3 has no product cc"),
    ('pass-environment = ["', 'pass-environment = ["A=", "', "has 'A=', which cannot name a variable"),
    ('[[stage]]\nname = "stage2"', '[origin]\nprogram = "gcc"\n[[stage]]\nname = "stage2"', "a chain has either [root] or [origin]"),
    (EQUAL, "", "the chain has no [[equal]], so nothing would be compared"),
    ('right = "stage3"', 'right = "stage2"', "stage2 would be compared with itself"),
    ("[[equal]]", "[[equal]", "expected ']]' after the table's name"),
    ('from-root = ["', 'from = ["', "[[stage]] has the unknown key from"),
]


@pytest.mark.parametrize("old, new, message", REFUSED, ids=[row[2][:40] for row in REFUSED])
def test_wrong_description_is_refused_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    top = make_tree(tmp_path)
    description = top / "bootstrap/chain.toml"
    text = description.read_text()
    assert old in text
    description.write_text(text.replace(old, new, 1))
    result = walk(top)
    assert result.returncode == 2, result.stdout + result.stderr
    assert message in result.stderr
    assert result.stderr.startswith(f"bootstrap: {description}:"), result.stderr
    assert result.stderr.split(":")[2].isdigit()


def test_missing_source_and_missing_description_are_trouble(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    (top / "compiler/main.0x0").unlink()
    result = walk(top)
    assert result.returncode == 2 and f"compiler/main.0x0: not found among the inputs in {top}\n" in result.stderr
    (top / "bootstrap/chain.toml").unlink()
    result = walk(top)
    assert result.returncode == 2 and "No such file" in result.stderr


def test_description_of_another_compiler_without_a_root(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(
        'name = "other"\ndirectory = "out"\nsource = "main.c"\ninputs = [\n  "*.c",  # all\n  "*.h",\n]\n'
        '[[stage]]\nname = "one"\ncommand = ["cc", "{source}", "-o", "{out}"]\n'
        '[[stage]]\nname = "two"\ncommand = ["{one}", "{source}", "-o", "{out}"]\n[[equal]]\nleft = "one"\nright = "two"\n'
    )
    chain = read_chain(path)
    assert chain.root is None and chain.inputs == ("*.c", "*.h")
    assert chain.stages[0].commands[0] == ("cc", "{source}", "-o", "{out}")


def test_strings_take_the_four_escapes_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('a = "tab\\t quote\\" back\\\\ line\\n"  # a comment with "quotes"\nb = -12\nc = false\n')
    assert read_toml(path).top == {"a": 'tab\t quote" back\\ line\n', "b": -12, "c": False}
    path.write_text('a = "bell\\a"\n')
    with pytest.raises(BootstrapError, match="a.toml:1: cannot read"):
        read_toml(path)


def small_elf(code: bytes) -> bytes:
    """An ELF file with .text, holding functions first and second of equal size, and its symbol table."""
    names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    strings = b"\0first\0second\0"
    half = len(code) // 2
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 18, 0, 1, 0x400040, half)
    symbols += struct.pack("<IBBHQQ", 7, 18, 0, 1, 0x400040 + half, len(code) - half)
    parts = [code, symbols, strings, names]
    offsets = [64]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400040, 0, offsets[4], 0, 64, 0, 0, 64, 5, 4)
    rows = [(0, 0, 0, 0, 0), (1, 1, 0x400040, 0, 0), (7, 2, 0, 3, 1), (15, 3, 0, 0, 2), (23, 3, 0, 0, 3)]
    sections = b""
    for index, (name, kind, address, link, part_index) in enumerate(rows):
        offset, size = (offsets[part_index], len(parts[part_index])) if index else (0, 0)
        sections += struct.pack("<IIQQQQIIQQ", name, kind, 0, address, offset, size, link, 0, 1, 0)
    return header + b"".join(parts) + sections


def test_difference_is_explained_to_section_and_function(tmp_path: Path) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    code = bytes(range(64))
    left.write_bytes(small_elf(code))
    right.write_bytes(small_elf(code[:40] + b"\xff" + code[41:]))
    assert [symbol.name for symbol in read_image(left.read_bytes()).symbols] == ["first", "second"]
    explanation = explain_difference(left, right)
    assert explanation is not None
    assert "differ first at byte 104 (0x68), in section .text of function second, 8 bytes in: 0x28 and 0xff" in explanation


def test_difference_in_length_is_a_difference(tmp_path: Path) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    left.write_bytes(b"same")
    right.write_bytes(b"same+")
    explanation = explain_difference(left, right)
    assert explanation is not None and "byte 4 (0x4), in no section: the end of the file and 0x2b" in explanation
    right.write_bytes(b"same")
    assert explain_difference(left, right) is None


def test_comparison_that_cannot_read_is_trouble_not_equality(tmp_path: Path) -> None:
    (tmp_path / "left").write_bytes(b"")
    with pytest.raises(BootstrapError, match="No such file"):
        explain_difference(tmp_path / "left", tmp_path / "right")


def test_every_damaged_elf_file_is_read_without_failing() -> None:
    data = small_elf(bytes(32))
    for length in range(0, len(data), 7):
        read_image(data[:length])
    for offset in range(len(data)):
        read_image(data[:offset] + b"\xff" + data[offset + 1 :])


@pytest.mark.slow
def test_a_root_that_cannot_compile_this_source_says_what_to_run(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    root = top / "build/release/v0.1.0/bin/zero"
    root.parent.mkdir(parents=True)
    root.write_text("#!/bin/sh\nexit 1\n")
    root.chmod(0o755)
    record_root(top, root.read_bytes(), commit="c" * 40)
    result = walk(top)
    assert result.returncode == 1
    assert "bootstrap: the trusted root, version 0.1.0 (commit " + "c" * 40 + "), cannot compile this source: stage zero-next" in result.stderr
    assert "exited with status 1: build/chain/root build" in result.stderr
    assert result.stderr.endswith("run `make bootstrap-from-seed`\n")
    assert not (top / "build/chain/ledger.json").exists()
    assert walk(top, "--from-seed").returncode == 0


@pytest.mark.parametrize("body, how", [("exit 0", "wrote no file"), ("kill -9 $$", "was ended by SIGKILL")])
def test_a_root_that_fails_otherwise_says_so_too(tmp_path: Path, body: str, how: str) -> None:
    top = make_tree(tmp_path)
    root = top / "build/release/v0.1.0/bin/zero"
    root.parent.mkdir(parents=True)
    root.write_text(f"#!/bin/sh\n{body}\n")
    record_root(top, root.read_bytes())
    result = walk(top)
    assert result.returncode == 1
    assert "cannot compile this source" in result.stderr and how in result.stderr and "make bootstrap-from-seed" in result.stderr


def test_a_seed_that_fails_does_not_speak_of_a_root(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    (top / "bootstrap/seed/__main__.py").write_text("import sys; sys.exit(1)")
    result = walk(top)
    assert result.returncode == 1 and "stage zero-next exited with status 1" in result.stderr
    assert "trusted root, version" not in result.stderr and "bootstrap-from-seed" not in result.stderr


@pytest.mark.slow
def test_a_stage_over_its_budget_breaks_the_chain(tmp_path: Path) -> None:
    top = make_tree(tmp_path, extra="ballast = bytearray(b'x' * (400 << 20))")
    result = walk(top)
    assert result.returncode == 1
    assert "stage stage2 took " in result.stderr and "KiB, more than its max-rss, 262144 KiB: build/chain/zero-next " in result.stderr
    assert not (top / "build/chain/ledger.json").exists()


def test_the_ledger_says_how_each_figure_was_come_by(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    assert walk(top).returncode == 0
    content = ledger_of(top)
    assert content["format"] == "0x0 chain ledger 2"
    stages = content["stages"]
    assert isinstance(stages, list)
    for stage in stages:
        (step,) = stage["steps"]
        assert step["argv"] == stage["argv"] and step["peak_rss_kib"] == stage["peak_rss_kib"]
        assert step["scope"] in ("process", "tree") and step["containment"] and step["method"]["peak"] == stage["method"]
        assert stage["budget_kib"] in (262144, 2097152)


@pytest.mark.slow
def test_a_report_is_written_whether_the_chain_holds_or_not(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    report = tmp_path / "report.json"
    assert walk(top, "--report", str(report)).returncode == 0
    content = json.loads(report.read_bytes())
    assert content["verdict"] == "holds" and content["message"] is None
    assert content["ledger"] == hashlib.sha256((top / "build/chain/ledger.json").read_bytes()).hexdigest()
    assert content["comparisons"] == [{"left": "stage2", "right": "stage3", "verdict": "equal", "explanation": None}]
    assert "up to date" in walk(top, "--report", str(report)).stdout
    assert json.loads(report.read_bytes()) == content
    (top / "compiler/main.0x0").write_text(COPYING.format(python=sys.executable, extra="data += b'#' + sys.argv[0].encode()"))
    broken = walk(top, "--report", str(report))
    content = json.loads(report.read_bytes())
    assert broken.returncode == 1 and content["verdict"] == "broken" and content["ledger"] is None
    assert content["comparisons"][0]["verdict"] == "different" and content["comparisons"][0]["explanation"] == content["message"]
    (top / "release/trusted-root.toml").unlink()
    trouble = walk(top, "--report", str(report))
    assert trouble.returncode == 2 and json.loads(report.read_bytes())["verdict"] == "not judged"


def test_a_report_of_a_run_with_a_wrong_description_is_not_the_last_ones(tmp_path: Path) -> None:
    top = make_tree(tmp_path)
    report = tmp_path / "report.json"
    assert walk(top, "--report", str(report)).returncode == 0
    (top / "bootstrap/chain.toml").write_text("name = 1\n")
    assert walk(top, "--report", str(report)).returncode == 2
    assert not report.exists()
