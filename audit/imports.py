"""imports: who may import whom, as two tables, and what is found in the files.

Of 0x0 files the imports are read by audit.forms, of Python files by ast; nothing is run and no compiler is needed.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Set, Tuple

from . import forms
from .claim import Claim, Finding, NotMeasured, Subject

MAIN, COMPAT = "compiler/main.0x0", "compiler/compat-main.0x0"
RAW_USERS = "lib/std/raw-users"


@dataclass(frozen=True)
class Layer:
    """A folder or file of compiler/, and those before it that it may import; all may import the library."""

    name: str
    may: Tuple[str, ...]


LAYERS: Tuple[Layer, ...] = (
    Layer("base", ()),
    Layer("read", ("base",)),
    Layer("obj", ("base",)),
    Layer("tree", ("base", "read", "obj")),
    Layer("check", ("base", "read", "obj", "tree")),
    Layer("ssa", ("base", "obj", "tree", "check")),
    Layer("opt", ("base", "obj", "tree", "ssa")),
    Layer("mach", ("base", "ssa")),
    Layer("x64", ("obj", "ssa", "mach")),
    Layer("watch.0x0", ("base", "tree", "ssa", "opt")),
    Layer("lower.0x0", ("base", "obj", "tree", "ssa", "opt", "watch.0x0")),
    Layer("pipeline.0x0", ("base", "read", "obj", "tree", "check", "watch.0x0", "lower.0x0")),
    Layer("cmd", ("base", "read", "obj", "ssa", "opt", "watch.0x0", "pipeline.0x0")),
    Layer("native.0x0", ("base", "obj", "tree", "ssa", "x64", "lower.0x0", "pipeline.0x0", "cmd")),
    Layer("compat", ("base", "obj", "tree", "ssa", "mach", "lower.0x0", "pipeline.0x0", "cmd")),
    Layer("main.0x0", ("base", "cmd", "native.0x0")),
    Layer("compat-main.0x0", ("base", "cmd", "compat")),
)


@dataclass(frozen=True)
class Package:
    """Python modules by the beginning of their name, and what else of ours they may import. The longest beginning counts."""

    name: str
    may: Tuple[str, ...]


PACKAGES: Tuple[Package, ...] = (
    Package("bootstrap.seed", ()),
    Package("bootstrap", ("perf.guard",)),
    Package("perf.guard", ()),
    Package("perf", ("perf.guard", "audit.claim")),
    Package("audit.tracer", ()),
    Package("audit.claims", ("audit", "perf")),
    Package("audit", ("audit.claims", "perf.guard", "perf.workload")),
    Package("release.verify", ()),
    Package("release", ("release.verify", "perf.guard")),
)
ALONE = ("bootstrap", "perf.guard", "audit.tracer", "release.verify")  # these keep to the standard library
FOLDERS = ("bootstrap", "perf", "audit", "release")
TESTS = ("tests", "conftest")


# ---- 0x0


def sources(subject: Subject, folder: str) -> Iterator[Tuple[Path, Tuple[forms.Form, ...]]]:
    """The 0x0 files of a folder with their forms."""
    found = sorted((subject.top / folder).rglob("*.0x0"))
    if not found:
        raise NotMeasured(f"{folder}/ has no 0x0 file")
    for path in found:
        subject.audited.append(path)
        yield path, read(path, subject)


def read(path: Path, subject: Subject) -> Tuple[forms.Form, ...]:
    try:
        return forms.read_file(path)
    except forms.FormError as error:
        raise NotMeasured(f"{named(path, subject)}:{error}") from None


def named(path: Path, subject: Subject) -> str:
    return path.relative_to(subject.top).as_posix()


def at(message: str, path: Path, entry: forms.Import, subject: Subject) -> Finding:
    return Finding(message, named(path, subject), entry.form.line, entry.form.column)


def layer_of(path: Path, subject: Subject) -> str:
    """The first part of a path below compiler/; empty when it lies elsewhere."""
    parts = path.relative_to(subject.top).parts if path.is_relative_to(subject.top) else ()
    return parts[1] if len(parts) > 1 and parts[0] == "compiler" else ""


def layers_go_one_way(subject: Subject) -> Iterator[Finding]:
    """Each folder of the compiler imports itself, the library, and only what the table of layers allows, base at the bottom."""
    may = {layer.name: layer.may for layer in LAYERS}
    for path, content in sources(subject, "compiler"):
        here = layer_of(path, subject)
        if here not in may:
            yield Finding(f"{here} is in no row of the table of layers", named(path, subject))
            continue
        for entry in forms.imports(content):
            target = forms.imported(entry.path, path, subject.top)
            if target is None or entry.path.startswith("std:"):
                continue
            there = layer_of(target, subject)
            if there == "compat" and here != "compat":
                continue  # the next claim's
            if there != here and there not in may[here]:
                yield at(f"{here} may not import {there or entry.path}", path, entry, subject)


def compat_from_compat_main_alone(subject: Subject) -> Iterator[Finding]:
    """compiler/compat/ is imported by compiler/compat-main.0x0 and by itself, and by nothing else."""
    for path, content in sources(subject, "compiler"):
        if layer_of(path, subject) in ("compat", "compat-main.0x0"):
            continue
        for entry in forms.imports(content):
            target = forms.imported(entry.path, path, subject.top)
            if target is not None and layer_of(target, subject) in ("compat", "compat-main.0x0"):
                yield at(f"imports {entry.path}", path, entry, subject)


def library_imports_itself(subject: Subject) -> Iterator[Finding]:
    """A file of the library imports the library alone."""
    for path, content in sources(subject, "lib"):
        for entry in forms.imports(content):
            if not entry.path.startswith("std:"):
                yield at(f"imports {entry.path}, which is not std:", path, entry, subject)


def raw_users_are_the_table(subject: Subject) -> Iterator[Finding]:
    """std:raw is imported by the files that lib/std/raw-users names, by all of them, and by no other; the table is in order."""
    table_path = subject.top / RAW_USERS
    subject.audited.append(table_path)
    table = table_path.read_text(encoding="utf-8").splitlines()
    for number, row in enumerate(table, 1):
        if number > 1 and row <= table[number - 2]:
            yield Finding(f"{row} stands after {table[number - 2]}", RAW_USERS, number)
    users: Set[str] = set()
    for folder in ("lib", "compiler", "examples"):
        for path, content in sources(subject, folder):
            for entry in forms.imports(content):
                if entry.path == "std:raw":
                    users.add(path.relative_to(subject.top / "lib").as_posix() if folder == "lib" else named(path, subject))
                    if folder != "lib" or path.relative_to(subject.top / "lib").as_posix() not in table:
                        yield at("imports std:raw and is not in the table", path, entry, subject)
    for number, row in enumerate(table, 1):
        if row not in users:
            yield Finding(f"{row} does not import std:raw", RAW_USERS, number)
    subject.facts["raw users"] = ", ".join(table)


def the_table_is_one(subject: Subject) -> Iterator[Finding]:
    """Seed, compiler and pages take the users of std:raw from lib/std/raw-users; no other list of them stands anywhere."""
    rows = set((subject.top / RAW_USERS).read_text(encoding="utf-8").split())
    asked = 0
    for path, content in sources(subject, "compiler"):
        for form in (form for top in content for form in top.walk()):
            if form.head.rpartition(".")[2] == "map":
                asked += any(text.text == "std/raw-users" for text in form.walk())
            if form.kind is forms.Kind.TEXT and form.text in rows:
                yield Finding(f"names {form.text}, a row of {RAW_USERS}", named(path, subject), form.line, form.column)
    if not asked:
        yield Finding(f"the compiler does not map {RAW_USERS}")
    constants = [word for path in sorted((subject.top / "bootstrap/seed").glob("*.py")) for word in constants_of(path, subject)]
    if "raw-users" not in constants:
        yield Finding(f"the seed does not read {RAW_USERS}")
    for word in sorted(rows & set(constants)):
        yield Finding(f"the seed names {word}, a row of {RAW_USERS}")
    for page in ("docs/language.md", "docs/library.md"):
        if f"`{RAW_USERS}`" not in (subject.top / page).read_text(encoding="utf-8"):
            yield Finding(f"does not name `{RAW_USERS}`", page)


def constants_of(path: Path, subject: Subject) -> List[str]:
    """The texts in a Python file."""
    return [node.value for node in ast.walk(parsed(path, subject)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def no_circles_in_0x0(subject: Subject) -> Iterator[Finding]:
    """No file of compiler and library imports itself by any way."""
    edges: Dict[str, Set[str]] = {}
    for folder in ("compiler", "lib"):
        for path, content in sources(subject, folder):
            targets = (forms.imported(entry.path, path, subject.top) for entry in forms.imports(content))
            edges[named(path, subject)] = {named(t, subject) for t in targets if t is not None and t.is_relative_to(subject.top)}
    for circle in circles(edges):
        yield Finding(f"files import one another: {' -> '.join(circle)}", circle[0])


def circles(edges: Dict[str, Set[str]]) -> List[List[str]]:
    """One circle of each knot, as a walk that ends where it began. Depth first, with its own stack."""
    found: List[List[str]] = []
    finished: Set[str] = set()
    for root in sorted(edges):
        way: List[str] = []
        rest: List[Tuple[str, bool]] = [(root, False)]
        while rest:
            name, leave = rest.pop()
            if leave:
                finished.add(way.pop())
            elif name in way:
                found.append([*way[way.index(name):], name])
            elif name not in finished:
                way.append(name)
                rest.append((name, True))
                rest.extend((target, False) for target in sorted(edges.get(name, ()), reverse=True))
    return found


# ---- Python


@dataclass(frozen=True)
class Use:
    """One import of a module by another, by their full names."""

    module: str
    path: Path
    target: str
    line: int
    at_once: bool  # when the module is loaded, not in a function or for types alone


def parsed(path: Path, subject: Subject) -> ast.Module:
    subject.audited.append(path)
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise NotMeasured(f"{named(path, subject)}:{error.lineno}: {error.msg}") from None


def module_name(path: Path, subject: Subject) -> str:
    parts = path.relative_to(subject.top).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python_uses(subject: Subject) -> Tuple[List[Use], Set[str]]:
    """Every import in the Python of ours, and the names of our modules."""
    paths = [path for folder in FOLDERS for path in sorted((subject.top / folder).rglob("*.py"))]
    if not paths:
        raise NotMeasured("there is no Python file")
    modules = {module_name(path, subject) for path in paths}
    uses = []
    for path in paths:
        module = module_name(path, subject)
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        subject.audited.append(path)
        try:
            statements = import_statements(path.read_bytes())
        except SyntaxError as error:
            raise NotMeasured(f"{named(path, subject)}:{error.lineno}: {error.msg}") from None
        for node, at_once in statements:
            for target in targets(node, package, modules):
                uses.append(Use(module, path, target, node.lineno, at_once))
    return uses, modules


@lru_cache(maxsize=1024)
def import_statements(content: bytes) -> Tuple[Tuple[ast.stmt, bool], ...]:
    """The import statements of a module: the node, and whether it runs when the module is loaded."""
    found = []
    rest: List[Tuple[ast.AST, bool]] = [(ast.parse(content), True)]
    while rest:
        node, at_once = rest.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append((node, at_once))
        if isinstance(node, ast.expr):
            continue  # no statement stands in an expression
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or only_for_types(node):
            at_once = False
        rest.extend((child, at_once) for child in ast.iter_child_nodes(node))
    return tuple(found)


def only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def targets(node: ast.stmt, package: str, modules: Set[str]) -> List[str]:
    """The full names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert isinstance(node, ast.ImportFrom)
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
    start = ".".join(part for part in (base, node.module or "") if part)
    inner = [f"{start}.{alias.name}" for alias in node.names]
    found = [name for name in inner if name in modules]
    return found if len(found) == len(inner) else [start, *found]


