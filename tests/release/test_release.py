"""Releases made by the real chain: the same everywhere, whole or not at all, checked by other people's tools, moved to be the root."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cyclonedx.model.bom import Bom

from release import ReleaseError, verify
from release.archive import compress, make_archive
from release.bill import make_bill
from release.evidence import collect_evidence
from release.key import make_key, read_signer
from release.make import assemble
from release.place import write_files
from release.source import Source
from release.verify import EVIDENCE, SIGNED, UNSIGNED, Entry, Report, Request, canonical, examine, pre_authentication, read_directory, sha256_of
from tests.conftest import TOP
from tests.needs import need
from tests.release.small_release import BINARY, Parts, signer_of, write_release
from tests.bootstrap.test_seed import find_pythons

pytestmark = [pytest.mark.slow, pytest.mark.machine]  # together they take more than `make quick` may

FOLDERS = ("bootstrap", "compiler", "docs", "lib", "perf", "release")
FILES = (".gitignore", "LICENSE", "README.md", "VERSION")
COMMIT_DATE = "1700000000 +0000"
VERSION = (TOP / "VERSION").read_text("ascii").strip()
PLACE = Path("build/release") / f"v{VERSION}"
ARCHIVE = f"zero-{VERSION}-linux-x86_64.tar.gz"

CAPTURED: Dict[str, Any] = {"capture_output": True, "text": True, "timeout": 300}


def git(top: Path, *words: str) -> str:
    who = {"NAME": "a", "EMAIL": "a@b", "DATE": COMMIT_DATE}
    roles = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    plain = {**os.environ, **roles, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return subprocess.run([need("git"), "-C", str(top), *words], env=plain, check=True, capture_output=True, text=True).stdout.strip()


def copy_of_tree(top: Path) -> Path:
    """The tree as it stands, as a repository of one commit, which is the same wherever it is made."""
    top.mkdir(parents=True)
    for folder in FOLDERS:
        shutil.copytree(TOP / folder, top / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(TOP / name, top / name)
    git(top, "init", "-q")
    git(top, "-c", "core.fileMode=false", "add", "-A")
    git(top, "commit", "-q", "-m", "the tree")
    return top


def add_report(top: Path, verdict: str = "holds") -> Path:
    """A report as an audit leaves it."""
    folder = top / "build/audit/normal-path"
    folder.mkdir(parents=True, exist_ok=True)
    claim = {"name": "normal-path/all", "required": True, "verdict": verdict}
    (folder / "report.json").write_bytes(canonical({"claims": [claim]}))
    (folder / "report.txt").write_text("all holds\n")
    (folder / "measured.json").write_bytes(canonical({"wall_ms": time.monotonic_ns() % 1000}))
    names = ("LICENSE", "build/audit/normal-path/report.json")
    (folder / "SHA256SUMS").write_text("".join(f"{sha256_of((top / name).read_bytes())}  {name}\n" for name in names))
    return folder


def release(top: Path, *words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "release", *words], cwd=top, capture_output=True, text=True, timeout=300, **options)


def made(top: Path, *words: str) -> str:
    result = release(top, "make", *words)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def refused(top: Path, *words: str) -> str:
    result = release(top, *words)
    assert result.returncode in (1, 2) and "Traceback" not in result.stderr, result.stdout + result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with a key beside it and an unsigned release in it. Tests that change it copy it."""
    top = copy_of_tree(tmp_path_factory.mktemp("release") / "tree")
    add_report(top)
    assert "NOT SIGNED" in made(top)
    return top


@pytest.fixture
def own(tree: Path, tmp_path: Path) -> Path:
    """A copy of that tree which a test may change."""
    return Path(shutil.copytree(tree, tmp_path / "own", symlinks=True))


def contents(place: Path) -> Dict[str, Entry]:
    report = Report(str(place))
    files = read_directory(str(place), report)
    assert report.reasons == []
    return files


# One release, and other people's tools


