"""The offline verifier: what it proves, that it refuses every change by its name, and that nothing it reads harms it."""

from __future__ import annotations

import ast
import base64
import gzip
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from release import verify
from release.verify import (
    BINARIES,
    GZIP_HEADER,
    ORDER,
    PAYLOAD_TYPE,
    SIGNED,
    UNSIGNED,
    Entry,
    Refused,
    canonical,
    pre_authentication,
    read_json,
    sha256_of,
    signature_holds,
    tar_header,
    usable_key,
)
from tests.conftest import TOP
from tests.needs import need
from tests.release.small_release import BINARY, Parts, signer_of, write_release

pytestmark = pytest.mark.slow  # together they take more than `make quick` may

VERIFIER = TOP / "release" / "verify.py"
ARCHIVE = "zero-0.1.0-linux-x86_64.tar.gz"
KEY = signer_of(1).public
OTHER_KEY = signer_of(2).public
MEMORY = 1 << 30  # more than that no input may cost


def judge(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> Tuple[int, str]:
    status = verify.main([str(path), *options])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def refused(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> str:
    """What the verifier says of a release that it must refuse."""
    status, text = judge(capsys, path, *options)
    assert status == 1 and "refused: " in text and "\nnot verified: " in text, text
    assert "proven: " not in text and "Traceback" not in text
    return text


# What it accepts


def test_unsigned_release_is_verified_and_said_to_be_unsigned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = judge(capsys, write_release(tmp_path))
    assert status == 0, text
    assert "proven: the 13 files of the product are exactly those of its manifest" in text
    assert "not proven: who made it: statement.unsigned.json is NOT SIGNED" in text
    assert "not proven: that the source gives these bytes" in text


def test_signed_release_is_verified_by_its_key_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path, key=1)
    status, text = judge(capsys, place, "--key", KEY, "--require-signature")
    assert status == 0 and f"signed by a key that you trust: {KEY}" in text, text
    assert "none of which is a key that you gave" in refused(capsys, place, "--key", OTHER_KEY)
    status, text = judge(capsys, place)
    assert status == 0 and f"not proven: who made it: {SIGNED} is signed by {KEY}, but no --key was given" in text
    assert "name the key that you trust by --key" in refused(capsys, place, "--require-signature")
    status, text = judge(capsys, place, "--key", OTHER_KEY, "--key", KEY)
    assert status == 0, text


def test_unsigned_release_is_refused_where_a_signature_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path)
    assert "is not signed, and a signature was asked for" in refused(capsys, place, "--require-signature")
    assert f"is not signed; a signature by {KEY} was asked for" in refused(capsys, place, "--key", KEY)


def test_key_may_be_a_pem_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEY))
    pem = tmp_path / "key.pub.pem"
    pem.write_bytes(public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    assert judge(capsys, write_release(tmp_path, key=1), "--key", str(pem))[0] == 0


def test_archive_is_verified_with_the_statement_beside_it_or_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path, key=1)
    status, text = judge(capsys, place / ARCHIVE, "--key", KEY)
    assert status == 0 and "the evidence is not in an archive" in text, text
    alone = tmp_path / "downloaded.tar.gz"
    shutil.copy(place / ARCHIVE, alone)
    assert judge(capsys, alone, "--key", KEY, "--statement", str(place / SIGNED))[0] == 0
    assert "is not signed" in refused(capsys, alone, "--key", KEY)
    status, text = judge(capsys, alone)
    assert status == 0 and "no statement is given) is NOT SIGNED" in text


@pytest.mark.parametrize("umask", ["022", "077", "002"])
def test_what_tar_unpacks_is_verified_under_any_umask(tmp_path: Path, capsys: pytest.CaptureFixture[str], umask: str) -> None:
    place = write_release(tmp_path, key=1)
    command = f"umask {umask} && {need('tar')} --no-same-permissions -xzf {place / ARCHIVE} -C {tmp_path}"
    subprocess.run(["sh", "-c", command], check=True)
    status, text = judge(capsys, tmp_path / "zero-0.1.0", "--key", KEY, "--statement", str(place / SIGNED))
    assert status == 0, text
    statement_of_other = write_release(tmp_path / "other", lambda parts: change_file(parts, "README.md", b"other\n"), key=1) / SIGNED
    text = refused(capsys, tmp_path / "zero-0.1.0", "--key", KEY, "--statement", str(statement_of_other))
    assert "README.md has SHA-256" in text


def test_answer_in_json_says_the_same(tmp_path: Path) -> None:
    place = write_release(tmp_path, key=1)
    command = [sys.executable, str(VERIFIER), str(place), "--json"]
    good = subprocess.run(command, capture_output=True, check=True).stdout
    answer = read_json("answer", good)
    assert answer["verified"] and answer["version"] == "0.1.0" and answer["signers"] == [KEY] and answer["reasons"] == []
    (place / "LICENSE").unlink()
    bad = subprocess.run(command, capture_output=True)
    answer = read_json("answer", bad.stdout)
    assert bad.returncode == 1 and not answer["verified"] and answer["proven"] == []
    assert "LICENSE is missing from the release" in answer["reasons"]


