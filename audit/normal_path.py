"""normal_path: what `make all` is made of: one compiler in its own language, started by a released one where there is one.

Sources are read by audit.forms; what runs is seen from outside, by audit.trace. Claims that say so need neither compiler nor run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

from perf.guard import GuardError, Limits, Outcome, run

from . import forms
from .claim import Claim, Finding, NotMeasured, Subject
from .trace import Trace, trace

SOURCE, COMPAT, COMPAT_FOLDER = "compiler/main.0x0", "compiler/compat-main.0x0", "compiler/compat"
NAMES = ("Makefile", "bootstrap", "compiler", "perf", "audit", "release", "tests")
CHAIN_FILES = ("Makefile", "VERSION", "bootstrap", "compiler", "lib", "perf", "release/trusted-root.toml")  # what the chain is made from
RECORD = 'recorded = true\nversion = "0.0.0"\ncommit = "{commit}"\nsize = {size}\nsha256 = "{sha256}"\n'
SEED = "bootstrap/seed"
COPY = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Foreign:
    """What no form of the normal source may name: words of symbols and texts, and parts of texts."""

    what: str
    words: Tuple[str, ...]
    parts: Tuple[str, ...] = ()


FOREIGN: Tuple[Foreign, ...] = (
    Foreign("the seed", ("seed", "bootstrap", "python", "python3", "pypy", "pypy3")),
    Foreign("generated C", ("gcc", "clang", "tcc", "cc", "chibicc", "libc", "llvm"), ("#include", "-std=c", ".c\0")),
    Foreign("an assembler", ("assembler", "nasm", "yasm", "gas", "linker", "ld", "lld"), (".s\0", ".asm")),
    Foreign("compat", ("compat",)),
)
WORD = re.compile(r"[a-z0-9]+")

GIT = ("git", "-c", "core.quotepath=off", "-c", "safe.directory=*")
REFUSED = ("tests/cases/reject/lexical/", "tests/compiler/hostile/")  # where sources lie that are no text, for the compiler to refuse
REFUSED_BYTES = 4096
SKIPPED = ("build", ".git")  # when there is no git: products, and git's own


def file_text(subject: Subject, name: str) -> str:
    path = subject.top / name
    subject.audited.append(path)
    return path.read_text(encoding="utf-8")


def named(path: Path, subject: Subject) -> str:
    return path.relative_to(subject.top).as_posix() if path.is_relative_to(subject.top) else str(path)


def line_of(text: str, wanted: str) -> Optional[int]:
    """The number of the first line that begins so."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(wanted)), None)


def recipe(makefile: str, target: str) -> List[str]:
    """The commands of a target."""
    lines = makefile.splitlines()
    first = line_of(makefile, f"{target}:")
    found: List[str] = []
    for line in lines[first or len(lines):]:
        if not line.startswith("\t"):
            break
        found.append(line.strip())
    return found


def all_is_the_trusted_chain(subject: Subject) -> Iterator[Finding]:
    """`make all` needs trusted-chain before all else, and trusted-chain walks the chain of compiler/main.0x0, not from the seed by force."""
    makefile = file_text(subject, "Makefile")
    needs = re.search(r"^all:([^#\n]*)", makefile, re.MULTILINE)
    if needs is None or needs[1].split()[:1] != ["trusted-chain"]:
        yield Finding("`all` does not need trusted-chain first", "Makefile", line_of(makefile, "all:"))
    source = re.search(r"^COMPILER_SOURCE *:?= *(\S*)", makefile, re.MULTILINE)
    if source is None or source[1] != SOURCE:
        yield Finding(f"COMPILER_SOURCE is not {SOURCE}", "Makefile", line_of(makefile, "COMPILER_SOURCE"))
    commands = recipe(makefile, "trusted-chain")
    if not any(command.lstrip("@") == "$(PYTHON) -m bootstrap" for command in commands):
        yield Finding("trusted-chain does not run `$(PYTHON) -m bootstrap` as it stands", "Makefile", line_of(makefile, "trusted-chain:"))
    if not any("$(COMPILER_SOURCE)" in command for command in commands):
        yield Finding("trusted-chain does not name COMPILER_SOURCE", "Makefile", line_of(makefile, "trusted-chain:"))
    chain = file_text(subject, "bootstrap/chain.toml")
    told = re.search(r'^source = "([^"]*)"', chain, re.MULTILINE)
    if told is None or told[1] != SOURCE:
        yield Finding(f"the chain's source is not {SOURCE}", "bootstrap/chain.toml", line_of(chain, "source"))