def test_release_holds_under_its_own_verifier_and_under_the_tree_s(tree: Path) -> None:
    for verifier in (TOP / "release/verify.py", tree / PLACE / "verify.py"):
        result = subprocess.run([sys.executable, str(verifier), str(PLACE)], cwd=tree, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"verified: {PLACE}: zero {VERSION} for linux-x86_64, commit {git(tree, 'rev-parse', 'HEAD')}" in result.stdout
        assert "NOT SIGNED" in result.stdout and "there are no witnesses" in result.stdout


def test_release_again_is_told_to_be_there_already(tree: Path) -> None:
    before = {name: entry.sha256 for name, entry in contents(tree / PLACE).items()}
    assert "is there already, with the same content" in made(tree)
    assert {name: entry.sha256 for name, entry in contents(tree / PLACE).items()} == before
    assert list((tree / "build/release/.part").iterdir()) == [tree / "build/release/.part/.lock"]


def test_released_compiler_finds_its_library_under_both_names(tree: Path, tmp_path: Path) -> None:
    source = tmp_path / "seven.0x0"
    source.write_text('(⊙ seven)\n(↥ "std:vec" vec)\n(ƒ main (∷ (→ I64)) () 7)\n', "utf-8")
    for command in (["zero", "build", str(source), "-o", "one"], ["zero-elf-compiler", str(source), "two"]):
        subprocess.run([str(tree / PLACE / "bin" / command[0]), *command[1:]], cwd=tmp_path, check=True)
    assert subprocess.run([str(tmp_path / "one")]).returncode == subprocess.run([str(tmp_path / "two")]).returncode == 7


def test_sums_are_those_of_sha256sum(tree: Path) -> None:
    for folder, sums in ((PLACE, "SHA256SUMS"), (PLACE / "evidence", "SHA256SUMS"), (PLACE, ARCHIVE + ".sha256")):
        subprocess.run([need("sha256sum"), "--check", "--strict", "--quiet", sums], cwd=tree / folder, check=True)


def test_archive_is_read_by_tar_and_gzip(tree: Path, tmp_path: Path) -> None:
    archive = tree / PLACE / ARCHIVE
    subprocess.run([need("gzip"), "--test", str(archive)], check=True)
    subprocess.run([need("tar"), "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    unpacked = contents(tmp_path / f"zero-{VERSION}")
    product = {name: entry for name, entry in contents(tree / PLACE).items() if name in unpacked}
    assert {name: entry.content for name, entry in unpacked.items()} == {name: entry.content for name, entry in product.items()}
    assert "manifest.json" in unpacked and not any(name.startswith(EVIDENCE) for name in unpacked)
    with tarfile.open(archive) as reader:
        members = reader.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime, m.isfile()) for m in members} == {(0, 0, "", "", 1_700_000_000, True)}


def test_bill_is_read_by_the_library_and_names_every_part(tree: Path) -> None:
    content = json.loads((tree / PLACE / "sbom.cdx.json").read_bytes())
    bill: Bom = Bom.from_json(content)  # type: ignore[attr-defined]
    assert bill.validate() and bill.metadata.timestamp.timestamp() == 1_700_000_000
    names = {component.name for component in bill.components}
    assert {"bin/zero", "bin/zero-elf-compiler", "seed", "python"} <= names
    assert {f"lib/{path.relative_to(TOP / 'lib')}" for path in (TOP / "lib").rglob("*") if path.is_file()} <= names
    seed = next(component for component in bill.components if component.name == "seed")
    assert {component.name for component in seed.components} == {f"bootstrap/seed/{p.name}" for p in (TOP / "bootstrap/seed").glob("*.py")}


def test_bill_depends_on_the_product_alone() -> None:
    parts = Parts()
    assert make_bill(parts.source, parts.files, parts.ledger) == make_bill(parts.source, dict(reversed(parts.files.items())), parts.ledger)
    first = json.loads(make_bill(parts.source, parts.files, parts.ledger))["serialNumber"]
    parts.files["lib/std/vec.0x0"] = Entry(0o644, b"other\n")
    assert json.loads(make_bill(parts.source, parts.files, parts.ledger))["serialNumber"] != first


def test_verifier_works_with_no_network(tree: Path) -> None:
    command = [need("unshare"), "--user", "--map-root-user", "--net"]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("the kernel gives no network namespace")
    result = subprocess.run([*command, sys.executable, "release/verify.py", str(PLACE)], cwd=tree, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_verifier_answers_alike_in_every_python(tree: Path, tmp_path: Path) -> None:
    bad = Path(shutil.copytree(tree / PLACE, tmp_path / "bad"))
    (bad / "manifest.json").write_bytes(b"[" * 100_000)
    answers = {}
    for name, python in find_pythons().items():
        for place in (tree / PLACE, bad, tree / PLACE / ARCHIVE):
            result = subprocess.run([python, "-B", str(tree / "release/verify.py"), str(place), "--json"], **CAPTURED)
            answers[name, place] = (result.returncode, result.stdout)
            assert result.stderr == ""
    assert len(answers) >= 3
    for (_, place), answer in answers.items():
        assert answer == answers[next(iter(answers))[0], place] and answer[0] == (1 if place == bad else 0)


def test_measured_and_reproduced_lie_apart(tree: Path) -> None:
    files = contents(tree / PLACE)
    for item in json.loads(files["evidence/manifest.json"].content)["files"]:
        assert (item["class"] == "measured") == item["path"].endswith("measured.json"), item
    told = json.loads((tree / "build/chain/ledger.json").read_bytes())
    measured = json.loads(files["evidence/chain/measured.json"].content)
    ledger = json.loads(files["ledger.json"].content)
    for stage, both in zip(told["stages"], zip(ledger["stages"], measured["stages"])):
        assert {**both[0], **both[1]} == stage, "every word of the ledger lies in one of the two"
        assert both[0].keys() & both[1].keys() == {"name"}
    for machine_word in (os.uname().release, str(tree), sys.executable):
        assert not any(machine_word.encode() in entry.content for name, entry in files.items() if not name.startswith(EVIDENCE))


# Keys and signatures


def test_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    result = release(TOP, "key", str(tmp_path / "zero"))
    assert result.returncode == 0, result.stderr
    private, public = tmp_path / "zero.pem", tmp_path / "zero.pub.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600 and stat.S_IMODE(public.stat().st_mode) == 0o644
    assert verify.read_key(str(public)).hex() in result.stdout
    before = private.read_bytes()
    assert "is never overwritten" in refused(TOP, "key", str(tmp_path / "zero")) and private.read_bytes() == before
    private.unlink()
    assert "zero.pub.pem is there already" in refused(TOP, "key", str(tmp_path / "zero")) and not private.exists()
    assert "No such file" in refused(TOP, "key", str(tmp_path / "nowhere" / "zero"))
    assert sorted(os.listdir(tmp_path)) == ["zero.pub.pem"]


def pem(key: Any, secret: Optional[bytes] = None) -> bytes:
    how = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    content: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a private key in PEM"),
        (b"\xff\0", "not a private key in PEM"),
        (pem(Ed25519PrivateKey.generate(), b"secret"), "the key is encrypted"),
        (pem(rsa.generate_private_key(65537, 2048)), "not of Ed25519"),
    ],
    ids=["empty", "bytes", "encrypted", "rsa"],
)
def test_a_key_that_cannot_sign_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ReleaseError, match=reason):
        read_signer(tmp_path / "key")
    with pytest.raises(ReleaseError, match="No such file"):
        read_signer(tmp_path / "nothing")