# One change to one file: refused, by the name of the file


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def rename(path: Path) -> None:
    path.rename(path.with_name("Z" + path.name))


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: Dict[str, Callable[[Path], object]] = {
    "flipped-byte": flip,
    "first-byte": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 0x80]) + path.read_bytes()[1:]),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
    "grown": grow,
    "missing": lambda path: path.unlink(),
    "renamed": rename,
    "world-writable": lambda path: path.chmod(0o666),
    "set-user": lambda path: path.chmod(0o4755),
    "other-owner-bits": lambda path: path.chmod(path.stat().st_mode ^ 0o100),
    "pipe": make_pipe,
    "folder": make_folder,
}
NAMES = sorted(Parts().whole()) + [SIGNED, "evidence/" + SIGNED]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_any_file_is_refused_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], object]
) -> None:
    for number, name in enumerate(NAMES):
        signed = name.endswith(SIGNED)
        place = write_release(tmp_path / str(number), key=1 if signed else None)
        change(place / name)
        text = refused(capsys, place)
        assert name in text or name.split("/")[-1] in text, (name, text)


def test_a_symbolic_link_is_refused_even_to_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(sorted(Parts().whole())):
        place = write_release(tmp_path / str(number))
        (place / name).rename(tmp_path / f"{number}.moved")
        (place / name).symlink_to(tmp_path / f"{number}.moved")
        assert f"{name} is a symbolic link, not a file" in refused(capsys, place)


MORE = ("more", "lib/std/more.0x0", "docs/more.md", "bin/more", "evidence/more", "evidence/reports/more/report.json", "zero-2.tar.gz", SIGNED)


@pytest.mark.parametrize("name", MORE)
def test_one_file_too_many_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    place = write_release(tmp_path)
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(b"{}\n")
    text = refused(capsys, place)
    assert name.split("/", 1)[-1] in text and ("one too many" in text or "missing" in text)


@pytest.mark.parametrize("name", [".hidden", "-rf", "a b", "new\nline", "größe", "\udcff\udcfe", "x" * 101, "\x1b[31mred"])
def test_a_strange_name_is_refused_and_shown_plainly(tmp_path: Path, name: str) -> None:
    place = write_release(tmp_path)
    (place / name).write_bytes(b"")
    result = subprocess.run([sys.executable, str(VERIFIER), str(place)], capture_output=True)
    assert result.returncode == 1 and b"not a name that a release has" in result.stdout
    assert all(byte == 10 or 32 <= byte < 127 for byte in result.stdout), "escapes reach the terminal"
    assert result.stderr == b""


def test_an_empty_directory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path)
    (place / "docs" / "more").mkdir()
    assert "docs/more/ is an empty directory" in refused(capsys, place)


def test_a_statement_cannot_be_left_out_to_pass_for_unsigned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path, key=1)
    (place / SIGNED).unlink()
    assert "statement.unsigned.json is missing" in refused(capsys, place)
    (place / UNSIGNED).write_bytes(payload_of(write_release(tmp_path / "other", key=1) / SIGNED))
    assert "one too many" in refused(capsys, place)  # the evidence is still signed


def payload_of(path: Path) -> bytes:
    return base64.b64decode(json.loads(path.read_bytes())["payload"])


# Changes that are hashed and signed like the rest: a release that was made wrongly, or by someone who lies


def change_file(parts: Parts, name: str, content: Optional[bytes], mode: int = 0o644) -> None:
    if content is None:
        del parts.files[name]
    else:
        parts.files[name] = Entry(mode, content)


def change_binary(parts: Parts, content: bytes, names: Tuple[str, ...] = BINARIES) -> None:
    for name in names:
        parts.files[name] = Entry(0o755, content)
    for stage in parts.ledger["stages"][1:]:
        stage["sha256"] = sha256_of(content)


def change_source(parts: Parts, **values: Any) -> None:
    for key, value in values.items():
        object.__setattr__(parts, "source", parts.source.__class__(**{**vars(parts.source), key: value}))


def change_ledger(parts: Parts, **values: Any) -> None:
    parts.ledger.update(values)


def change_bill(change: Callable[[Dict[str, Any]], object], renumber: bool = True) -> Callable[[Parts], Dict[str, Any]]:
    def changed(parts: Parts) -> Dict[str, Any]:
        bill = parts.bill()
        change(bill)
        if renumber:
            bill["serialNumber"] = verify.bill_serial(bill)
        return bill

    return changed


def add_evidence(parts: Parts, name: str, content: bytes) -> None:
    parts.evidence[name] = Entry(0o644, content)


def leave_out_a_name(parts: Parts) -> Dict[str, Any]:
    bill = parts.bill()
    change_file(parts, "bin/zero-elf-compiler", None)
    return bill


