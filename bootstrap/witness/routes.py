"""routes: how each witness comes from the source to bytes that can be compared."""

from __future__ import annotations

import shutil
import sys
import tarfile
from functools import partial
from pathlib import Path
from typing import Callable, List, Sequence

from .. import BootstrapError
from ..root import find_origin
from .ground import SOURCE, STAGES, Ground, seed_command
from .pythons import find_python
from .record import AbsentError, Comparison, RouteError
from .workshop import Workshop

COMPAT_SOURCE = "compiler/compat-main.0x0"
NODE_FILES = Path(__file__).resolve().parent / "node"
HEADERS = Path(__file__).resolve().parent / "headers"  # for a C compiler that comes without
PYODIDE = Path("node_modules", "pyodide")

Walk = Callable[[Workshop], Sequence[Comparison]]


def grow(ground: Ground) -> None:
    """Walk the chain from the seed, to stage 4. What fails here is told by every route that needs it."""
    work = Workshop(ground, "ground")
    try:
        compiler: List[str] = []
        for stage in STAGES:
            out = work.directory / stage
            if compiler:
                work.build(stage, compiler, SOURCE, out)
            else:
                work.step(stage, [*seed_command(sys.executable), SOURCE, str(out)], out)
            ground.grown[stage] = out
            compiler = [str(out)]
    except RouteError as error:
        ground.failure = str(error)
    ground.steps = tuple(work.steps)


def ledger(work: Workshop) -> Sequence[Comparison]:
    """What build/chain and build/bin hold is what the ledger says. Nothing is run."""
    ground = work.ground
    files = [(stage.name, ground.judged / stage.name) for stage in ground.chain.stages]
    files += [(step.stage, ground.top / step.path) for step in ground.chain.install]
    return [Comparison(work.shown(path), path, recorded=ground.recorded.get(stage, "")) for stage, path in files]


def fixed_point(work: Workshop) -> Sequence[Comparison]:
    """The chain grown anew: the ledger's zero-next and stage2, then stage3 and stage4, the same as stage2."""
    ground = work.ground
    work.steps += ground.steps
    judged = ground.judged
    comparisons = [Comparison("stage2", ground.stage("stage2"), judged / "stage2")]
    if ground.origin == "seed":
        comparisons.insert(0, Comparison("zero-next", ground.stage("zero-next"), judged / "zero-next"))
    return [*comparisons, *(Comparison(stage, ground.stage(stage), ground.stage("stage2")) for stage in STAGES[2:])]


def seed_under(implementation: str, version: str, names: Sequence[str], package: str) -> Walk:
    """The seed under another Python."""
    return partial(by_python, implementation, version, names, package)


def by_python(implementation: str, version: str, names: Sequence[str], package: str, work: Workshop) -> Sequence[Comparison]:
    python = find_python(work, implementation, version, names, package)
    out = work.product("zero-next")
    work.step("zero-next", [*seed_command(python), SOURCE, work.shown(out)], out)
    return grown_on(work, out)


def pyodide(work: Workshop) -> Sequence[Comparison]:
    """The seed under CPython as WebAssembly, executed by Node."""
    node = work.find("engine", "node", "nodejs", ["--version"])
    home = work.ground.directory / "node"
    package = home / PYODIDE
    if not (package / "pyodide.asm.wasm").is_file():
        raise AbsentError("no Pyodide; fetch it with --fetch (npm, pinned by hash)")
    for part in ("pyodide.asm.wasm", "python_stdlib.zip"):
        work.note("Pyodide", str(package / part), part)
    script = home / "pyodide.mjs"
    shutil.copyfile(NODE_FILES / "pyodide.mjs", script)
    out = work.product("zero-next")
    work.step("zero-next", [node, str(script), str(work.ground.top), str(out)], out)
    return grown_on(work, out)


def fetch_pyodide(work: Workshop) -> None:
    """Have npm put the packages that package-lock.json pins into build/witness/node."""
    npm = work.find("npm", "npm", "npm", ["--version"])
    home = work.ground.directory / "node"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NODE_FILES / name, home / name)
    argv = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    work.step("npm ci", argv, home / PYODIDE / "package.json", cwd=home)


