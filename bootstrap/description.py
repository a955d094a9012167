"""description: a chain's description file, read and checked, as data.

read by: chain. The keys are explained in docs/bootstrap.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, cast

from .toml import Document, Table, check_keys, read_toml

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
STAGE_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
FIXED_NAMES = ("python", "source", "out", "root")


@dataclass(frozen=True)
class Stage:
    name: str
    command: Tuple[str, ...]  # from the seed, where the two ways differ
    from_root: Optional[Tuple[str, ...]]  # None: there is one way only
    inputs: Tuple[str, ...]
    timeout_seconds: int


@dataclass(frozen=True)
class RootSearch:
    record: str
    files: str


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
    root: Optional[RootSearch]
    stages: Tuple[Stage, ...]
    equal: Tuple[Tuple[str, str], ...]
    install: Tuple[Install, ...]


def read_chain(path: Path) -> Chain:
    document = read_toml(path)
    check_keys(document, document.top, {"name": str, "directory": str, "source": str, "inputs": list}, {}, "the file")
    refuse_unknown_tables(document)
    stages = read_stages(document)
    names = [stage.name for stage in stages]
    return Chain(
        path=path,
        name=cast(str, document.top["name"]),
        directory=cast(str, document.top["directory"]),
        source=cast(str, document.top["source"]),
        inputs=texts(document.top["inputs"]),
        root=read_root(document),
        stages=stages,
        equal=tuple(read_equal(document, table, names) for table in document.lists.get("equal", [])),
        install=tuple(read_install(document, table, names) for table in document.lists.get("install", [])),
    )


def refuse_unknown_tables(document: Document) -> None:
    for name, table in document.tables.items():
        if name != "root":
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


def read_stages(document: Document) -> Tuple[Stage, ...]:
    stages: List[Stage] = []
    for table in document.lists.get("stage", []):
        stages.append(read_stage(document, table, [stage.name for stage in stages]))
    if not stages:
        raise document.fail(1, "the chain has no [[stage]]")
    return tuple(stages)


def read_stage(document: Document, table: Table, earlier: Sequence[str]) -> Stage:
    line = document.line_of(table)
    optional: Dict[str, type] = {
        "command": list, "from-seed": list, "from-root": list, "inputs": list, "timeout-seconds": int,
    }
    check_keys(document, table, {"name": str}, optional, "[[stage]]")
    name = cast(str, table["name"])
    if not STAGE_NAME.match(name) or name in FIXED_NAMES:
        raise document.fail(line, f"{name!r} cannot name a stage")
    if name in earlier:
        raise document.fail(line, f"stage {name} is given twice")
    two_ways = "from-seed" in table and "from-root" in table
    if ("command" in table) == two_ways or ("from-seed" in table) != ("from-root" in table):
        raise document.fail(line, f"stage {name} needs either command, or from-seed and from-root")
    if two_ways and "root" not in document.tables:
        raise document.fail(line, f"stage {name} has from-root, but there is no [root]")
    if two_ways and earlier:
        raise document.fail(line, f"only the first stage starts from seed or root, not {name}")
    stage = Stage(
        name=name,
        command=texts(table["from-seed"] if two_ways else table["command"]),
        from_root=texts(table["from-root"]) if two_ways else None,
        inputs=texts(table.get("inputs", [])),
        timeout_seconds=cast(int, table.get("timeout-seconds", 3600)),
    )
    check_command(document, line, name, stage.command, ("python", "source", "out", *earlier))
    if stage.from_root is not None:
        check_command(document, line, name, stage.from_root, FIXED_NAMES)
    if stage.timeout_seconds < 1:
        raise document.fail(line, f"timeout-seconds of stage {name} must be 1 or more")
    return stage


def check_command(document: Document, line: int, stage: str, command: Tuple[str, ...], known: Sequence[str]) -> None:
    used = [name for word in command for name in PLACEHOLDER.findall(word)]
    for name in used:
        if name not in known:
            raise document.fail(line, f"stage {stage} uses {{{name}}}; known here: {', '.join(known)}")
    if "out" not in used:
        raise document.fail(line, f"the command of stage {stage} names no {{out}}")


def read_equal(document: Document, table: Table, names: Sequence[str]) -> Tuple[str, str]:
    check_keys(document, table, {"left": str, "right": str}, {}, "[[equal]]")
    return known_stage(document, table, "left", names), known_stage(document, table, "right", names)


def read_install(document: Document, table: Table, names: Sequence[str]) -> Install:
    check_keys(document, table, {"stage": str, "path": str}, {}, "[[install]]")
    return Install(known_stage(document, table, "stage", names), cast(str, table["path"]))


def known_stage(document: Document, table: Table, key: str, names: Sequence[str]) -> str:
    name = cast(str, table[key])
    if name not in names:
        raise document.fail(document.line_of(table), f"there is no stage {name}")
    return name


def texts(value: object) -> Tuple[str, ...]:
    return tuple(cast(List[str], value))


def fill(command: Sequence[str], values: Dict[str, str]) -> List[str]:
    return [PLACEHOLDER.sub(lambda match: values[match.group(1)], word) for word in command]
