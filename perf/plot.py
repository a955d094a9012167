"""plot: `python -m perf plot`: the history of figures as a drawing, SVG. It needs pygal, which is an extra, and says so where it is absent."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from .command import PerfError
from .guard.front import told
from .history import HISTORY, TOP, History, read_history, tell_broken
from .machine import this_machine
from .store import write_whole

DRAWING = "build/perf/history.svg"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m perf plot", description="Draw the history of this machine's figures.")
    parser.add_argument("figures", nargs="*", default=["_cpu_us"], metavar="FIGURE", help="by a part of their name (default: _cpu_us)")
    parser.add_argument("-o", "--out", type=Path, default=Path(DRAWING), metavar="FILE", help=f"default: {DRAWING}")
    parser.add_argument("--top", type=Path, default=TOP, metavar="DIRECTORY", help="the source tree")
    options = parser.parse_args(arguments)
    return told("perf plot", lambda: work(options.top.resolve(), options.figures, options.out))


def work(top: Path, wanted: Sequence[str], out: Path) -> int:
    pygal = drawing_library()
    history = read_history(top)
    tell_broken(history)
    lines = lines_of(history, this_machine().fingerprint, wanted)
    if not lines:
        raise PerfError(f"{HISTORY} has nothing of this machine named like {' or '.join(wanted)}; `python -m perf measure` adds to it", 1)
    write_whole(out, draw(pygal, history, lines))
    print(f"{out}: {len(lines)} figures")
    return 0


def drawing_library() -> Any:
    try:
        return importlib.import_module("pygal")
    except ImportError:
        raise PerfError("drawing needs the Python module pygal, which is not installed; use build/venv/bin/python") from None


def lines_of(history: History, fingerprint: str, wanted: Sequence[str]) -> dict[str, list[Optional[int]]]:
    """Each figure's values, one for every measurement of the machine; None where a measurement does not have it."""
    records = [record for record in history.records if record.fingerprint == fingerprint]
    names = sorted({name for record in records for name in record.figures if any(part in name for part in wanted)})
    return {name: [record.figures.get(name) for record in records] for name in names}


def draw(pygal: Any, history: History, lines: dict[str, list[Optional[int]]]) -> bytes:
    fingerprint = this_machine().fingerprint
    chart = pygal.Line(show_dots=True, x_label_rotation=30, title=f"machine {fingerprint}", js=[], show_minor_x_labels=False)
    chart.x_labels = [f"{record.when} {record.commit[:8]}" for record in history.records if record.fingerprint == fingerprint]
    for name, values in lines.items():
        chart.add(name, values)
    return bytes(chart.render())