def test_signed_release_is_checked_by_openssl(own: Path, tmp_path: Path) -> None:
    _, public, digits = make_key(tmp_path / "zero")
    said = made(own, "--key", str(tmp_path / "zero.pem"))
    assert f"it replaces one with another {SIGNED}" in said and f"signed by {digits}" in said
    result = examine(str(own / PLACE), Request(keys=(bytes.fromhex(digits),), require_signature=True))
    assert result.verified, result.reasons
    for name in (SIGNED, EVIDENCE + SIGNED):
        payload, _ = verify.open_envelope(name, json.loads((own / PLACE / name).read_bytes()))
        signature = json.loads((own / PLACE / name).read_bytes())["signatures"][0]["sig"]
        (tmp_path / "message").write_bytes(pre_authentication(verify.PAYLOAD_TYPE, payload))
        subprocess.run([need("openssl"), "base64", "-d", "-A", "-out", str(tmp_path / "signature")], input=signature.encode(), check=True)
        words = ["pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", str(tmp_path / "message")]
        subprocess.run([need("openssl"), *words, "-sigfile", str(tmp_path / "signature")], check=True, capture_output=True)
    assert "is there already" in made(own, "--key", str(tmp_path / "zero.pem"))
    by_hand(own / PLACE, public)
    (own / PLACE / "LICENSE").write_text("mine\n")
    with pytest.raises(subprocess.CalledProcessError):
        by_hand(own / PLACE, public)


