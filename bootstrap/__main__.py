"""python3 -m bootstrap: run the bootstrap chain.

Exit status: 0 the chain holds; 1 a stage failed or what must be equal is not; 2 usage or file trouble.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from . import BootstrapError
from .chain import ChainRun
from .description import read_chain
from .display import Display

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bootstrap", description="Run the bootstrap chain.")
    parser.add_argument("--chain", type=Path, metavar="FILE", help="the description file (default: bootstrap/chain.toml)")
    parser.add_argument("--top", type=Path, metavar="DIRECTORY", help="where its paths start (default: the source tree)")
    parser.add_argument("--from-seed", action="store_true", help="start from the seed even if there is a trusted root")
    parser.add_argument("--again", action="store_true", help="run every stage even if nothing has changed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        chain = read_chain((options.chain or HERE / "chain.toml").resolve())
        top = (options.top or HERE.parent).resolve()
        if not top.is_dir():
            raise BootstrapError(f"{top}: not a directory")
        os.chdir(top)
        ChainRun(chain, top, Display()).walk(options.from_seed, options.again)
    except BootstrapError as error:
        print(f"bootstrap: {error.message}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"bootstrap: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bootstrap: interrupted; no ledger was written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