LIES: Dict[str, Tuple[Callable[[Parts], Any], str]] = {
    "no-licence": (lambda p: change_file(p, "LICENSE", None), "LICENSE is missing from the release"),
    "one-name-only": (leave_out_a_name, "bin/zero-elf-compiler is missing"),
    "no-verifier": (lambda p: change_file(p, "verify.py", None), "verify.py is missing"),
    "library-left-out": (lambda p: change_file(p, "lib/std/vec.0x0", None), "lib/std/vec.0x0 is missing from lib/"),
    "library-changed": (lambda p: change_file(p, "lib/std/vec.0x0", b"bad\n"), "lib/std/vec.0x0 has SHA-256"),
    "library-added": (lambda p: change_file(p, "lib/std/bad.0x0", b"bad\n"), "lib/std/bad.0x0 in lib/ is one too many"),
    "other-version": (lambda p: change_file(p, "VERSION", b"0.2.0\n"), "VERSION is not 0.1.0"),
    "binaries-differ": (lambda p: change_file(p, "bin/zero-elf-compiler", BINARY + b"x", 0o755), "they are one binary under two names"),
    "no-elf": (lambda p: change_binary(p, b"#!/bin/sh\n# 0x0 ABI 0.1\0"), "bin/zero is no ELF file"),
    "other-machine": (lambda p: change_binary(p, BINARY.replace(b"\x3e\x00", b"\xb7\x00")), "bin/zero is no ELF file for x86-64"),
    "no-marker": (lambda p: change_binary(p, BINARY.replace(b"ABI 0.1", b"ABI 0.9")), "bin/zero lacks the marker 0x0 ABI 0.1"),
    "plain-mode": (lambda p: p.files.update({n: Entry(0o644, BINARY) for n in BINARIES}), "bin/zero has the class reproduced or the mode 0644"),
    "not-stage2": (lambda p: p.files.update({n: Entry(0o755, BINARY + b"x") for n in BINARIES}), "ledger.json says that stage2 has"),
    "from-a-root": (lambda p: change_ledger(p, origin="trusted root"), "which is grown from the seed"),
    "stages-not-compared": (lambda p: change_ledger(p, equal=[]), "stage2 and stage3 were not compared"),
    "stages-said-equal": (lambda p: change_ledger(p, equal=[["stage2", "zero-next"]]), "are said to be equal, and are not"),
    "equal-to-nothing": (lambda p: change_ledger(p, equal=[["stage2", "stage4"]]), "equal names stages that there are not"),
    "three-are-equal": (lambda p: p.ledger["equal"].append(["stage2", "stage3", "zero-next"]), "equal names stages that there are not"),
    "one-is-equal": (lambda p: p.ledger["equal"].append(["stage2"]), "equal names stages that there are not"),
    "stage-twice": (lambda p: change_ledger(p, stages=[*p.ledger["stages"], p.ledger["stages"][2]]), "a stage is given twice"),
    "ledger-of-other-form": (lambda p: change_ledger(p, format="x"), "not the ledger of a release"),
    "unknown-key-of-ledger": (lambda p: change_ledger(p, more=1), "ledger.json: the key more is unknown"),
    "inputs-no-hashes": (lambda p: change_ledger(p, inputs={**p.ledger["inputs"], "compiler/x": "?"}), "not an object of SHA-256 by name"),
    "bill-lacks-a-file": (change_bill(lambda b: b["components"].remove(library_of(b))), "is missing from sbom.cdx.json"),
    "bill-of-other-hash": (change_bill(lambda b: library_of(b)["hashes"][0].update(content="0" * 64)), "manifest and ledger say"),
    "bill-of-other-version": (change_bill(lambda b: b["metadata"]["component"].update(version="9.9.9")), "not the bill of zero 0.1.0"),
    "bill-of-random-serial": (change_bill(lambda b: b.update(serialNumber="urn:uuid:0"), False), "its serial number is not that of its"),
    "bill-of-other-kind": (change_bill(lambda b: b.update(bomFormat="SPDX")), "not a CycloneDX bill"),
    "bill-without-list": (change_bill(lambda b: b.update(components={})), "its components are no list"),
    "bill-without-reference": (change_bill(lambda b: library_of(b).pop("bom-ref")), "a component has no reference"),
    "bill-without-hash": (change_bill(lambda b: library_of(b).update(hashes=[])), "has not one SHA-256"),
    "bill-of-weak-hash": (change_bill(lambda b: library_of(b)["hashes"][0].update(alg="MD5")), "has not one SHA-256"),
    "commit-malformed": (lambda p: change_source(p, commit="main"), "manifest.json: commit: main is not of the form"),
    "tree-unknown": (lambda p: change_source(p, tree="swept"), "tree or commit_seconds is not of its form"),
    "time-negative": (lambda p: change_source(p, commit_seconds=-1), "tree or commit_seconds is not of its form"),
    "evidence-of-other-stages": (lambda p: add_evidence(p, "chain/measured.json", b'{"stages":[]}\n'), "stages are not those of ledger.json"),
}


def library_of(bill: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = next(item for item in bill["components"] if item["bom-ref"] == "lib/std/vec.0x0")
    return found


@pytest.mark.parametrize(("change", "reason"), LIES.values(), ids=LIES.keys())
def test_a_lie_that_is_hashed_and_signed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Parts], Any], reason: str
) -> None:
    assert reason in refused(capsys, write_release(tmp_path, change, key=1), "--key", KEY)