def by_hand(place: Path, public: Path) -> None:
    """Run the lines of docs/release.md that verify a release with other tools."""
    page = (TOP / "docs/release.md").read_text("utf-8")
    block = re.search(r"<!-- shown: tests/release/test_release.py .*-->\n\n((?:    .*\n)+)", page)
    assert block is not None
    lines = textwrap.dedent(block[1]).replace("PUBLIC.pem", str(public)).replace("\\\n", "")
    assert lines.count("sha256sum") == 4 and "openssl" in lines
    subprocess.run(["sh", "-ec", lines], cwd=place, check=True, capture_output=True)


def test_a_python_without_the_libraries_is_told_which_to_use() -> None:
    result = subprocess.run([sys.executable, "-S", "-m", "release", "make"], cwd=TOP, **CAPTURED)
    assert result.returncode == 2 and "build/venv/bin/python" in result.stderr and "Traceback" not in result.stderr


# The same everywhere


def as_another_user() -> List[str]:
    """What comes before a command so that it sees another user's number; nothing where the kernel does not allow it."""
    words = ["unshare", "--user", "--map-user=4711", "--map-group=4711"]
    allowed = shutil.which("unshare") is not None and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if allowed else []


def test_two_releases_of_one_commit_are_equal_to_the_byte(tree: Path, tmp_path: Path) -> None:
    """Another place, another time, home, user name, umask, language, zone, hash seed, key file, and current directory."""
    other = tmp_path / "a place with a longer name, 長い"
    git(tree, "clone", "--quiet", str(tree), str(other))
    add_report(other)
    (tmp_path / "home").mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "USER": "somebody",
        "LOGNAME": "somebody",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Kiritimati",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONHASHSEED": "4711",
        "PYTHONPATH": str(other),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_DIR": "/nonexistent",
    }
    command = [*as_another_user(), "sh", "-c", 'umask 077; exec "$0" -m release make --key ""', sys.executable]
    result = subprocess.run(command, cwd="/", env=environment, **CAPTURED)
    assert result.returncode == 0, result.stdout + result.stderr
    left, right = contents(tree / PLACE), contents(other / PLACE)
    assert left.keys() == right.keys()
    measured = {EVIDENCE + item["path"] for item in json.loads(left["evidence/manifest.json"].content)["files"] if item["class"] == "measured"}
    assert measured == {"evidence/chain/measured.json", "evidence/reports/normal-path/measured.json"}
    own_to_each = measured | {EVIDENCE + name for name in ("manifest.json", "SHA256SUMS", UNSIGNED)}
    assert [name for name in left if name not in own_to_each and left[name] != right[name]] == []
    assert left[ARCHIVE] == right[ARCHIVE] and left[UNSIGNED] == right[UNSIGNED]
    assert left["evidence/chain/measured.json"] != right["evidence/chain/measured.json"], "two runs took the same time to the millisecond"


