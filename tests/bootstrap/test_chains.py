"""Chains of other compilers: descriptions, steps, directories, and mismatches told down to section and symbol."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from elftools.elf.elffile import ELFFile

from bootstrap import BootstrapError
from bootstrap.archive import read_archive
from bootstrap.compare import explain_difference, first_difference
from bootstrap.description import read_chain
from bootstrap.elf import read_image
from bootstrap.toml import read_full_toml, read_toml, toml_library
from tests.conftest import TOP
from tests.bootstrap.debian_source import fetch_source
from tests.needs import need

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

SHIPPED = sorted((TOP / "bootstrap" / "chains").glob("*.toml"))

# A chain of "compilers" that are shell scripts; each stage copies itself, a library and a folder.
TWO = """name = "two"
directory = "out"
source = "."
inputs = ["*.sh", "*.txt"]
needs = ["sh", "cp"]

[origin]
program = "sh"
version = ["-c", "echo shell of old"]

[[stage]]
name = "one"
working-directory = "{work}"
environment = ["FLAVOUR=plain {jobs}"]
pass-environment = ["CHAIN_TEST_PASSED"]
commands = [
  "sh -c 'env | sort > made.env'",
  "mkdir -p {out}/bin {out}/lib",
  "cp {source}/compiler.sh {out}/bin/cc",
  "cp {source}/library.txt {out}/lib/library",
]
products = ["bin/cc", "lib/library"]

[[stage]]
name = "two"
working-directory = "{work}"
commands = ["sh {one}/bin/cc {source} {out} {work}"]
products = ["bin/cc", "lib/library"]
max-rss = "64M"
timeout-seconds = 200

[[equal]]
left = "one"
right = "two"

[[equal]]
left = "one/bin/cc"
right = "two/bin/cc"