def all_runs_the_chain(subject: Subject) -> Iterator[Finding]:
    """What `make -n all` would run first is the chain, on compiler/main.0x0; no command of it names the seed or what the seed is for."""
    done = guarded(["make", "-n", "--no-print-directory", "all", "PYTHON=python3"], subject.top)
    if done.status != 0:
        raise NotMeasured(f"make -n all ends with status {done.status}: {last_line(done.stderr)}")
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if lines[:2] != [f"test -f {SOURCE}", "python3 -m bootstrap"]:
        yield Finding(f"make all begins with: {'; '.join(lines[:2])}", "Makefile")
    for line in lines:
        if SEED in line or "from-seed" in line:
            yield Finding(f"make all would run: {line}", "Makefile")


def guarded(argv: List[str], folder: Path, seconds: float = 30, environment: Optional[Dict[str, str]] = None) -> Outcome:
    if shutil.which(argv[0]) is None:
        raise NotMeasured(f"{argv[0]} is not there")
    try:
        return run(argv, Limits(timeout_seconds=seconds), cwd=folder, capture=True, environment=environment or clean_environment())
    except GuardError as error:
        raise NotMeasured(f"the guard: {error}") from None


def clean_environment() -> Dict[str, str]:
    """This process's environment without what make and Python would take from an outer run."""
    left_out = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    return {name: value for name, value in os.environ.items() if name not in left_out and not name.startswith("PYTHON")}


def last_line(content: bytes) -> str:
    return (content.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]


def normal_sources(subject: Subject) -> List[Path]:
    """The files of the normal compiler, the library's among them."""
    try:
        found = forms.reachable(subject.top / SOURCE, subject.top)
    except forms.FormError as error:
        raise NotMeasured(f"a source can't be read: {error}") from None
    subject.audited.extend(found)
    return found


def compat_is_apart(subject: Subject) -> Iterator[Finding]:
    """compiler/compat-main.0x0 is a program of its own, with a main, and no import leads from compiler/main.0x0 to it or its folder."""
    if not (subject.top / COMPAT).is_file():
        yield Finding("there is no such file", COMPAT)
        return
    if forms.definition(forms.read_file(subject.top / COMPAT), "fn", "main") is None:
        yield Finding("has no function main", COMPAT)
    compat = forms.reachable(subject.top / COMPAT, subject.top)
    if subject.top / SOURCE in compat:
        yield Finding(f"is made of {SOURCE}", COMPAT)
    if not any(path.is_relative_to(subject.top / COMPAT_FOLDER) for path in compat):
        yield Finding(f"is made of nothing in {COMPAT_FOLDER}/", COMPAT)
    for path in normal_sources(subject):
        if path == subject.top / COMPAT or path.is_relative_to(subject.top / COMPAT_FOLDER):
            yield Finding(f"{SOURCE} is made of it", named(path, subject))


def nothing_foreign_is_named(subject: Subject) -> Iterator[Finding]:
    """No form of the normal source names the seed, generated C, an assembler, a linker or compat; what a `doc` form says is for people."""
    for path in normal_sources(subject):
        for top in forms.read_file(path):
            for form in outside_of_docs(top):
                what = foreign(form)
                if what:
                    yield Finding(f"names {what}: {form.text[:60]}", named(path, subject), form.line, form.column)