def test_rebuild_gives_the_same_bytes_and_sees_every_change(own: Path, tmp_path: Path) -> None:
    report = examine(str(own / PLACE), Request(rebuild=str(own)))
    assert report.verified and any(line.startswith("built again from the seed") for line in report.proven), report.reasons
    archive = examine(str(own / PLACE / ARCHIVE), Request(rebuild=str(own)))
    assert archive.verified, archive.reasons
    library, page = own / "lib/std/sort.0x0", own / "docs/language.md"
    library.write_text(library.read_text("utf-8") + "; changed\n", "utf-8")
    page.write_text(page.read_text("utf-8") + "changed\n", "utf-8")
    (own / "docs/more.md").write_text("more\n")
    (own / "docs/memory.md").unlink()
    chain = own / "bootstrap/chain.toml"
    chain.write_text(chain.read_text("utf-8").replace('left = "stage2"\nright = "stage3"', 'left = "stage3"\nright = "stage2"'), "utf-8")
    version = own / "compiler/cmd/version.0x0"
    version.write_text(version.read_text("utf-8").replace('"zero ', '"Zero '), "utf-8")
    reasons = "\n".join(examine(str(own / PLACE), Request(rebuild=str(own))).reasons)
    for reason in (
        "bin/zero was built otherwise",
        "first at byte",
        "lib/std/sort.0x0 was built otherwise",
        "docs/language.md was built otherwise",
        "docs/more.md is missing from the release's docs/",
        "docs/memory.md is in the release and not in the rebuilt tree",
        "the rebuild compared other stages",
        "the source tree has another lib/std/sort.0x0",
        "stage stage2 was",
    ):
        assert reason in reasons, reasons
    (own / "compiler/main.0x0").write_text("(", "utf-8")
    assert "the rebuild failed with status 1" in examine(str(own / PLACE), Request(rebuild=str(own))).reasons[0]


# Whole or not at all


def test_a_tree_that_is_not_its_commit_is_refused(own: Path) -> None:
    before = contents(own / PLACE)
    (own / "docs/new.md").write_text("new\n")
    text = refused(own, "make")
    assert "the tree is not its commit: ?? docs/new.md" in text and "--allow-dirty" in text
    git(own, "config", "status.showUntrackedFiles", "no")
    assert "docs/new.md" in refused(own, "make")
    (own / "docs/new.md").rename(own / "docs/new.pyc")
    assert "docs/new.pyc is not of the commit" in refused(own, "make")
    (own / "docs/new.pyc").unlink()
    (own / "VERSION").write_text("next\n")
    assert "VERSION is 'next'" in refused(own, "make")
    assert contents(own / PLACE) == before


def test_a_dirty_release_says_so_and_is_no_root(own: Path) -> None:
    (own / "docs/new.md").write_text("new\n")
    text = made(own, "--allow-dirty")
    assert "it replaces one with another " in text and "dirty tree" in text
    result = subprocess.run([sys.executable, "release/verify.py", str(PLACE)], cwd=own, capture_output=True, text=True)
    assert result.returncode == 0 and "the tree was DIRTY" in result.stdout
    record = (own / "release/trusted-root.toml").read_bytes()
    assert "a tree that is not its commit" in refused(own, "trust-root")
    assert (own / "release/trusted-root.toml").read_bytes() == record


def test_a_tree_without_a_commit_is_refused(tree: Path, tmp_path: Path) -> None:
    inner = tree / "build" / "inner"
    for name in ("release", "perf"):
        shutil.copytree(tree / name, inner / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree / "VERSION", inner)
    assert "not the top of a git repository" in refused(inner, "make")
    shutil.move(inner, tmp_path / "inner")
    assert "not a git repository" in refused(tmp_path / "inner", "make")
    without = release(tree, "make", env={**os.environ, "PATH": str(tmp_path)})
    assert without.returncode == 2 and "git" in without.stderr and "Traceback" not in without.stderr, without.stderr


