"""perf: the table of commands. A command's module is loaded when it is called, so that `guard` needs the standard library alone."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import Callable, Sequence, Tuple

from .guard.front import run_command


@dataclass(frozen=True)
class Command:
    name: str
    module: str  # has `main(arguments) -> status`
    text: str


COMMANDS: Tuple[Command, ...] = (
    Command("guard", "perf.guard.command", "run a command tree under limits and say what it took"),
    Command("bench", "perf.bench.command", "compiled code beside that of other compilers"),
    Command("measure", "perf.measure", "measure the named steps, time and memory"),
    Command("compare", "perf.compare", "compare two compilers in interleaved pairs"),
    Command("history", "perf.history", "what was measured so far on this machine"),
    Command("plot", "perf.plot", "draw the history"),
    Command("bisect", "perf.bisect", "find the commit that changed a figure"),
    Command("bisect-fuel", "perf.bisect_fuel", "find the optimising decision that changes what a program does"),
    Command("baseline", "perf.baseline", "write or check the figures of a version"),
)


def usage() -> str:
    rows = "\n".join(f"    {command.name:<13}{command.text}" for command in COMMANDS)
    return f"usage: python -m perf COMMAND [ARGUMENT...]; COMMAND --help tells more\n\n{rows}"


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    for command in COMMANDS:
        if command.name == arguments[0]:
            return start(command, arguments[1:])
    print(f"perf: no command is named {arguments[0]}\n{usage()}", file=sys.stderr)
    return 2


def start(command: Command, arguments: Sequence[str]) -> int:
    try:
        run: Callable[[Sequence[str]], int] = importlib.import_module(command.module).main
    except ModuleNotFoundError as error:
        print(f"perf: {command.name} needs the Python module {error.name}; use build/venv/bin/python", file=sys.stderr)
        return 2
    return run(arguments)


if __name__ == "__main__":
    run_command("perf", lambda: main(sys.argv[1:]))
