"""The gate of executables: it holds for what the compiler makes, and each claim is turned red by a byte or two."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section

from audit import elf, rows
from audit.claim import Answer, Verdict, judge
from tests.conftest import TOP

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

Patch = Callable[[bytearray, ELFFile], None]
SYMBOL = 24  # bytes of a row
HEADER = 64


def put(content: bytearray, offset: int, form: str, value: int) -> None:
    struct.pack_into("<" + form, content, offset, value)


def program_header(index: int) -> int:
    return 64 + 56 * index


def section(image: ELFFile, name: str) -> Section:
    found = image.get_section_by_name(name)
    assert found is not None
    return found


def section_header(image: ELFFile, name: str) -> int:
    return int(image["e_shoff"]) + HEADER * (image.get_section_index(name) or 0)


def symbol_row(image: ELFFile, index: int) -> int:
    return int(section(image, ".symtab")["sh_offset"]) + SYMBOL * index


def other_machine(content: bytearray, image: ELFFile) -> None:
    put(content, 18, "H", 183)


def segment_off_its_page(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(1) + 24, "Q", 0x402001)  # its physical address


def writable_code(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(1) + 4, "I", 7)


def executable_stack(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(4) + 4, "I", 7)


def executable_stack_without_write(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(4) + 4, "I", 5)


def interpreter(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(4), "I", 3)


def start_up_array(content: bytearray, image: ELFFile) -> None:
    content[section_header(image, ".data") + 4] = 14  # SHT_INIT_ARRAY


def entry_one_further(content: bytearray, image: ELFFile) -> None:
    put(content, 24, "Q", image["e_entry"] + 1)


def entry_in_data(content: bytearray, image: ELFFile) -> None:
    put(content, 24, "Q", section(image, ".data")["sh_addr"])


def section_elsewhere(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".rodata") + 8, "Q", 2 | 1)  # says that it is writable


def symbol_too_long(content: bytearray, image: ELFFile) -> None:
    last = section(image, ".symtab")["sh_size"] // SYMBOL - 1
    put(content, symbol_row(image, last) + 16, "Q", 1 << 40)


def symbols_swapped(content: bytearray, image: ELFFile) -> None:
    one, other = symbol_row(image, 3), symbol_row(image, 4)
    content[one:other], content[other : other + SYMBOL] = content[other : other + SYMBOL], content[one:other]


def global_symbol(content: bytearray, image: ELFFile) -> None:
    content[symbol_row(image, 3) + 4] |= 0x10


def nameless_function(content: bytearray, image: ELFFile) -> None:
    put(content, symbol_row(image, 3), "I", 0)


def same_name_twice(content: bytearray, image: ELFFile) -> None:
    put(content, symbol_row(image, 3), "I", struct.unpack_from("<I", content, symbol_row(image, 4))[0])


def other_abi(content: bytearray, image: ELFFile) -> None:
    content[content.index(elf.MARKER) + len(elf.MARKER) - 2] = ord("2")


def other_owner(content: bytearray, image: ELFFile) -> None:
    content[content.index(elf.MARKER) - 2] = ord("1")


def unchecked(content: bytearray, image: ELFFile) -> None:
    content[content.index(elf.MARKER) + len(elf.MARKER) - 1] = ord("u")


def grown(content: bytearray, image: ELFFile) -> None:
    """A longer file whose data takes what was added: only its size is wrong."""
    data, symbols, more = section(image, ".data"), section_header(image, ".symtab") + 24, elf.ZERO_BYTES
    put(content, 40, "Q", int(image["e_shoff"]) + more)
    put(content, symbols, "Q", int(section(image, ".symtab")["sh_offset"]) + more)
    for size in (program_header(2) + 32, program_header(2) + 40, section_header(image, ".data") + 32):
        put(content, size, "Q", data["sh_size"] + more)
    end = data["sh_offset"] + data["sh_size"]
    content[end:end] = bytes(more)


def word_in_rodata(word: bytes) -> Patch:
    def patch(content: bytearray, image: ELFFile) -> None:
        begin = section(image, ".rodata")["sh_offset"]
        content[begin : begin + len(word)] = word

    return patch


def segment_over_the_one_before(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(2) + 16, "Q", 0x400000 + elf.PAGE)
    put(content, program_header(2) + 24, "Q", 0x400000 + elf.PAGE)
    put(content, program_header(2) + 8, "Q", elf.PAGE)


def writable_code_section(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".text") + 8, "Q", 1 | 2 | 4)


def stack_of_a_size(content: bytearray, image: ELFFile) -> None:
    put(content, program_header(4) + 40, "Q", elf.PAGE)


def address_of_what_is_not_loaded(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".strtab") + 16, "Q", 0x400000)


def section_behind_the_end(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".data") + 32, "Q", len(content))


def section_over_another(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".rodata") + 32, "Q", section(image, ".rodata")["sh_size"] + 8)


def section_in_no_segment(content: bytearray, image: ELFFile) -> None:
    put(content, section_header(image, ".strtab") + 32, "Q", section(image, ".strtab")["sh_size"] + 1)


def object_in_text(content: bytearray, image: ELFFile) -> None:
    row = symbol_row(image, 3)
    content[row + 4] = content[row + 4] & 0xF0 | 1


def hidden_byte(content: bytearray, image: ELFFile) -> None:
    note = section(image, elf.NOTE)
    content[note["sh_offset"] + note["sh_size"]] = 1  # between the note and .rodata


def first_row(image: ELFFile, word: int) -> int:
    """Where the rows begin to which a word of the image table leads."""
    rodata, text = section(image, ".rodata"), section(image, ".text")
    table = rodata.data().index(struct.pack("<2Q", text["sh_addr"], text["sh_addr"] + text["sh_size"])) - rows.CODE_WORDS
    return int(rows.WORDS.unpack_from(rodata.data(), table)[word] - rodata["sh_addr"] + rodata["sh_offset"])


def trap_further_on(content: bytearray, image: ELFFile) -> None:
    content[first_row(image, 0)] ^= 2  # the low bits of its offset


def function_of_another_size(content: bytearray, image: ELFFile) -> None:
    content[first_row(image, 1)] ^= 2


def file_that_is_not_there(content: bytearray, image: ELFFile) -> None:
    content[first_row(image, 1) + 2] = 126  # behind the two bytes of a size


def message_gone(content: bytearray, image: ELFFile) -> None:
    at = content.rindex(b"index %dB")  # the compiler has the text twice: it writes messages
    content[at : at + 1] = b"\0"


MUTANTS: Tuple[Tuple[str, Patch], ...] = (
    ("header", other_machine),
    ("segments", segment_off_its_page),
    ("segments sections-in-segments", segment_over_the_one_before),
    ("no-writable-code sections-in-segments", writable_code),
    ("no-writable-code stack-is-data", executable_stack),
    ("no-writable-code sections-in-segments", writable_code_section),
    ("stack-is-data", executable_stack_without_write),
    ("stack-is-data", stack_of_a_size),
    ("stands-alone stack-is-data", interpreter),
    ("stands-alone", start_up_array),
    ("entry-in-text", entry_one_further),
    ("entry-in-text", entry_in_data),
    ("sections-in-segments", section_elsewhere),
    ("sections-in-segments", address_of_what_is_not_loaded),
    ("sections-in-segments", section_behind_the_end),
    ("sections-in-segments", section_over_another),
    ("sections-in-segments", section_in_no_segment),
    ("symbols-in-sections", symbol_too_long),
    ("symbols-in-sections", object_in_text),
    ("symbols-sorted symbols-in-sections", symbols_swapped),
    ("symbols-sorted", global_symbol),
    ("symbols-named rows-tell-of-code", nameless_function),
    ("symbols-named rows-tell-of-code", same_name_twice),
    ("abi-note", other_abi),
    ("abi-note", other_owner),
    ("checks-are-in", unchecked),
    ("sizes", grown),
    ("no-trace-of-the-build", word_in_rodata(b"2026-11-21")),
    ("no-trace-of-the-build", word_in_rodata(b"/home/someone/0x0/compiler")),
    ("every-byte-has-a-home", hidden_byte),
    ("rows-tell-of-code", trap_further_on),
    ("rows-tell-of-code", function_of_another_size),
    ("rows-tell-of-code", file_that_is_not_there),
    ("rows-tell-of-code", message_gone),
)


def answers(zero: Path) -> Dict[str, Answer]:
    found = [judge(claim, zero.parent.parent.parent, zero) for claim in elf.CLAIMS]
    return {answer.claim.name.partition("/")[2]: answer for answer in found}


@pytest.fixture(scope="module")
def tree(zero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree that has the library and a place for a compiler."""
    top = tmp_path_factory.mktemp("tree")
    (top / "build" / "bin").mkdir(parents=True)
    (top / "lib").symlink_to(TOP / "lib")
    shutil.copy(zero, top / "build" / "bin" / "zero")
    return top


