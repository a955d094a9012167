"""python3 -m tests.generate.night N [--from SEED]: compare the engines by N random programs, and keep what they do not agree on.

Each find is told when it is made, with what differs; its program goes to build/finds/SEED.0x0, from where `python3 -m tests.generate.reduce`
makes a small one. The exit status is 1 when there is a find.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .agree import Find, compare, engines

TOP = Path(__file__).resolve().parent.parent.parent
BATCH = 10


def keep(find: Find, finds: Path) -> None:
    finds.mkdir(parents=True, exist_ok=True)
    path = finds / f"{find.seed}.0x0"
    path.write_text(find.text, encoding="utf-8")
    print(f"{find.seed}: {find.engine} differs: {path.relative_to(TOP)}\n{find.what}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.generate.night")
    parser.add_argument("count", type=int, metavar="N", help="how many programs")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED", help="the first one's seed (default: 0)")
    parser.add_argument("--floats", action="store_true", help="programs with floats; the seed is left out")
    options = parser.parse_args()
    judges, finds, began = engines(options.floats), 0, time.monotonic()
    print(f"compared: {', '.join(one.name for one in judges)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="zero-night-") as folder:
        for first in range(options.first, options.first + options.count, BATCH):
            seeds = range(first, min(first + BATCH, options.first + options.count))
            for find in compare(list(seeds), Path(folder) / "batch", options.floats, judges):
                keep(find, TOP / "build" / "finds")
                finds += 1
    print(f"{options.count} programs, {finds} finds, {time.monotonic() - began:.0f} s")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
