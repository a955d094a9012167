"""python3 -m bootstrap.witness: judge the compiler that `make all` made by every route there is.

Exit status: 0 no witness differs or failed, and those asked for by name are there; 1 one does, or is not; 2 usage or file trouble.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from pathlib import Path
from typing import List, Tuple

from perf.guard.front import run_command

from .. import BROKEN, TROUBLE, BootstrapError
from .ground import Ground
from .judge import judge_all
from .model import Row
from .record import AbsentError, RouteError
from .report import closing, forget, holds, matrix, measures, write
from .routes import fetch_pyodide, grow
from .table import WITNESSES, chosen
from .workshop import Workshop

TOP = Path(__file__).resolve().parent.parent.parent
PROGRAM = "witness"


def main() -> int:
    options = arguments().parse_args()
    try:
        if options.list:
            list_witnesses()
            return 0
        return judged(options)
    except KeyError as unknown:
        print(f"{PROGRAM}: no witness is named {unknown.args[0]}; --list names them", file=sys.stderr)
    except BootstrapError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{PROGRAM}: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted; no report was written", file=sys.stderr, flush=True)
        os._exit(130)  # at once: the guard ends what other threads have under way when this process is gone
    return TROUBLE


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m bootstrap.witness", description="Grow the compiler by different routes and compare.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these witnesses, or groups of them (seed, c); all if none is named")
    parser.add_argument("--require", action="append", default=[], metavar="NAME", help="red if this witness, or group, is not present")
    parser.add_argument("--list", action="store_true", help="name the witnesses and end")
    parser.add_argument("--fetch", action="store_true", help="fetch Pyodide with npm first, as pinned in package-lock.json")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="routes at a time (default: 2)")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="for each command of a route (default: 300)")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the tree that is judged (default: the source tree)")
    return parser


def judged(options: argparse.Namespace) -> int:
    if options.jobs < 1 or not options.timeout > 0:
        raise BootstrapError("--jobs and --timeout have to be above zero")
    required = [witness.name for witness in chosen(tuple(options.require))] if options.require else []
    names: Tuple[str, ...] = (*options.names, *required) if options.names else ()
    witnesses = chosen(names)
    top = Path(os.path.realpath(options.top))
    ground = Ground(top, options.timeout)
    ground.directory.mkdir(parents=True, exist_ok=True)
    with (ground.directory / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        forget(ground)
        if options.fetch:
            fetch(ground)
        grow(ground)
        width = max(len(witness.name) for witness in witnesses)
        rows = judge_all(ground, witnesses, options.jobs, lambda row: show(row, width))
        if ground.inputs_now() != ground.inputs:
            raise BootstrapError("an input changed while the routes ran; run `make all` and this again")
        write(ground, rows, required)
    tail: List[str] = ["", *measures(rows), "", *matrix(rows), "", closing(rows, required)]
    print("\n".join(tail))
    return 0 if holds(rows, required) else BROKEN


def fetch(ground: Ground) -> None:
    """Where nothing can be fetched the witness is not present, and the rest is judged all the same."""
    try:
        fetch_pyodide(Workshop(ground, "fetch"))
    except (AbsentError, RouteError) as error:
        print(f"{PROGRAM}: Pyodide was not fetched: {error}", file=sys.stderr, flush=True)


def show(row: Row, width: int) -> None:
    stage2 = row.products.get("stage2", "")[:16]
    print(f"{row.witness.name:<{width}}  {row.verdict.value:<11}  {stage2:<16}  {row.detail or row.witness.route}", flush=True)


def list_witnesses() -> None:
    width = max(len(witness.name) for witness in WITNESSES)
    for witness in WITNESSES:
        print(f"{witness.name:<{width}}  {witness.route}")


if __name__ == "__main__":
    run_command(PROGRAM, main)