def within(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")


def package_of(module: str) -> Package:
    """The row of a module, by the longest beginning. `audit.claims` is one module, `audit` its package."""
    return max((row for row in PACKAGES if within(module, row.name)), key=lambda row: len(row.name))


def found_at(message: str, use: Use, subject: Subject) -> Finding:
    return Finding(message, named(use.path, subject), use.line)


def packages_keep_to_the_table(subject: Subject) -> Iterator[Finding]:
    """A Python package imports of ours only itself and what the table of packages allows: bootstrap the guard, the seed nothing."""
    for use in python_uses(subject)[0]:
        if use.target.split(".")[0] not in FOLDERS:
            continue
        row = package_of(use.module)
        if package_of(use.target) is not row and not any(within(use.target, name) for name in row.may):
            yield found_at(f"{use.module} may not import {use.target}", use, subject)


def standard_library_alone(subject: Subject) -> Iterator[Finding]:
    """bootstrap, the guard, the tracer and release/verify.py import nothing but Python's standard library and what the table allows."""
    uses, _ = python_uses(subject)
    siblings = {path.stem for path in (subject.top / "bootstrap/seed").glob("*.py")}
    for use in uses:
        alone = next((name for name in ALONE if within(use.module, name)), None)
        first = use.target.split(".")[0]
        if alone is None or first in FOLDERS or (within(use.module, "bootstrap.seed") and first in siblings):
            continue
        if not standard(first):
            yield found_at(f"{use.module} imports {use.target}, which is not of the standard library", use, subject)


def standard(name: str) -> bool:
    """Whether a top-level module comes with Python, by where it is found; nothing is imported."""
    if name in sys.builtin_module_names or name == "__future__":
        return True
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    folders = [folder for path in paths for folder in (path, str(Path(path) / "lib-dynload"))]
    spec = importlib.machinery.PathFinder.find_spec(name, folders)
    return spec is not None and spec.origin is not None and "site-packages" not in spec.origin


def tests_are_imported_by_none(subject: Subject) -> Iterator[Finding]:
    """No Python module outside of tests/ imports the tests."""
    for use in python_uses(subject)[0]:
        if use.target.split(".")[0] in TESTS:
            yield found_at(f"{use.module} imports {use.target}", use, subject)


def no_circles_in_python(subject: Subject) -> Iterator[Finding]:
    """No Python module of ours imports itself by any way when it is loaded."""
    uses, modules = python_uses(subject)
    edges: Dict[str, Set[str]] = {name: set() for name in modules}
    for use in uses:
        if use.at_once and use.target in modules and not within(use.module, use.target):
            edges[use.module].add(use.target)
    for circle in circles(edges):
        yield Finding(f"modules import one another: {' -> '.join(circle)}")


def static(name: str, check: Callable[[Subject], Iterable[Finding]]) -> Claim:
    return Claim(f"imports/{name}", check, needs_run=False)


CLAIMS: Tuple[Claim, ...] = (
    static("layers-go-one-way", layers_go_one_way),
    static("compat-from-compat-main-alone", compat_from_compat_main_alone),
    static("library-imports-itself", library_imports_itself),
    static("raw-users-are-the-table", raw_users_are_the_table),
    static("the-table-is-one", the_table_is_one),
    static("no-circles-in-0x0", no_circles_in_0x0),
    static("packages-keep-to-the-table", packages_keep_to_the_table),
    static("standard-library-alone", standard_library_alone),
    static("tests-are-imported-by-none", tests_are_imported_by_none),
    static("no-circles-in-python", no_circles_in_python),
)