def test_a_chain_that_does_not_hold_gives_no_release(own: Path) -> None:
    before = contents(own / PLACE)
    (own / "compiler/main.0x0").write_text("(", "utf-8")
    git(own, "commit", "-qam", "broken")
    text = refused(own, "make")
    assert "the chain does not hold, so there is no release" in text and "zero-next" in text
    assert contents(own / PLACE) == before


def test_a_release_that_does_not_verify_is_replaced_and_that_is_told(own: Path) -> None:
    (own / PLACE / "LICENSE").write_text("mine\n")
    assert "it replaces one that did not verify" in made(own)
    assert examine(str(own / PLACE), Request()).verified


def test_what_the_verifier_refuses_is_never_put_in_place(own: Path) -> None:
    verifier = own / "release/verify.py"
    verifier.write_text(verifier.read_text("utf-8").replace('ABI = "0x0 ABI 0.1"', 'ABI = "0x0 ABI 9.9"'), "utf-8")
    git(own, "commit", "-qam", "another ABI")
    before = contents(own / PLACE)
    assert "the verifier refuses what was made: bin/zero lacks the marker 0x0 ABI 9.9" in refused(own, "make")
    assert contents(own / PLACE) == before


def test_a_red_or_old_report_stops_the_release(tree: Path, tmp_path: Path) -> None:
    told = json.loads((tree / "build/chain/ledger.json").read_bytes())
    shutil.copy(tree / "LICENSE", tmp_path)
    folder = add_report(tmp_path)
    assert "reports/normal-path/report.json" in collect_evidence(tmp_path, told)
    for verdict in ("broken", "not measured"):
        add_report(tmp_path, verdict)
        with pytest.raises(ReleaseError, match=f"normal-path/all is {verdict}; a release needs it green"):
            collect_evidence(tmp_path, told)
    add_report(tmp_path, "not present")
    collect_evidence(tmp_path, told)
    (tmp_path / "LICENSE").write_text("other\n")
    with pytest.raises(ReleaseError, match="LICENSE is not as it was; make the report again"):
        collect_evidence(tmp_path, told)
    (folder / "report.json").write_text("{")
    with pytest.raises(ReleaseError, match="not JSON"):
        collect_evidence(tmp_path, told)
    (folder / "report.json").unlink()
    with pytest.raises(ReleaseError, match="there is no report.json"):
        collect_evidence(tmp_path, told)


def test_witnesses_that_differ_or_saw_another_compiler_stop_the_release(tree: Path, tmp_path: Path) -> None:
    told = json.loads((tree / "build/chain/ledger.json").read_bytes())
    witness = tmp_path / "build/witness"
    witness.mkdir(parents=True)

    def write(digest: str, verdict: str, holds: bool = True, whole: bool = True) -> None:
        report = canonical({"holds": holds, "whole": whole, "rows": [{"name": "tcc", "verdict": verdict, "products": {"stage2": digest}}]})
        (witness / "report.json").write_bytes(report)
        (witness / "SHA256SUMS").write_text(f"{sha256_of(report)}  build/witness/report.json\n")

    compiler = told["stages"][1]["sha256"]
    write(compiler, "agrees")
    assert {"witnesses/report.json", "witnesses/SHA256SUMS"} <= collect_evidence(tmp_path, told).keys()
    for verdict in ("differs", "failed"):
        write(compiler, verdict)
        with pytest.raises(ReleaseError, match=f"tcc is {verdict}; a release needs it green"):
            collect_evidence(tmp_path, told)
    write(compiler, "not present", holds=False)
    with pytest.raises(ReleaseError, match="it does not hold"):
        collect_evidence(tmp_path, told)
    write(compiler, "agrees", whole=False)
    with pytest.raises(ReleaseError, match="tells of some witnesses only"):
        collect_evidence(tmp_path, told)
    write("0" * 64, "agrees")
    with pytest.raises(ReleaseError, match="does not speak of this compiler"):
        collect_evidence(tmp_path, told)