def test_dirty_tree_and_absent_evidence_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(parts: Parts) -> None:
        change_source(parts, tree="dirty")
        for name in list(parts.evidence):
            if not name.startswith("chain/"):
                del parts.evidence[name]

    status, text = judge(capsys, write_release(tmp_path, change))
    assert status == 0, text
    for line in ("the tree was DIRTY", "there are no reports in this release", "there are no witnesses in this release"):
        assert f"not proven: {line}" in text or line in text


def rewrite(place: Path, name: str, change: Callable[[Dict[str, Any]], object]) -> None:
    content = json.loads((place / name).read_bytes())
    change(content)
    (place / name).write_bytes(canonical(content))


# One word of one file, with nothing made to fit: the reason is the word, not only the hash


REWRITES: Dict[str, Tuple[str, Callable[[Dict[str, Any]], object], str]] = {
    "subject-missing": (UNSIGNED, lambda s: s["subject"].pop(), "is missing from the subjects of statement.unsigned.json"),
    "subject-twice": (UNSIGNED, lambda s: s["subject"].append(s["subject"][-1]), "not sorted, or one is given twice"),
    "other-digest": (UNSIGNED, lambda s: s["subject"][0]["digest"].update(sha256="0" * 64), "statement.unsigned.json says 000"),
    "weak-digest": (UNSIGNED, lambda s: s["subject"][0]["digest"].update(md5="0" * 32), "the key md5 is unknown"),
    "other-predicate": (UNSIGNED, lambda s: s.update(predicateType="https://example.org/"), "is not what manifest.json and ledger.json say"),
    "other-chain": (UNSIGNED, lambda s: s["predicate"]["chain"].update(origin="x"), "is not what manifest.json and ledger.json say"),
    "other-commit": (UNSIGNED, lambda s: s["predicate"]["release"].update(commit="0" * 40), "is not what manifest.json and ledger.json say"),
    "other-type": (UNSIGNED, lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "not an in-toto statement"),
    "evidence-of-other-product": ("evidence/" + UNSIGNED, lambda s: s["predicate"].update(product="0" * 64), "not of this product's evidence"),
    "manifest-unsorted": ("manifest.json", lambda m: m["files"].reverse(), "manifest.json: its files are not sorted"),
    "manifest-twice": ("manifest.json", lambda m: m["files"].append(m["files"][-1]), "or one is given twice"),
    "manifest-of-other-form": ("manifest.json", lambda m: m.update(format="x"), "not of the format 0x0 release manifest 1"),
    "manifest-of-other-class": ("manifest.json", lambda m: m.update({"class": "measured"}), "not of the format 0x0 release manifest 1"),
    "manifest-of-the-far-future": ("manifest.json", lambda m: m.update(commit_seconds=8**11), "tree or commit_seconds is not of its form"),
    "manifest-measured": ("manifest.json", lambda m: m["files"][0].update({"class": "measured"}), "LICENSE has the class measured"),
    "manifest-of-other-role": ("manifest.json", lambda m: m["files"][0].update(role="library"), "LICENSE has not the role library"),
    "manifest-of-other-size": ("manifest.json", lambda m: m["files"][0].update(size=5), "LICENSE has 4 bytes, manifest.json says 5"),
    "manifest-size-is-text": ("manifest.json", lambda m: m["files"][0].update(size="4"), "size is not of the type int"),
    "manifest-size-is-true": ("manifest.json", lambda m: m["files"][0].update(size=True), "size is not of the type int"),
    "manifest-leads-out": ("manifest.json", lambda m: m["files"][0].update(path="../LICENSE"), "not a name that a release has"),
    "manifest-of-other-abi": ("manifest.json", lambda m: m.update(abi="0x0 ABI 0.2"), "ABI and platform are not"),
    "manifest-of-other-platform": ("manifest.json", lambda m: m.update(platform="plan9"), "ABI and platform are not"),
    "evidence-of-other-form": ("evidence/manifest.json", lambda m: m.update(format="x"), "not of the format 0x0 release evidence 1"),
    "evidence-of-no-product": ("evidence/manifest.json", lambda m: m.update(product="0" * 64), "it is of another product"),
    "evidence-of-other-class": ("evidence/manifest.json", lambda m: m["files"][0].update({"class": "reproduced"}), "has the class reproduced"),
    "evidence-of-other-predicate": ("evidence/" + UNSIGNED, lambda s: s.update(predicateType="x"), "not of this product's evidence"),
    "evidence-of-other-mode": ("evidence/manifest.json", lambda m: m["files"][0].update(mode="0755"), "or the mode 0755"),
    "no-signatures": (SIGNED, lambda e: e.update(signatures=[]), "0 signatures"),
    "too-many-signatures": (SIGNED, lambda e: e.update(signatures=e["signatures"] * 17), "17 signatures"),
    "signed-twice": (SIGNED, lambda e: e.update(signatures=e["signatures"] * 2), "a key signed twice"),
    "other-payload-type": (SIGNED, lambda e: e.update(payloadType="text/plain"), "not an envelope of an in-toto statement"),
    "loose-base64": (SIGNED, lambda e: e.update(payload=e["payload"] + "="), "not an envelope of an in-toto statement"),
    "other-key": (SIGNED, lambda e: e["signatures"][0].update(keyid=OTHER_KEY), f"the signature of key {OTHER_KEY} does not hold"),
    "key-no-hash": (SIGNED, lambda e: e["signatures"][0].update(keyid="root"), "a key: root is not of the form"),
    "other-payload": (SIGNED, lambda e: e.update(payload=base64.b64encode(b"{}\n").decode()), "does not hold"),
}