def patched(tree: Path, patch: Patch) -> Path:
    zero = tree / "build" / "bin" / "zero"
    sound = (TOP / "build" / "bin" / "zero").read_bytes()
    content = bytearray(sound)
    with (TOP / "build" / "bin" / "zero").open("rb") as file:
        patch(content, ELFFile(file))
    assert bytes(content) != sound
    zero.unlink()
    zero.write_bytes(bytes(content))
    zero.chmod(0o755)
    return zero


def test_the_compilers_file_and_a_compiled_program_hold(zero: Path) -> None:
    assert {name: answer.reason or answer.findings for name, answer in answers(zero).items() if answer.verdict is not Verdict.HOLDS} == {}


@pytest.mark.parametrize(("names", "patch"), MUTANTS, ids=[f"{names.split()[0]}-{index}" for index, (names, _) in enumerate(MUTANTS)])
def test_a_patch_turns_its_claims_red_and_no_other(names: str, patch: Patch, tree: Path) -> None:
    red = [name for name, answer in answers(patched(tree, patch)).items() if answer.verdict is Verdict.BROKEN]
    assert sorted(red) == sorted(names.split())


def test_every_claim_has_a_mutant() -> None:
    seen = {name for names, _ in MUTANTS for name in names.split()}
    claims = {claim.name.partition("/")[2] for claim in elf.CLAIMS}
    assert claims - seen == {"place-leaves-no-mark"}  # the next test