def outside_of_docs(top: forms.Form) -> Iterator[forms.Form]:
    rest = [top]
    while rest:
        form = rest.pop()
        if form.head != "doc":
            yield form
            rest.extend(reversed(form.items))


def foreign(form: forms.Form) -> str:
    """What of FOREIGN an atom names; empty when nothing."""
    if form.kind not in (forms.Kind.SYMBOL, forms.Kind.TEXT):
        return ""
    text = form.text.lower()
    words = set(WORD.findall(text))
    for row in FOREIGN:
        parts = row.parts if form.kind is forms.Kind.TEXT else ()
        if words & set(row.words) or any(part in text + "\0" for part in parts):
            return row.what
    return ""


# ---- with a trusted root


@contextmanager
def rooted_tree(subject: Subject) -> Iterator[Path]:
    """A copy of the tree in which the subject's compiler is the trusted root, recorded as the record asks for it."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder).resolve() / "tree"
        for name in CHAIN_FILES:
            copy_one(subject.top / name, top / name)
        content = subject.zero.read_bytes()
        root = top / "build/release/v0.0.0/bin/zero"
        root.parent.mkdir(parents=True)
        root.write_bytes(content)
        root.chmod(0o755)
        digest = hashlib.sha256(content).hexdigest()
        record = RECORD.format(commit="0" * 40, size=len(content), sha256=digest)
        (top / "release/trusted-root.toml").write_text(record, encoding="utf-8")
        yield top


def copy_one(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=COPY, symlinks=True)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def root_spares_the_seed(subject: Subject) -> Iterator[Finding]:
    """With a trusted root the chain starts from it, and the seed is not entered: it runs nowhere, and only the chain, to hash it, opens it."""
    with rooted_tree(subject) as top:
        argv = [sys.executable, "-S", "-m", "bootstrap"]
        seen = trace(argv, top, timeout_seconds=600, environment={**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"})
        if seen.status != 0:
            yield Finding(f"the chain fails from a trusted root, with status {seen.status}: {last_line(seen.stderr)}", "bootstrap/chain.py")
            return
        executed = seen.done("execute")
        subject.figures["processes_count"] = len({event.pid for event in seen.events})
        if not any(event.path == str(top / "build/chain/root") for event in executed):
            yield Finding("the trusted root does not run", "bootstrap/root.py")
        yield from seed_entered(seen, top)


def seed_entered(seen: Trace, top: Path) -> Iterator[Finding]:
    chain = seen.events[0].pid
    for event in seen.done("execute"):
        if any(word == SEED or word.startswith((SEED + "/", str(top / SEED))) for word in event.argv):
            yield Finding(f"the seed runs: {' '.join(event.argv)}".replace(str(top) + "/", ""), "bootstrap/chain.py")
    for event in seen.done("open", "map"):
        inside = event.path.startswith(str(top / SEED) + "/")
        if inside and event.pid != chain:
            yield Finding(f"{os.path.relpath(event.path, top)} is opened by another process than the chain", "bootstrap/chain.py")


# ---- a run


def opens_once_writes_one(subject: Subject) -> Iterator[Finding]:
    """The compiler opens each source once, starts no process, and makes nothing but its product, by one rename."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder).resolve() / "out"
        seen = trace([str(subject.zero), "build", SOURCE, "-o", str(out), "--lib", str(subject.top / "lib")], subject.top)
        if seen.status != 0:
            raise NotMeasured(f"the compiler ends with status {seen.status}: {last_line(seen.stderr)}")
        subject.audited.append(subject.zero)
        yield from what_was_opened(seen, subject)
        yield from what_was_written(seen, out)


def what_was_opened(seen: Trace, subject: Subject) -> Iterator[Finding]:
    count: Dict[str, int] = {}
    for event in seen.done("open"):
        if not event.to_write:
            count[event.path] = count.get(event.path, 0) + 1
    subject.figures["opened_count"] = len(count)
    wanted = {str(path.resolve()) for path in normal_sources(subject)}
    for path, times in sorted(count.items()):
        if times > 1:
            yield Finding(f"is opened {times} times", named(Path(path), subject))
        if path.startswith(str((subject.top / "bootstrap").resolve())):
            yield Finding("is opened by the compiler", named(Path(path), subject))
    for path in sorted(wanted - set(count)):
        yield Finding("is a source and is not opened", named(Path(path), subject))