@pytest.mark.parametrize(("name", "change", "reason"), REWRITES.values(), ids=REWRITES.keys())
def test_a_wrong_statement_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, change: Callable[[Dict[str, Any]], object], reason: str
) -> None:
    place = write_release(tmp_path, key=1 if name == SIGNED else None)
    rewrite(place, name, change)
    assert reason in refused(capsys, place)


def test_sums_are_compared_by_themselves_not_only_by_what_hashes_them() -> None:
    files = {"a": Entry(0o644, b"x"), "b": Entry(0o644, b"y")}
    sums = verify.sums_of(files)
    rows = (
        (sums.replace(b"  a", b"  c"), "x/SHA256SUMS: line 1 is"),
        (sums.replace(sha256_of(b"y").encode(), sha256_of(b"z").encode()), "x/SHA256SUMS: line 2 is"),
        (sums[: sums.index(b"\n") + 1], "x/SHA256SUMS: line 2 is"),
        (sums[:-1], "x/SHA256SUMS: 2 lines instead of 3"),
        (sums + sums, "x/SHA256SUMS: line 3 is"),
        (sums + b"\n", "x/SHA256SUMS: 4 lines instead of 3"),
    )
    verify.check_sums("x/", {**files, "SHA256SUMS": Entry(0o644, sums)})
    for content, words in rows:
        with pytest.raises(Refused) as caught:
            verify.check_sums("x/", {**files, "SHA256SUMS": Entry(0o644, content)})
        assert words in str(caught.value), content


def test_several_people_may_sign_one_statement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = write_release(tmp_path / "1", key=1), write_release(tmp_path / "2", key=2)
    assert payload_of(first / SIGNED) == payload_of(second / SIGNED), "two makers sign the same bytes"
    other = json.loads((second / SIGNED).read_bytes())["signatures"]
    rewrite(first, SIGNED, lambda envelope: envelope["signatures"].extend(other))
    for key in (KEY, OTHER_KEY):
        status, text = judge(capsys, first / ARCHIVE, "--key", key)
        assert status == 0 and f"signed by a key that you trust: {key}" in text, text
    rewrite(first, SIGNED, lambda envelope: envelope["signatures"][1].update(sig=envelope["signatures"][0]["sig"]))
    assert f"the signature of key {OTHER_KEY} does not hold" in refused(capsys, first / ARCHIVE, "--key", KEY)


def test_evidence_of_another_signer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, other = write_release(tmp_path / "1", key=1), write_release(tmp_path / "2", key=2)
    shutil.copy(other / "evidence" / SIGNED, place / "evidence" / SIGNED)
    assert f"evidence/{SIGNED} is signed by {OTHER_KEY}, none of which" in refused(capsys, place, "--key", KEY)


def test_a_verdict_on_time_is_measured_and_others_are_reproduced(tmp_path: Path) -> None:
    files = json.loads((write_release(tmp_path) / "evidence/manifest.json").read_bytes())["files"]
    classes = {item["path"]: item["class"] for item in files}
    assert classes["reports/perf/report.json"] == classes["reports/normal-path/measured.json"] == "measured"
    assert classes["reports/normal-path/report.json"] == classes["witnesses/report.json"] == "reproduced"


def test_evidence_that_denies_what_is_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path)
    rewrite(place, "evidence/manifest.json", lambda m: m.update(absent=["witnesses"]))
    assert "absent is" in refused(capsys, place)


# The archive


def packed(files: Dict[str, bytes], top: str = "zero-0.1.0/") -> bytes:
    return b"".join(tar_header(top + name, len(data), 0o644, 0) + data + b"\0" * (-len(data) % 512) for name, data in files.items())


def zipped(plain: bytes) -> bytes:
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = zlib.crc32(plain).to_bytes(4, "little") + (len(plain) & 0xFFFFFFFF).to_bytes(4, "little")
    return GZIP_HEADER + encoder.compress(plain) + encoder.flush() + tail


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", format: Any = tarfile.USTAR_FORMAT) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info.tobuf(format, "utf-8", "surrogateescape")


