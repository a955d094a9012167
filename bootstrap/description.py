"""description: a chain's description file, read and checked, as data.

read by: chain, stage. The keys are explained in docs/bootstrap.md; docs/your-compiler.md shows how to write one.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional, Sequence, Tuple, cast

from .toml import Document, Table, check_keys, read_full_toml

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
STAGE_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
SIZE = re.compile(r"([1-9][0-9]{0,8})([KMG])\Z")
KIB = {"K": 1, "M": 1024, "G": 1024 * 1024}
FIXED_NAMES = ("python", "source", "out", "root")
EVERYWHERE = ("python", "source", "out", "work", "top", "jobs")
RESERVED = (*EVERYWHERE, "root", "origin", "ledger")

Command = Tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    name: str
    commands: Tuple[Command, ...]  # in order; from the seed, where the two ways differ
    from_root: Optional[Command]  # None: there is one way only
    inputs: Tuple[str, ...]
    timeout_seconds: int  # of each command
    max_rss_kib: Optional[int]  # of each command: of each of its processes, and of all together
    products: Tuple[str, ...]  # files in the stage's directory; empty: the stage is one file
    working_directory: Optional[str]  # None: the top
    environment: Tuple[Tuple[str, str], ...]
    pass_environment: Tuple[str, ...]


@dataclass(frozen=True)
class RootSearch:
    record: str
    files: str


@dataclass(frozen=True)
class OriginSearch:
    """A compiler from outside the chain, which its first stage uses."""

    program: str
    version: Tuple[str, ...]  # the words that make it tell its version


@dataclass(frozen=True)
class Install:
    stage: str
    path: str


@dataclass(frozen=True)
class Chain:
    path: Path
    name: str
    directory: str
    source: str
    inputs: Tuple[str, ...]
    needs: Tuple[str, ...]
    root: Optional[RootSearch]
    origin: Optional[OriginSearch]
    stages: Tuple[Stage, ...]
    equal: Tuple[Tuple[str, str], ...]  # stages, or products of stages: stage2/bin/cc
    install: Tuple[Install, ...]


def read_chain(path: Path) -> Chain:
    document = read_full_toml(path)
    required: Dict[str, type] = {"name": str, "directory": str, "source": str, "inputs": list}
    check_keys(document, document.top, required, {"needs": list}, "the file")
    refuse_unknown_tables(document)
    directory = cast(str, document.top["directory"])
    if not is_inside(directory) or PurePosixPath(directory) == PurePosixPath("."):
        raise document.fail(1, f"directory is {directory!r}; it must be a folder below the top")
    stages = read_stages(document)
    return Chain(
        path=path,
        name=cast(str, document.top["name"]),
        directory=directory,
        source=cast(str, document.top["source"]),
        inputs=texts(document.top["inputs"]),
        needs=texts(document.top.get("needs", [])),
        root=read_root(document),
        origin=read_origin(document),
        stages=stages,
        equal=read_equals(document, stages),
        install=tuple(read_install(document, table, stages) for table in document.lists.get("install", [])),
    )


def refuse_unknown_tables(document: Document) -> None:
    for name, table in document.tables.items():
        if name not in ("root", "origin"):
            raise document.fail(document.line_of(table), f"unknown table [{name}]")
    for name, tables in document.lists.items():
        if name not in ("stage", "equal", "install"):
            raise document.fail(document.line_of(tables[0]), f"unknown table [[{name}]]")


def read_root(document: Document) -> Optional[RootSearch]:
    table = document.tables.get("root")
    if table is None:
        return None
    check_keys(document, table, {"record": str, "files": str}, {}, "[root]")
    return RootSearch(cast(str, table["record"]), cast(str, table["files"]))


def read_origin(document: Document) -> Optional[OriginSearch]:
    table = document.tables.get("origin")
    if table is None:
        return None
    check_keys(document, table, {"program": str}, {"version": list}, "[origin]")
    if "root" in document.tables:
        raise document.fail(document.line_of(table), "a chain has either [root] or [origin]")
    return OriginSearch(cast(str, table["program"]), texts(table.get("version", ["--version"])))


def read_stages(document: Document) -> Tuple[Stage, ...]:
    stages: List[Stage] = []
    for table in document.lists.get("stage", []):
        stages.append(read_stage(document, table, [stage.name for stage in stages]))
    if not stages:
        raise document.fail(1, "the chain has no [[stage]]")
    return tuple(stages)


STAGE_KEYS: Dict[str, type] = {
    "command": list, "commands": list, "from-seed": list, "from-root": list, "inputs": list, "timeout-seconds": int, "max-rss": str,
    "products": list, "working-directory": str, "environment": list, "pass-environment": list,
}


def read_stage(document: Document, table: Table, earlier: Sequence[str]) -> Stage:
    line = document.line_of(table)
    check_keys(document, table, {"name": str}, STAGE_KEYS, "[[stage]]")
    name = cast(str, table["name"])
    if not STAGE_NAME.match(name) or name in RESERVED:
        raise document.fail(line, f"{name!r} cannot name a stage")
    if name in earlier:
        raise document.fail(line, f"stage {name} is given twice")
    check_ways(document, table, name, earlier)
    stage = Stage(
        name=name,
        commands=read_commands(document, table, name),
        from_root=texts(table["from-root"]) if "from-root" in table else None,
        inputs=texts(table.get("inputs", [])),
        timeout_seconds=cast(int, table.get("timeout-seconds", 3600)),
        max_rss_kib=read_size(document, line, name, cast(Optional[str], table.get("max-rss"))),
        products=texts(table.get("products", [])),
        working_directory=cast(Optional[str], table.get("working-directory")),
        environment=read_environment(document, table, name),
        pass_environment=texts(table.get("pass-environment", [])),
    )
    check_stage(document, line, stage, earlier)
    return stage


def check_ways(document: Document, table: Table, name: str, earlier: Sequence[str]) -> None:
    line = document.line_of(table)
    two_ways = "from-seed" in table and "from-root" in table
    if [("command" in table), ("commands" in table), two_ways].count(True) != 1 or ("from-seed" in table) != ("from-root" in table):
        raise document.fail(line, f"stage {name} needs either command, or commands, or from-seed and from-root")
    if two_ways and "root" not in document.tables:
        raise document.fail(line, f"stage {name} has from-root, but there is no [root]")
    if two_ways and earlier:
        raise document.fail(line, f"only the first stage starts from seed or root, not {name}")


def read_commands(document: Document, table: Table, stage: str) -> Tuple[Command, ...]:
    if "commands" not in table:
        return (texts(table["from-seed"] if "from-seed" in table else table["command"]),)
    try:
        return tuple(tuple(shlex.split(text)) for text in texts(table["commands"]))
    except ValueError as error:
        raise document.fail(document.line_of(table), f"a command of stage {stage} cannot be split into words: {error}") from None


def read_size(document: Document, line: int, stage: str, text: Optional[str]) -> Optional[int]:
    if text is None:
        return None
    match = SIZE.match(text)
    if match is None:
        raise document.fail(line, f"max-rss of stage {stage} is {text!r}; it must be like 512K, 64M or 2G")
    return int(match[1]) * KIB[match[2]]


def read_environment(document: Document, table: Table, stage: str) -> Tuple[Tuple[str, str], ...]:
    pairs = []
    for text in texts(table.get("environment", [])):
        name, equals, value = text.partition("=")
        if not equals or not VARIABLE.match(name):
            raise document.fail(document.line_of(table), f"environment of stage {stage} has {text!r}; it must be NAME=VALUE")
        pairs.append((name, value))
    return tuple(pairs)


def check_stage(document: Document, line: int, stage: Stage, earlier: Sequence[str]) -> None:
    name = stage.name
    known = [*EVERYWHERE, *(["origin"] if "origin" in document.tables else []), *earlier]
    for command in stage.commands:
        check_words(document, line, name, command, known)
    for words in ((stage.working_directory or "",), [value for _, value in stage.environment]):
        check_words(document, line, name, tuple(words) or ("",), known)
    check_out(document, line, name, [word for command in stage.commands for word in command])
    if stage.from_root is not None:
        check_words(document, line, name, stage.from_root, FIXED_NAMES)
        check_out(document, line, name, stage.from_root)
    if stage.timeout_seconds < 1:
        raise document.fail(line, f"timeout-seconds of stage {name} must be 1 or more")
    for product in stage.products:
        if not is_inside(product):
            raise document.fail(line, f"product {product!r} of stage {name} must be a file below the stage's directory")
    for variable in stage.pass_environment:
        if not VARIABLE.match(variable):
            raise document.fail(line, f"pass-environment of stage {name} has {variable!r}, which cannot name a variable")


def check_words(document: Document, line: int, stage: str, command: Command, known: Sequence[str]) -> None:
    if not command:
        raise document.fail(line, f"stage {stage} has a command without words")
    for word in command:
        for name in PLACEHOLDER.findall(word):
            if name not in known:
                raise document.fail(line, f"stage {stage} uses {{{name}}}; known here: {', '.join(known)}")


def check_out(document: Document, line: int, stage: str, words: Sequence[str]) -> None:
    if not any("out" in PLACEHOLDER.findall(word) for word in words):
        raise document.fail(line, f"the command of stage {stage} names no {{out}}")


def read_equals(document: Document, stages: Sequence[Stage]) -> Tuple[Tuple[str, str], ...]:
    """At least one pair: a chain that compares nothing would hold whatever its stages make."""
    pairs = tuple(read_equal(document, table, stages) for table in document.lists.get("equal", []))
    if not pairs:
        raise document.fail(1, "the chain has no [[equal]], so nothing would be compared")
    return pairs


def read_equal(document: Document, table: Table, stages: Sequence[Stage]) -> Tuple[str, str]:
    check_keys(document, table, {"left": str, "right": str}, {}, "[[equal]]")
    left, right = known_product(document, table, "left", stages), known_product(document, table, "right", stages)
    if left == right:
        raise document.fail(document.line_of(table), f"{left} would be compared with itself")
    return left, right


def read_install(document: Document, table: Table, stages: Sequence[Stage]) -> Install:
    check_keys(document, table, {"stage": str, "path": str}, {}, "[[install]]")
    name = known_product(document, table, "stage", stages)
    if any(stage.name == name and stage.products for stage in stages):
        raise document.fail(document.line_of(table), f"stage {name} is a directory; install one of its products: {name}/PRODUCT")
    if not is_inside(cast(str, table["path"])):
        raise document.fail(document.line_of(table), f"path {table['path']!r} must be a file below the top")
    return Install(name, cast(str, table["path"]))


def known_product(document: Document, table: Table, key: str, stages: Sequence[Stage]) -> str:
    text = cast(str, table[key])
    name, _, product = text.partition("/")
    stage = next((stage for stage in stages if stage.name == name), None)
    if stage is None:
        raise document.fail(document.line_of(table), f"there is no stage {name}")
    if product and product not in stage.products:
        raise document.fail(document.line_of(table), f"stage {name} has no product {product}")
    return text


def is_inside(path: str) -> bool:
    """A path that stays below where it starts."""
    pure = PurePosixPath(path)
    return bool(path) and "\0" not in path and not pure.is_absolute() and ".." not in pure.parts


def texts(value: object) -> Tuple[str, ...]:
    return tuple(cast(List[str], value))


def fill(text: str, values: Dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: values[match.group(1)], text)