def test_a_place_that_leaves_a_mark_is_seen(tree: Path) -> None:
    zero = tree / "build" / "bin" / "zero"
    zero.unlink()
    zero.write_text('#!/bin/sh\necho "$3" > "$4"\npwd >> "$4"\n')
    zero.chmod(0o755)
    assert answers(zero)["place-leaves-no-mark"].verdict is Verdict.BROKEN


def test_what_is_no_elf_file_breaks_every_claim_on_files(tree: Path) -> None:
    zero = tree / "build" / "bin" / "zero"
    for content in (b"", b"\x7fELF", b"\x7fELF\x02\x01" + bytes(100), (TOP / "build" / "bin" / "zero").read_bytes()[:5000]):
        zero.unlink()
        zero.write_bytes(content)
        of_bytes = ("sizes", "no-trace-of-the-build", "place-leaves-no-mark")
        green = [name for name, answer in answers(zero).items() if answer.verdict is Verdict.HOLDS and name not in of_bytes]
        assert green == []


def test_a_release_that_was_made_without_checks_is_seen(zero: Path, tmp_path: Path) -> None:
    (tmp_path / "build" / "bin").mkdir(parents=True)
    (tmp_path / "lib").symlink_to(TOP / "lib")
    shutil.copy(zero, tmp_path / "build" / "bin" / "zero")
    released = tmp_path / "build" / "release" / "v9" / "bin" / "zero"
    released.parent.mkdir(parents=True)
    content = bytearray(zero.read_bytes())
    content[content.index(elf.MARKER) + len(elf.MARKER) - 1] = ord("u")
    released.write_bytes(bytes(content))
    answer = answers(tmp_path / "build" / "bin" / "zero")["checks-are-in"]
    paths: List[str] = [str(finding.path) for finding in answer.findings]
    assert set(paths) == {"build/release/v9/bin/zero"}


def test_without_a_compiler_nothing_is_green(tmp_path: Path) -> None:
    assert {answer.verdict for answer in answers(tmp_path / "build" / "bin" / "zero").values()} == {Verdict.NOT_MEASURED}