END = b"\0" * 1024
ARCHIVES: Dict[str, Tuple[Callable[[], bytes], str]] = {
    "no-gzip": (lambda: b"PK\x03\x04", "no gzip file"),
    "empty": (lambda: b"", "no gzip file"),
    "gzip-with-a-time": (lambda: gzip.compress(END, mtime=1), "its header names a time"),
    "cut-off": (lambda: zipped(packed({"a": b"x"}) + END)[:-9], "the archive is cut off"),
    "damaged": (lambda: GZIP_HEADER + b"\xff" * 100, "the archive is damaged"),
    "trailing-bytes": (lambda: zipped(packed({"a": b"x"}) + END) + b"x", "1 bytes follow the end of the archive"),
    "two-gzip-members": (lambda: zipped(END) * 2, "bytes follow the end of the archive"),
    "no-files": (lambda: zipped(END), "0 top folders"),
    "two-tops": (lambda: zipped(packed({"a": b"x"}) + packed({"a": b"x"}, "zero-0.1.1/") + END), "2 top folders"),
    "parent": (lambda: zipped(packed({"../../etc/passwd": b"x"}) + END), "zero-0.1.0/../../etc/passwd: not a name"),
    "absolute": (lambda: zipped(packed({"passwd": b"x"}, "/etc/") + END), "/etc/passwd: not a name"),
    "symbolic-link": (lambda: zipped(member("zero-0.1.0/a", tarfile.SYMTYPE, "/etc/passwd") + END), "zero-0.1.0/a: not a plain file"),
    "hard-link": (lambda: zipped(member("zero-0.1.0/a", tarfile.LNKTYPE, "b") + END), "zero-0.1.0/a: not a plain file"),
    "device": (lambda: zipped(member("zero-0.1.0/a", tarfile.CHRTYPE) + END), "zero-0.1.0/a: not a plain file"),
    "pipe": (lambda: zipped(member("zero-0.1.0/a", tarfile.FIFOTYPE) + END), "zero-0.1.0/a: not a plain file"),
    "folder": (lambda: zipped(member("zero-0.1.0/a", tarfile.DIRTYPE) + END), "not a"),
    "long-name": (lambda: zipped(member("zero-0.1.0/" + "a" * 200, format=tarfile.GNU_FORMAT) + END), "not a"),
    "extended-header": (lambda: zipped(member("zero-0.1.0/" + "ä" * 20, format=tarfile.PAX_FORMAT) + END), "not a"),
    "sparse": (lambda: zipped(member("zero-0.1.0/a", tarfile.GNUTYPE_SPARSE) + END), "not a plain file"),
    "not-utf-8": (lambda: zipped(tar_header("zero-0.1.0/a", 0, 0o644, 0).replace(b"0/a", b"0/\xff") + END), "its name is not ASCII"),
    "checksum": (lambda: zipped(packed({"a": b"x"}).replace(b"ustar", b"vstar") + END), "not a plain file"),
    "negative-size": (lambda: zipped(tar_header("zero-0.1.0/a", 0, 0o644, 0).replace(b"0" * 11 + b"\0", b"\xff" * 12) + END), "malformed"),
    "size-beyond-the-end": (lambda: zipped(tar_header("zero-0.1.0/a", 9000, 0o644, 0) + END), "cut off"),
    "huge-size": (lambda: zipped(tar_header("zero-0.1.0/a", 8**11 - 1, 0o644, 0) + END), "bytes in all"),
    "twice": (lambda: zipped(packed({"a": b"x"}) * 2 + END), "given twice"),
    "out-of-order": (lambda: zipped(packed({"b": b"x", "a": b"x"}) + END), "out of order"),
    "hidden-in-the-padding": (lambda: zipped(tar_header("zero-0.1.0/a", 1, 0o644, 0) + b"x" * 512 + END), "wrongly padded"),
    "too-many": (lambda: zipped(packed({f"{n:06}": b"" for n in range(6000)}) + END), "more than 4096 files"),
    "bomb": (lambda: zipped(b"\0" * (100 << 20)), "unpacks to more than"),
    "not-a-release": (lambda: zipped(packed({"a": b"x"}) + END), "manifest.json is missing"),
}


@pytest.mark.parametrize(("make", "reason"), ARCHIVES.values(), ids=ARCHIVES.keys())
def test_a_hostile_archive_is_refused(tmp_path: Path, make: Callable[[], bytes], reason: str) -> None:
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(make())
    assert reason in hostile(path)


def hostile(path: Path) -> str:
    """What the verifier says of a hostile input, as a process of its own with little memory and time."""
    result = subprocess.run(
        [sys.executable, str(VERIFIER), str(path)],
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert result.returncode == 1 and result.stderr == "", result.stdout[-2000:] + result.stderr[-2000:]
    assert len(result.stdout) < 20_000
    return result.stdout


def test_archive_of_the_same_files_in_another_form_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = write_release(tmp_path)
    plain = gzip.decompress((place / ARCHIVE).read_bytes())
    late = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain)) as old, tarfile.open(fileobj=late, mode="w", format=tarfile.USTAR_FORMAT) as new:
        for item in old.getmembers():
            item.mtime += 1
            new.addfile(item, old.extractfile(item))
    (place / ARCHIVE).write_bytes(zipped(late.getvalue()))
    assert ARCHIVE in refused(capsys, place)
    (place / ARCHIVE).write_bytes(zipped(plain + b"\0" * 512))
    assert ARCHIVE in refused(capsys, place)


# JSON that is hostile