def what_was_written(seen: Trace, out: Path) -> Iterator[Finding]:
    renamed = [event.paths for event in seen.done("rename")]
    if len(renamed) != 1 or renamed[0][1] != str(out):
        yield Finding(f"the product does not come by one rename, but by {len(renamed)}")
    parts = {paths[0] for paths in renamed}
    for event in seen.done("open", "write", "truncate", "link", "remove"):
        if (event.call != "open" or event.to_write) and event.path not in parts:
            yield Finding(f"{event.call} of {os.path.basename(event.path)}, which is not the product")
    for event in seen.done("execute")[1:]:
        yield Finding(f"starts {' '.join(event.argv)}")


# ---- the repository


def no_binary_is_kept(subject: Subject) -> Iterator[Finding]:
    """No file under git, nor staged for it, is a binary: all are text, but a few small sources that the compiler must refuse."""
    names = tracked(subject)
    subject.figures["tracked_count"] = len(names)
    for name in names:
        path = subject.top / name
        if path.is_symlink() or not path.is_file():
            continue  # a link has no content of its own; what is removed and not yet committed has none either
        content = path.read_bytes()
        what = executable(content) or no_text(content)
        meant = name.startswith(REFUSED) and name.endswith(".0x0") and len(content) <= REFUSED_BYTES and not executable(content)
        if what and not meant:
            yield Finding(what, name)


def tracked(subject: Subject) -> List[str]:
    """The files under git; where the tree is no repository, all that do not lie in build/."""
    if (subject.top / ".git").exists():
        done = guarded([*GIT, "ls-files", "-z"], subject.top)
        if done.status != 0:
            raise NotMeasured(f"git ls-files: {last_line(done.stderr)}")
        return sorted(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
    found = []
    for folder, folders, files in os.walk(subject.top):
        folders[:] = [name for name in folders if name not in SKIPPED and name != "__pycache__"]
        found += [os.path.relpath(os.path.join(folder, name), subject.top) for name in files]
    return sorted(found)


def executable(content: bytes) -> str:
    begins = content.startswith((b"\x7fELF", b"\0asm", b"\xca\xfe\xba\xbe", b"MZ"))
    return "begins as an executable does" if begins else ""


def no_text(content: bytes) -> str:
    """What keeps the content from being text; empty when it is text."""
    if b"\0" in content:
        return "holds a zero byte"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"is not UTF-8 at byte {error.start}"
    return ""


def top_names_stand(subject: Subject) -> Iterator[Finding]:
    """Makefile, bootstrap, compiler, perf, audit, release and tests stand at the top, and each folder has files."""
    for name in NAMES:
        path = subject.top / name
        there = path.is_file() if name == "Makefile" else path.is_dir() and any(entry.is_file() for entry in path.rglob("*"))
        if not there:
            yield Finding("is not there, or is empty", name)


CLAIMS: Tuple[Claim, ...] = (
    Claim("normal-path/all-is-the-trusted-chain", all_is_the_trusted_chain, needs_run=False),
    Claim("normal-path/all-runs-the-chain", all_runs_the_chain, needs_run=False),
    Claim("normal-path/compat-is-apart", compat_is_apart, needs_run=False),
    Claim("normal-path/nothing-foreign-is-named", nothing_foreign_is_named, needs_run=False),
    Claim("normal-path/root-spares-the-seed", root_spares_the_seed),
    Claim("normal-path/opens-once-writes-one", opens_once_writes_one),
    Claim("normal-path/no-binary-is-kept", no_binary_is_kept, needs_run=False),
    Claim("normal-path/top-names-stand", top_names_stand, needs_run=False),
)