[[install]]
stage = "two/bin/cc"
path = "bin/cc"
"""
COMPILER = "set -e\nmkdir -p $2/bin $2/lib\ncp $1/compiler.sh $2/bin/cc\ncp $1/library.txt $2/lib/library\necho said\n"


def make_two(top: Path, description: str = TWO, extra: str = "") -> Path:
    top.mkdir(exist_ok=True)
    (top / "compiler.sh").write_text(COMPILER + extra)
    (top / "library.txt").write_text("library\n")
    (top / "two.toml").write_text(description)
    return top


def walk(top: Path, name: str = "two.toml", *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bootstrap", "--chain", str(top / name), "--top", str(top), *options]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=300, env={**os.environ, **environment})


def ledger_of(top: Path, folder: str = "out") -> Dict[str, Any]:
    content = json.loads((top / folder / "ledger.json").read_bytes())
    assert isinstance(content, dict)
    return content


def test_a_tool_or_a_compiler_from_outside_that_is_another_now_makes_the_chain_walk(tmp_path: Path) -> None:
    top = make_two(tmp_path)
    assert walk(top).returncode == 0
    for way in (("tools", "cp"), ("origin",)):
        ledger = ledger_of(top)
        record = ledger
        for key in way:
            record = record[key]
        record["sha256"] = "0" * 64  # as if it had been another then
        (top / "out/ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
        result = walk(top)
        assert result.returncode == 0 and "up to date" not in result.stdout, way
    assert "up to date" in walk(top).stdout


def test_stages_of_several_steps_and_products_hold_and_are_recorded(tmp_path: Path) -> None:
    top = make_two(tmp_path)
    result = walk(top, "two.toml", "--jobs", "3")
    assert result.returncode == 0, result.stderr
    assert "two: from sh: " in result.stdout and "one = two, to the byte" in result.stdout and "one/bin/cc = two/bin/cc" in result.stdout
    assert (top / "bin/cc").read_bytes() == (top / "compiler.sh").read_bytes()
    ledger = ledger_of(top)
    assert ledger["origin"]["from"] == "sh" and ledger["origin"]["version"] == "shell of old" and len(ledger["origin"]["sha256"]) == 64
    assert sorted(ledger["tools"]) == ["cp", "sh"] and all(len(tool["sha256"]) == 64 for tool in ledger["tools"].values())
    assert sorted(ledger["inputs"]) == ["compiler.sh", "description", "library.txt"]
    one, two = ledger["stages"]
    assert len(one["steps"]) == 4 and one["sha256"] == two["sha256"] and one["wall_ms"] == sum(step["wall_ms"] for step in one["steps"])
    assert sorted(one["entries"]) == ["bin/cc", "lib/library"] and two["budget_kib"] == 65536
    assert (top / "out/two.log").read_text() == "said\n"
    assert not (top / "out/work").exists() and not list((top / "out").glob("*.part"))
    assert "up to date" in walk(top).stdout
    (top / "out/two/lib/library").write_text("other\n")
    assert "up to date" not in walk(top).stdout


def test_commands_see_the_pinned_environment_and_what_is_named(tmp_path: Path) -> None:
    text = TWO.replace("'env | sort > made.env'", "'env | cut -d= -f1 | sort > {out}/names; echo $FLAVOUR $CHAIN_TEST_PASSED > {out}/values'")
    text = text.replace('left = "one"\nright = "two"', 'left = "one/bin/cc"\nright = "two/bin/cc"')
    top = make_two(tmp_path, text)
    result = walk(top, "two.toml", "--jobs", "5", CHAIN_TEST_PASSED="through", CHAIN_TEST_OTHER="no")
    assert result.returncode == 0, result.stderr
    assert set((top / "out/one/names").read_text().split()) == {"CHAIN_TEST_PASSED", "FLAVOUR", "LANG", "PATH", "PWD"}
    assert (top / "out/one/values").read_text() == "plain 5 through\n"


def test_a_directory_is_compared_whole(tmp_path: Path) -> None:
    top = make_two(tmp_path, extra="echo x > $2/extra\n")
    result = walk(top)
    assert result.returncode == 1 and "one and two differ: only in two: extra" in result.stderr
    assert not (top / "out/ledger.json").exists() and not (top / "bin/cc").exists()


@pytest.mark.parametrize("extra, words", [
    ("echo more >> $2/lib/library\n", "; one/lib/library (8 bytes) and two/lib/library (13 bytes) differ first at byte 8"),
    ("chmod 755 $2/bin/cc\n", "bin/cc is a file that cannot be run and a file that can be run"),
    ("rm $2/lib/library; ln -s ../bin/cc $2/lib/library\n", "lib/library is a file that cannot be run and a link to ../bin/cc"),
    ("mkdir $2/empty\n", "only in two: empty/"),
])
def test_each_kind_of_difference_of_directories_is_told(tmp_path: Path, extra: str, words: str) -> None:
    result = walk(make_two(tmp_path, extra=extra))
    assert result.returncode == 1 and words in result.stderr


def test_a_failing_step_shows_the_end_of_its_log(tmp_path: Path) -> None:
    result = walk(make_two(tmp_path, extra="echo the last words; exit 4\n"))
    assert result.returncode == 1 and "stage two exited with status 4: sh " in result.stderr
    assert "two.log, at its end:\n  said\n  the last words\n" in result.stderr


@pytest.mark.parametrize("old, new, status, words", [
    ('products = ["bin/cc", "lib/library"]\nmax', 'products = ["bin/cc", "lib/none"]\nmax', 1, "stage two did not write lib/none"),
    ('needs = ["sh",', 'needs = ["no-such-tool",', 2, "no-such-tool is not present and the chain needs it: install it"),
    ('program = "sh"', 'program = "no-such-cc"', 2, "no-such-cc is not present and the chain needs it"),
    ('version = ["-c", "echo shell of old"]', 'version = ["-c", ":"]', 2, "told no version"),
    ('"cp {source}/compiler.sh {out}/bin/cc"', "\"cp '{source}\"", 2, "stage one cannot be split into words: No closing quotation"),
    ('"cp {source}/compiler.sh {out}/bin/cc"', '""', 2, "stage one has a command without words"),
    ('environment = ["FLAVOUR', 'environment = ["FLA VOUR', 2, "it must be NAME=VALUE"),
    ('products = ["bin/cc"', 'products = ["../cc"', 2, "must be a file below the stage's directory"),
    ('stage = "two/bin/cc"', 'stage = "two"', 2, "stage two is a directory; install one of its products: two/PRODUCT"),
    ('"*.sh"', '"/*.sh"', 2, "'/*.sh' is not a pattern of paths below the top"),
    ("timeout-seconds = 200", "timeout-seconds = [1]", 2, "must be an integer"),
], ids=lambda value: str(value)[:24])
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, status: int, words: str) -> None:
    assert old in TWO
    result = walk(make_two(tmp_path, TWO.replace(old, new, 1)))
    assert result.returncode == status, result.stdout + result.stderr
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_description_is_in_the_part_that_every_python_reads(path: Path) -> None:
    read_toml(path)
    chain = read_chain(path)
    assert chain.name == path.stem and chain.equal and chain.origin is not None


PIECES = [
    "a = 1\n", "b-c = \"text\"\n", "d = [\"x\", \"y\",]\n", "e = [\n \"x\" # c\n , \"y\"\n]\n", "f = true\n", "[t]\n", "[[l]]\n",
    "g = -12\n", "h = \"\\t\\\"\\\\\"\n", "# c\n", "\n", "a = 0\n", "[l]\n", "[[t]]\n", "[a]\n", "i = +7\n", "12 = 3\n",
    "j = 007\n", "k = \"\u0001\"\n", "x y = 1\n", "m = [1]\n", "n = 1.5\n", "o.p = 1\n", "q = 'raw'\n", "r = []\n", "s = [,]\n",
    "u = \"a\" b = 1\n", "v = \"\u00e9\u200b\"\n", "w = 99999999999999999999\n", "t = false\n", "l = \"\"\n", "# \u0007\n",
    "y = \"a\rb\"\n", "z = \n1\n", "true = false\n", "[ t ]\r\n", "[[ l ]]\n", "\t aa\t=\t-0\t# c\n", "[t] a = 1\n", "-1 = 2\n",
]


def test_both_readers_agree_on_the_part_that_ours_reads(tmp_path: Path) -> None:
    """Made-up files: whatever ours reads, Python's reads as the same values."""
    library = toml_library()
    if library is None:
        pytest.skip("neither tomllib nor tomli is present")
    rng = random.Random(3)
    path = tmp_path / "a.toml"
    read = 0
    for number in range(4000):
        text = PIECES[number] if number < len(PIECES) else "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6)))
        path.write_bytes(text.encode())
        try:
            document = read_toml(path)
        except BootstrapError:
            continue
        read += 1
        ours: Dict[str, Any] = {**document.top, **document.tables, **document.lists}
        assert ours == library.loads(text), text
    assert read > 300
    for shipped in [*SHIPPED, TOP / "bootstrap/chain.toml", TOP / "release/trusted-root.toml"]:
        document = read_toml(shipped)
        assert {**document.top, **document.tables, **document.lists} == library.loads(shipped.read_text())