JSON: Dict[str, Tuple[bytes, str]] = {
    "deep-lists": (b"[" * 200_000 + b"]" * 200_000, "nested deeper than 16"),
    "deep-objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than 16"),
    "seventeen-deep": (b"[" * 17 + b"]" * 17 + b"\n", "nested deeper than 16"),
    "huge-number": (b"1" * 1_000_000 + b"\n", "a number is too large"),
    "above-two-to-53": (b"9007199254740992\n", "a number is too large"),
    "float": (b"1.5\n", "only integers are allowed"),
    "exponent": (b"1e999999999\n", "only integers are allowed"),
    "nan": (b"NaN\n", "only integers are allowed"),
    "infinity": (b"-Infinity\n", "only integers are allowed"),
    "duplicate": (b'{"a":1,"a":1}\n', "a key is given twice"),
    "not-utf-8": (b'"\xff"\n', "not JSON in UTF-8"),
    "byte-order-mark": (b"\xef\xbb\xbf{}\n", "not JSON in UTF-8"),
    "utf-16": ("{}".encode("utf-16"), "not JSON in UTF-8"),
    "half-a-pair": (b'"\\ud800"\n', "not in canonical form"),
    "spaces": (b'{"a": 1}\n', "not in canonical form"),
    "unsorted": (b'{"b":1,"a":1}\n', "not in canonical form"),
    "no-line-feed": (b"{}", "not in canonical form"),
    "minus-zero": (b"-0\n", "not in canonical form"),
    "escaped": (b'"\\u0041"\n', "not in canonical form"),
    "two-values": (b"{}{}\n", "not JSON in UTF-8"),
    "zero-bytes": (b"\0" * 1000, "not JSON in UTF-8"),
    "large": (b" " * (9 << 20), "larger than 8388608 bytes"),
    "no-object": (b"[]\n", "not an object"),
    "empty-object": (b"{}\n", "has no"),
}


@pytest.mark.parametrize("name", ["manifest.json", "ledger.json", "sbom.cdx.json", UNSIGNED, "evidence/manifest.json"])
def test_hostile_json_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    place = write_release(tmp_path)
    for content, reason in JSON.values():
        (place / name).write_bytes(content)
        text = refused(capsys, place)
        assert name in text
        if name in ("manifest.json", "evidence/manifest.json", UNSIGNED):
            assert reason in text, (name, content[:40], text)


def test_hostile_json_costs_little(tmp_path: Path) -> None:
    place = write_release(tmp_path)
    wide = (b"[" + b"[]," * 2_700_000 + b"[]]\n", b'{"a":[' + b"{}," * 2_700_000 + b"{}]}\n", b'"' + b"\\u0000" * 1_300_000 + b'"\n')
    for content in [*wide, *(content for content, _ in JSON.values())]:
        (place / "manifest.json").write_bytes(content)
        hostile(place)


