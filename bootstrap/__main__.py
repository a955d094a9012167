"""python3 -m bootstrap: run the bootstrap chain, ours or anyone's.

Exit status: 0 the chain holds; 1 a stage failed or what must be equal is not; 2 usage or file trouble.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from perf.guard.front import run_command, told
from perf.guard.record import is_device

from . import BootstrapError
from .chain import ChainRun
from .description import read_chain
from .display import Display
from .report import write_report

HERE = Path(__file__).resolve().parent


def main() -> int:
    options = parse_options()
    return told("bootstrap", lambda: walk(options), "interrupted; no ledger was written")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m bootstrap", description="Run the bootstrap chain.")
    parser.add_argument("--chain", type=Path, metavar="FILE", help="the description file (default: bootstrap/chain.toml)")
    parser.add_argument("--top", type=Path, metavar="DIRECTORY", help="where its paths start (default: the source tree)")
    parser.add_argument("--from-seed", action="store_true", help="start from the seed even if there is a trusted root")
    parser.add_argument("--again", action="store_true", help="run every stage even if nothing has changed")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also write what the run came to, held or not, as JSON")
    parser.add_argument("--jobs", type=int, metavar="N", default=os.cpu_count() or 1, help="what {jobs} is (default: the processors)")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs must be 1 or more")
    return options


def walk(options: argparse.Namespace) -> int:
    report = options.report.absolute() if options.report is not None else None
    if report is not None and not is_device(report):
        report.unlink(missing_ok=True)
    chain = read_chain(Path(os.path.realpath(options.chain or HERE / "chain.toml")))
    top = Path(os.path.realpath(options.top or HERE.parent))
    if not top.is_dir():
        raise BootstrapError(f"{top}: not a directory")
    os.chdir(top)
    run = ChainRun(chain, top, options.jobs, Display())
    try:
        run.walk(options.from_seed, options.again)
    except BootstrapError as error:
        if report is not None:
            write_report(report, run, error)
        raise
    if report is not None:
        write_report(report, run, None)
    return 0


if __name__ == "__main__":
    run_command("bootstrap", main)