def test_all_of_toml_is_read_where_python_has_a_reader(tmp_path: Path) -> None:
    if toml_library() is None:
        pytest.skip("neither tomllib nor tomli is present")
    path = tmp_path / "a.toml"
    path.write_text("name = 'raw'\nn = 0x10\n[root]\nrecord = '''a'''\n[[stage]]\nname = 'x'\n")
    document = read_full_toml(path)
    assert document.top == {"name": "raw", "n": 16} and document.tables["root"] == {"record": "a"}
    assert document.lists["stage"] == [{"name": "x"}]
    with pytest.raises(BootstrapError, match="a.toml:1: cannot read"):
        read_toml(path)
    top = make_two(tmp_path / "two", TWO.replace('name = "two"', "name = 'two'", 1).replace('inputs = ["*.sh"', 'inputs = [1, "*.sh"', 1))
    result = walk(top)
    assert result.returncode == 2 and "inputs of the file must be an array of strings" in result.stderr


SOURCE = "int table[{n}] = {{ 1, 2, 3 }};\nint first(int a) {{ return a + {a}; }}\nint second(int a) {{ return first(a) * {b}; }}\n"


def compiled(folder: Path, name: str, a: int = 5, b: int = 100, n: int = 9) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "m.c").write_text(SOURCE.format(a=a, b=b, n=n))
    out = folder / name
    subprocess.run([need("gcc"), "-O0", "-c", "m.c", "-o", str(out)], cwd=folder, check=True)
    return out