def test_types_are_checked_in_every_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every value of every JSON file in turn becomes one of another type."""
    for name in ("manifest.json", "ledger.json", "sbom.cdx.json", UNSIGNED, "evidence/manifest.json", "evidence/" + UNSIGNED):
        place = write_release(tmp_path / name.replace("/", "-"))
        content = (place / name).read_bytes()
        for number, changed in enumerate(other_types(json.loads(content))):
            (place / name).write_bytes(canonical(changed))
            assert judge(capsys, place)[0] == 1, (name, number)
        (place / name).write_bytes(content)
        assert judge(capsys, place)[0] == 0


def other_types(value: Any, limit: int = 60) -> List[Any]:
    """Copies of the value with one of its parts of another type each."""
    found: List[Any] = []

    def visit(part: Any, rebuild: Callable[[Any], Any]) -> None:
        others: Tuple[Any, ...] = (None, True, 7, "x", [], {}, [[]], {"x": {}})
        for other in others:
            if type(other) is not type(part) and len(found) < limit * 8:
                found.append(rebuild(other))
        items = part.items() if isinstance(part, dict) else list(enumerate(part))[:2] if isinstance(part, list) else ()
        for key, inner in items:
            visit(inner, lambda new, key=key: rebuild(replaced(part, key, new)))  # type: ignore[misc]

    visit(value, lambda new: new)
    return found


def replaced(part: Any, key: Any, new: Any) -> Any:
    copy = part.copy()
    copy[key] = new
    return copy


def test_hostile_directories_are_refused(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(5000):
        (many / str(number)).touch()
    assert "more than 4096 files" in hostile(many)
    folders = tmp_path / "folders"
    folders.mkdir()
    for number in range(1000):
        (folders / str(number)).mkdir()
    assert "is an empty directory" in hostile(folders)
    deep = tmp_path / "deep" / "/".join(["d"] * 12)
    deep.mkdir(parents=True)
    assert "nested deeper than 8" in hostile(tmp_path / "deep")
    large = tmp_path / "large"
    large.mkdir()
    with (large / "bin").open("wb") as file:
        file.truncate(1 << 40)
    assert "more than 67108864 bytes in all" in hostile(large)


def test_wrong_usage_is_trouble_and_not_a_verdict(tmp_path: Path) -> None:
    place = write_release(tmp_path)
    (tmp_path / "key.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    (tmp_path / "large").write_bytes(b"-" * 5000)
    os.mkfifo(tmp_path / "pipe")
    for words in (
        [str(tmp_path / "nothing")],
        ["/dev/null"],
        [str(place), "--key", str(tmp_path / "key.pem")],
        [str(place), "--key", str(tmp_path / "nothing")],
        [str(place), "--key", "0" * 64],
        [str(place), "--key", str(tmp_path / "large")],
        [str(tmp_path / "pipe")],
        [str(place), "--rebuild", str(tmp_path)],
        [str(place / ARCHIVE), "--statement", str(tmp_path / "nothing")],
        [str(place), "--statement", str(place / UNSIGNED)],
        [],
        [str(place), "--unknown"],
    ):
        result = subprocess.run([sys.executable, str(VERIFIER), *words], capture_output=True, text=True)
        assert result.returncode == 2 and "Traceback" not in result.stderr and result.stderr, (words, result.stdout)


# Ed25519


VECTORS = (  # RFC 8032, 7.1: key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors_of_the_standard_hold(key: str, message: str, signature: str) -> None:
    data = bytes.fromhex(signature)
    assert signature_holds(bytes.fromhex(key), bytes.fromhex(message), data)
    assert not signature_holds(bytes.fromhex(key), bytes.fromhex(message) + b"x", data)
    s = int.from_bytes(data[32:], "little") + ORDER
    assert not signature_holds(bytes.fromhex(key), bytes.fromhex(message), data[:32] + s.to_bytes(32, "little")), "S is not canonical"


def by_library(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def agree(count: int, seed: int) -> int:
    """Signatures, keys and messages with random changes: the same answer as the library. How many held."""
    chance = random.Random(seed)
    held = 0
    for number in range(count):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32) if hasattr(chance, "randbytes") else bytes([number % 256]) * 32)
        key = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        message = bytes(chance.getrandbits(8) for _ in range(chance.randrange(80)))
        parts = [bytearray(key), bytearray(message or b"\0"), bytearray(private.sign(message or b"\0"))]
        for _ in range(chance.randrange(3)):
            part = chance.choice(parts)
            part[chance.randrange(len(part))] ^= 1 << chance.randrange(8)
        one, two, three = map(bytes, parts)
        answer = signature_holds(one, two, three)
        assert answer == by_library(one, two, three), (seed, number)
        held += answer
    return held


def test_hundreds_of_changed_signatures_are_judged_as_the_library_does() -> None:
    assert agree(300, 1) >= 80


def test_thousands_of_changed_signatures_are_judged_as_the_library_does() -> None:
    assert agree(5000, 2) >= 1500


def test_keys_of_small_order_and_odd_form_are_refused() -> None:
    small = [  # the eight points of small order, in their one canonical form
        "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "00" * 32, "00" * 31 + "80",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ]  # fmt: skip
    for text in small:
        key = bytes.fromhex(text)
        assert verify.decode_point(key) is not None and not usable_key(key)
        assert not signature_holds(key, b"anything", key + b"\0" * 32)
    odd = ["ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "ff" * 32, "01" + "00" * 30 + "80", "ec" + "ff" * 31]
    for text in odd:
        assert verify.decode_point(bytes.fromhex(text)) is None
    assert not usable_key(b"\x58" * 31) and usable_key(bytes.fromhex(KEY))


# The formats, against the libraries that others use


def test_envelope_is_verified_by_the_library_and_the_library_s_by_us(tmp_path: Path) -> None:
    content = json.loads((write_release(tmp_path, key=1) / SIGNED).read_bytes())
    envelope = Envelope.from_dict(content)
    key = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEY)), keyid=KEY)
    assert set(envelope.verify([key], 1)) == {KEY}
    assert envelope.pae() == pre_authentication(PAYLOAD_TYPE, envelope.payload)
    theirs = Envelope(b'{"a":1}\n', PAYLOAD_TYPE, {})
    theirs.sign(signer_of(3).crypto)
    payload, signers = verify.open_envelope("theirs", theirs.to_dict())
    assert payload == b'{"a":1}\n' and signers == (signer_of(3).public,)


@pytest.mark.parametrize(("kind", "payload"), [("", b""), ("http://example.com/HelloWorld", b"hello world"), ("größe", b"\0\xff" * 99)])
def test_what_is_signed_is_what_the_standard_says(kind: str, payload: bytes) -> None:
    assert pre_authentication(kind, payload) == Envelope(payload, kind, {}).pae()
    if kind.startswith("http"):
        assert pre_authentication(kind, payload) == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_json_is_canonical_as_the_standard_has_it(tmp_path: Path) -> None:
    place = write_release(tmp_path)
    for path in place.rglob("*.json"):
        content = path.read_bytes()
        assert content == rfc8785.dumps(json.loads(content)) + b"\n" == canonical(json.loads(content)), path
    odd: Any = {"ä": "\u2028\x7f\t\"\\", "a": [True, None, -1, 2**53 - 1], "": {"": ""}}
    assert canonical(odd) == rfc8785.dumps(odd) + b"\n"


def test_reading_refuses_what_is_not_canonical() -> None:
    for name, (content, reason) in JSON.items():
        if name in ("no-object", "empty-object"):
            continue
        with pytest.raises(Refused) as caught:
            read_json("x", content)
        assert reason in str(caught.value), name


def test_verifier_imports_the_standard_library_alone() -> None:
    tree = ast.parse(VERIFIER.read_text("utf-8"), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    standard = getattr(sys, "stdlib_module_names", names)
    assert names <= set(standard)
    assert not names & {"socket", "ssl", "urllib", "http", "asyncio", "ctypes", "pickle", "release", "bootstrap", "perf"}