def test_killed_at_any_point_nothing_wrong_is_left(own: Path) -> None:
    before = contents(own / PLACE)
    chance = random.Random(3)
    git(own, "commit", "-q", "--allow-empty", "-m", "another commit, so that the release is replaced")
    ends, longest = 0, 3.0
    while ends < 6:
        process = subprocess.Popen([sys.executable, "-m", "release", "make"], cwd=own, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(chance.uniform(0.02, longest))
            longest = max(0.05, 0.8 * longest)  # it is faster than that
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            ends += 1
        found = contents(own / PLACE)
        assert examine(str(own / PLACE), Request()).verified
        assert found == before or found["manifest.json"] != before["manifest.json"]
    made(own)
    assert list((own / "build/release/.part").iterdir()) == [own / "build/release/.part/.lock"]
    assert git(own, "rev-parse", "HEAD") in (own / PLACE / "manifest.json").read_text()


# The trusted root


def test_root_is_moved_on_evidence_and_the_chain_finds_it(own: Path) -> None:
    result = release(own, "trust-root")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "built again from the seed" in result.stdout and "release/trusted-root.toml names version" in result.stdout
    report = json.loads((own / "build/trust-root/report.json").read_bytes())
    root = {"version": VERSION, "commit": git(own, "rev-parse", "HEAD"), "sha256": sha256_of((own / PLACE / "bin/zero").read_bytes())}
    assert report["root"] == {**root, "size": (own / PLACE / "bin/zero").stat().st_size}
    assert sorted(os.listdir(own / "build/trust-root")) == ["report.json", "report.txt"]
    record = (own / "release/trusted-root.toml").read_text("utf-8")
    assert "There is none yet" not in record and record.startswith("# The trusted root")
    walked = subprocess.run([sys.executable, "-m", "bootstrap", "--again"], cwd=own, **CAPTURED)
    assert walked.returncode == 0 and "from the trusted root" in walked.stdout, walked.stdout + walked.stderr
    origin = json.loads((own / "build/chain/ledger.json").read_bytes())["origin"]
    assert {**origin, "reason": ""} == {**root, "from": "trusted root", "reason": ""}
    git(own, "commit", "-qam", "move the root")
    said = made(own)
    assert "it replaces one with another" in said, "a release is grown from the seed even where there is a root"
    assert json.loads((own / PLACE / "ledger.json").read_bytes())["origin"] == "seed"


def test_root_is_not_moved_to_what_the_source_does_not_give(own: Path) -> None:
    record = (own / "release/trusted-root.toml").read_bytes()
    commit = git(own, "rev-parse", "HEAD")
    version = own / "compiler/cmd/version.0x0"
    version.write_text(version.read_text("utf-8").replace('"zero ', '"Zero '), "utf-8")
    git(own, "commit", "-qam", "another compiler")
    made(own)
    lying = own.parent / "lying"
    write_files(lying, claimed(own / PLACE, commit))
    assert examine(str(lying), Request()).verified, "only a rebuild can see it"
    text = refused(own, "trust-root", "--release", str(lying))
    assert "release/trusted-root.toml stays as it is: " in text
    assert "was built otherwise" in (own / "build/trust-root/report.txt").read_text()
    for damage in ("LICENSE", "bin/zero"):
        copy = Path(shutil.copytree(own / PLACE, own.parent / f"without {damage.replace('/', ' ')}"))
        (copy / damage).unlink()
        assert f"{damage} is missing" in refused(own, "trust-root", "--release", str(copy))
    unknown = own.parent / "unknown"
    write_files(unknown, claimed(own / PLACE, "0" * 40))
    assert "git cat-file" in refused(own, "trust-root", "--release", str(unknown))
    assert "No such file" in refused(own, "trust-root", "--release", str(own / "nothing"))
    assert "is not signed; a signature by" in refused(own, "trust-root", "--key", signer_of(1).public)
    assert (own / "release/trusted-root.toml").read_bytes() == record
    assert not (own / "build/trust-root/report.json").exists()


def test_a_root_that_cannot_compile_this_source_names_the_way_out(own: Path) -> None:
    root = b"#!/bin/sh\necho I know an older language >&2\nexit 1\n"
    place = own / "build/release/v0.0.9/bin/zero"
    place.parent.mkdir(parents=True)
    place.write_bytes(root)
    values = f'version = "0.0.9"\ncommit = "{"0" * 40}"\nsize = {len(root)}\nsha256 = "{sha256_of(root)}"\n'
    (own / "release/trusted-root.toml").write_text("recorded = true\n" + values)
    result = subprocess.run([sys.executable, "-m", "bootstrap"], cwd=own, **CAPTURED)
    assert result.returncode == 1 and "version 0.0.9" in result.stderr and "make bootstrap-from-seed" in result.stderr, result.stderr
    git(own, "commit", "-qam", "another root")
    made(own)  # from the seed, whatever root there is


def claimed(place: Path, commit: str) -> Dict[str, Entry]:
    """The release at the place as if it were of another commit, everything else in it made to fit."""
    files = contents(place)
    manifest, ledger = json.loads(files["manifest.json"].content), json.loads(files["ledger.json"].content)
    source = Source(place, manifest["version"], commit, manifest["commit_seconds"], "clean", frozenset())
    product = {item["path"]: files[item["path"]] for item in manifest["files"]}
    product["sbom.cdx.json"] = Entry(0o644, make_bill(source, product, ledger))
    evidence = {item["path"]: files[EVIDENCE + item["path"]] for item in json.loads(files["evidence/manifest.json"].content)["files"]}
    return assemble(source, ledger, product, evidence, None)


# The archive's own encoder


def texts() -> Iterator[bytes]:
    chance = random.Random(5)
    for length in (0, 1, 2, 3, 4, 5, 257, 258, 259, 1000, 33_000, 70_000):
        for letters in (1, 2, 200):
            yield bytes(chance.randrange(letters) for _ in range(length))
    block = bytes(chance.randrange(256) for _ in range(32_768))
    yield block + block  # the farthest distance
    yield block + b"x" + block  # one too far
    yield (TOP / "release/verify.py").read_bytes()


def test_compressed_text_is_what_others_unpack() -> None:
    for text in texts():
        packed = compress(text)
        assert gzip.decompress(packed) == text == zlib.decompress(packed, 31)
        assert packed == compress(text)
    text = (TOP / "release/verify.py").read_bytes()
    assert len(compress(text)) < 1.3 * len(zlib.compress(text, 9))


def test_archive_does_not_depend_on_order_and_refuses_long_names() -> None:
    files = {"b": Entry(0o644, b"1"), "a/c": Entry(0o755, b"2" * 600)}
    assert make_archive("top", files, 7) == make_archive("top", dict(reversed(files.items())), 7)
    with pytest.raises(ReleaseError, match="longer than the 100 bytes"):
        make_archive("top", {"x" * 97: Entry(0o644, b"")}, 7)


def test_files_have_their_modes_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place = write_release(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "bin/zero").stat().st_mode) == 0o755
    assert stat.S_IMODE((place / "lib/std").stat().st_mode) == 0o755
    assert stat.S_IMODE((place / "LICENSE").stat().st_mode) == 0o644
    assert hashlib.sha256((place / "bin/zero").read_bytes()).hexdigest() == sha256_of(BINARY)


def test_a_source_of_other_values_gives_another_manifest(tmp_path: Path) -> None:
    parts = Parts()
    first = parts.whole()["manifest.json"]
    for changed in (replace(parts.source, commit="1" * 40), replace(parts.source, tree="dirty"), replace(parts.source, commit_seconds=1)):
        assert Parts(source=changed).whole()["manifest.json"] != first