def grown_on(work: Workshop, zero_next: Path) -> Sequence[Comparison]:
    """zero-next by the route, and stage2 as that zero-next writes it."""
    stage2 = work.build("stage2", [str(zero_next)], SOURCE, work.product("stage2"))
    return (
        Comparison("zero-next", zero_next, work.ground.stage("zero-next")),
        Comparison("stage2", stage2, work.ground.judged / "stage2"),
    )


def c_through(program: str, version: Sequence[str], options: Sequence[str]) -> Walk:
    """The compiler as C, through a C compiler, which is also the name of its package."""
    return partial(by_c, program, version, options)


def by_c(program: str, version: Sequence[str], options: Sequence[str], work: Workshop) -> Sequence[Comparison]:
    if not (work.ground.top / COMPAT_SOURCE).is_file():
        raise AbsentError(f"no {COMPAT_SOURCE} in this tree")
    compiler = work.find("C compiler", program, program, version)
    text = translated(work)
    native = work.product("compiler")
    work.step(f"{program} zero.c", [compiler, *options, str(text), "-o", str(native)], native)
    stage2 = work.build("stage2", [str(native)], SOURCE, work.product("stage2"))
    return (Comparison("stage2", stage2, work.ground.judged / "stage2"),)


def translated(work: Workshop) -> Path:
    """The compiler's own source as C: written once, by the C backend that the seed-grown stage2 has built."""
    ground = work.ground
    with ground.lock:
        if "zero.c" not in ground.once:
            shop = Workshop(ground, "c")
            try:
                backend = shop.build("zero-c", [str(ground.stage("stage2"))], COMPAT_SOURCE, shop.directory / "zero-c")
                ground.once["zero.c"] = shop.build("zero.c", [str(backend)], SOURCE, shop.directory / "zero.c")
            except RouteError as error:
                ground.once["zero.c"] = error
            work.steps += shop.steps
    text = ground.once["zero.c"]
    if isinstance(text, RouteError):
        raise text
    return text


def emulated(work: Workshop) -> Sequence[Comparison]:
    """zero-next executed by an emulator of the processor."""
    emulator = work.find("emulator", "qemu-x86_64", "qemu-user", ["--version"])
    zero_next = work.ground.stage("zero-next")
    stage2 = work.build("stage2", [emulator, str(zero_next)], SOURCE, work.product("stage2"))
    return (Comparison("stage2", stage2, work.ground.judged / "stage2"),)


def trusted_root(work: Workshop) -> Sequence[Comparison]:
    """The root's bytes against the compiler grown from the seed at the root's commit (diverse double-compiling)."""
    top = work.ground.top
    try:
        origin = find_origin(work.ground.chain.root, top, False)
    except BootstrapError as error:
        raise RouteError(error.message) from None
    if origin.content is None or origin.commit is None:
        raise AbsentError(f"no trusted root: {origin.reason}")
    git = work.find("history", "git", "git", ["--version"])
    root = work.product("root")
    root.write_bytes(origin.content)
    tree, archive = work.directory / "tree", work.directory / "tree.tar"
    work.step("git archive", [git, "-C", str(top), "archive", "--format=tar", "-o", str(archive), origin.commit], archive)
    unpack(archive, tree)
    grown = tree / "build" / "chain" / "stage2"
    work.step("chain of that commit", [sys.executable, "-B", "-m", "bootstrap", "--from-seed", "--again"], grown, cwd=tree)
    return (Comparison("root", root, grown),)


def unpack(archive: Path, tree: Path) -> None:
    """Regular files alone; git's archive of our own history has nothing else that is needed."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                target = tree / member.name
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None and ".." not in Path(member.name).parts:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content.read())
    except (tarfile.TarError, OSError) as error:
        raise RouteError(f"the archive of the commit cannot be read: {error}") from None