def by_pyelftools(path: Path, offset: int) -> Tuple[str, str]:
    """Section and symbol of an offset in a relocatable object, as another reader has it."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        symbols: Any = elf.get_section_by_name(".symtab")
        for index, section in enumerate(elf.iter_sections()):
            begin = section["sh_offset"]
            if section["sh_type"] not in ("SHT_NULL", "SHT_NOBITS") and begin <= offset < begin + section["sh_size"]:
                for symbol in symbols.iter_symbols():
                    start = symbol["st_value"] + begin
                    if symbol["st_shndx"] == index and symbol["st_size"] and start <= offset < start + symbol["st_size"]:
                        return section.name, symbol.name
                return section.name, ""
    return "", ""


def test_objects_are_explained_as_other_tools_see_them(tmp_path: Path) -> None:
    left, right = compiled(tmp_path / "l", "m.o"), compiled(tmp_path / "r", "m.o", b=101)
    data = [path.read_bytes() for path in (left, right)]
    answer = subprocess.run([need("cmp"), "-l", str(left), str(right)], capture_output=True, text=True).stdout.splitlines()
    offset = int(answer[0].split()[0]) - 1
    assert first_difference(*data) == offset
    section, symbol = by_pyelftools(left, offset)
    assert (section, symbol) == (".text", "second")
    told = explain_difference(left, right)
    assert told is not None and f"differ first at byte {offset} (0x{offset:x}), in section {section} of function {symbol}," in told
    assert f"{len(answer)} bytes differ in all" in told and told.endswith("sections that differ: .text")


def test_objects_of_data_and_programs_are_explained(tmp_path: Path) -> None:
    left = compiled(tmp_path / "l", "m.o")
    data = bytearray(left.read_bytes())
    table = next(symbol for symbol in read_image(bytes(data)).symbols if symbol.name == "table")
    data[table.offset + 4] ^= 1
    right = tmp_path / "r.o"
    right.write_bytes(data)
    assert by_pyelftools(left, table.offset + 4) == (".data", "table")
    told = explain_difference(left, right)
    assert told is not None and "in section .data of object table, 4 bytes in" in told and "1 bytes differ in all" in told


def test_every_symbol_lies_where_pyelftools_has_it(tmp_path: Path) -> None:
    path = compiled(tmp_path, "m.o")
    image = read_image(path.read_bytes())
    assert {symbol.name for symbol in image.symbols} == {"first", "second", "table"}
    for symbol in image.symbols:
        assert by_pyelftools(path, symbol.offset)[1] == symbol.name
    with path.open("rb") as file:
        assert [section.name for section in image.sections] == [section.name for section in ELFFile(file).iter_sections()]


def archive(folder: Path, members: List[Path]) -> Path:
    out = folder / "lib.a"
    subprocess.run([need("ar"), "rcsD", str(out), *map(str, members)], check=True)
    return out


def test_archives_are_explained_to_the_member(tmp_path: Path) -> None:
    long_name = "a-member-with-a-name-of-more-than-fifteen.o"
    left_first, left_second = compiled(tmp_path / "l", "m.o"), compiled(tmp_path / "l", long_name)
    left = archive(tmp_path / "l", [left_first, left_second])
    right = archive(tmp_path / "r", [compiled(tmp_path / "r", "m.o"), compiled(tmp_path / "r", long_name, a=6)])
    listed = subprocess.run([need("ar"), "t", str(left)], capture_output=True, text=True, check=True).stdout.split()
    members = read_archive(left.read_bytes()).members
    assert [member.name for member in members if not member.name.startswith("the ")] == listed == ["m.o", long_name]
    assert members[-1].content(left.read_bytes()) == left_second.read_bytes()
    told = explain_difference(left, right)
    assert told is not None and f"in member {long_name}, in section .text of function first" in told
    assert told.endswith(f"members that differ: {long_name}")
    fewer = archive(tmp_path / "f", [compiled(tmp_path / "f", "m.o")])
    told = explain_difference(left, fewer)
    assert told is not None and f"members of the left only: the table of long names, {long_name}" in told


def test_the_header_of_a_member_is_told_by_its_field(tmp_path: Path) -> None:
    left = archive(tmp_path / "l", [compiled(tmp_path / "l", "m.o")])
    data = bytearray(left.read_bytes())
    member = read_archive(bytes(data)).members[-1]
    data[member.start - 60 + 16] = ord("9")
    right = tmp_path / "right.a"
    right.write_bytes(data)
    told = explain_difference(left, right)
    assert told is not None and "in the header of member m.o (modification time)" in told


def test_hostile_objects_and_archives_are_compared_without_failing(tmp_path: Path) -> None:
    object_path = compiled(tmp_path / "l", "m.o")
    samples = [object_path.read_bytes(), archive(tmp_path / "l", [object_path]).read_bytes()]
    rng = random.Random(8)
    left, right = tmp_path / "left", tmp_path / "right"
    for number in range(600):
        data = bytearray(samples[number % 2])
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data) if rng.random() < 0.5 else 160)] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
        left.write_bytes(bytes(data))
        right.write_bytes(bytes(data[: rng.randrange(len(data))]))
        told = explain_difference(left, right)
        assert told is not None and "differ first at byte" in told


def test_what_cannot_be_compared_is_never_equal(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe")
    for left, right in (("pipe", "pipe"), ("file", "pipe"), ("file", "none"), ("folder", "folder")):
        with pytest.raises(BootstrapError) as caught:
            explain_difference(tmp_path / left, tmp_path / right)
        assert caught.value.status == 2
    told = explain_difference(tmp_path / "file", tmp_path / "folder")
    assert told == "file is a file and folder a directory"


def test_a_product_that_cannot_be_compared_is_trouble_in_the_report(tmp_path: Path) -> None:
    top = make_two(tmp_path, extra="mkfifo $2/pipe\n")
    result = walk(top, "two.toml", "--report", str(tmp_path / "report.json"))
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert result.returncode == 2 and report["verdict"] == "not judged" and "pipe: neither a file nor a folder nor a link" in report["message"]
    assert not (top / "out/ledger.json").exists()


@pytest.mark.parametrize("name, package, tools", [("tinycc", "tcc", ("gcc", "make", "ar")), ("flex", "flex", ("gcc", "m4"))])
def test_a_shipped_chain_holds_on_the_source_package(tmp_path: Path, name: str, package: str, tools: Tuple[str, ...]) -> None:
    for tool in tools:
        need(tool)
    source = fetch_source(package, tmp_path)
    description = TOP / "bootstrap" / "chains" / f"{name}.toml"
    command = [sys.executable, "-m", "bootstrap", "--chain", str(description), "--top", str(source)]
    result = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr
    assert "stage2 = stage3, to the byte" in result.stdout
    ledger = ledger_of(source, "build/chain")
    stages = {stage["name"]: stage for stage in ledger["stages"]}
    assert stages["stage2"]["sha256"] == stages["stage3"]["sha256"] and "gcc" in ledger["origin"]["version"]
    assert len(ledger["inputs"]["source-package.dsc"]) == 64
    (source / "build/chain/stage3" / ("tcc" if name == "tinycc" else "flex")).write_bytes(b"")
    assert explain_difference(source / "build/chain/stage2", source / "build/chain/stage3") is not None

# A compiler of C for the page: it leaves the work to gcc.
PAGE_COMPILER = """#include <unistd.h>
int main(int argc, char **argv) { return execlp("gcc", "gcc", "-O0", argv[1], argv[2], argv[3], (char *)0); }
"""


def test_the_chain_of_the_page_holds_and_its_mismatch_is_told(tmp_path: Path) -> None:
    need("gcc")
    page = (TOP / "docs" / "your-compiler.md").read_text()
    block = page.split("walks this chain -->\n\n", 1)[1].split("\nstage1 comes", 1)[0]
    (tmp_path / "chain.toml").write_text("".join(line[4:] or "\n" for line in block.splitlines(keepends=True)))
    (tmp_path / "cc.c").write_text(PAGE_COMPILER)
    result = walk(tmp_path, "chain.toml", "--report", str(tmp_path / "report.json"))
    assert result.returncode == 0, result.stderr
    assert ledger_of(tmp_path, "build/chain")["origin"]["from"] == "gcc"
    changed = PAGE_COMPILER.replace('"-O0"', 'access("build/chain/stage2", 0) ? "-O0" : "-O2"')
    (tmp_path / "cc.c").write_text(changed)
    (tmp_path / "build/chain/stage2").unlink()
    broken = walk(tmp_path, "chain.toml", "--report", str(tmp_path / "report.json"))
    assert broken.returncode == 1 and "stage2 (" in broken.stderr and "sections that differ: " in broken.stderr
