"""python -m release: make a release, make a key, move the trusted root.

Exit status: 0 done; 1 what must hold does not; 2 usage, a file or a tool.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from perf.guard import GuardError
from perf.guard.front import run_command, told

try:
    from .key import make_key, read_signer
    from .make import Order, make_release
    from .trust import move_root
    from .verify import Request, Trouble, read_key
except ModuleNotFoundError as error:
    if error.name is not None and error.name.split(".")[0] in ("perf", "release"):
        raise
    sys.exit(print(f"release: this Python has no {error.name}; run build/venv/bin/python (make build/venv/ready)", file=sys.stderr) or 2)
except KeyboardInterrupt:
    sys.exit(print("release: interrupted", file=sys.stderr) or 130)

TOP = Path(__file__).resolve().parent.parent


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m release", description="Make a release, a key, or move the trusted root.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    make = commands.add_parser("make", help="make build/release/v<VERSION> from the tree and the chain")
    make.add_argument("--key", metavar="FILE", help="the private key to sign with; none, or empty: an unsigned release")
    make.add_argument("--out", type=Path, metavar="DIR", help="where v<VERSION> comes to lie (default: build/release)")
    make.add_argument("--allow-dirty", action="store_true", help="make one of a tree that differs from its commit, and say so in it")
    key = commands.add_parser("key", help="make NAME.pem and NAME.pub.pem")
    key.add_argument("name", type=Path, metavar="NAME")
    root = commands.add_parser("trust-root", help="move release/trusted-root.toml to a release, when it can be built again")
    root.add_argument("--release", type=Path, metavar="DIR", help="the release (default: build/release/v<VERSION>)")
    root.add_argument("--key", action="append", default=[], metavar="PUBLIC", help="require a signature by this public key")
    return parser


def run(options: argparse.Namespace) -> int:
    if options.command == "make":
        signer = read_signer(Path(options.key)) if options.key else None
        out = (options.out or TOP / "build" / "release").resolve()
        make_release(Order(TOP, out, signer, options.allow_dirty), print)
    elif options.command == "key":
        private, public, digits = make_key(options.name)
        print(f"{private}: the private key; keep it to yourself\n{public}: the public key, {digits}")
    else:
        version = (TOP / "VERSION").read_text("ascii").strip()
        release = options.release or TOP / "build" / "release" / f"v{version}"
        move_root(TOP, release, Request(keys=tuple(read_key(text) for text in options.key)), print)
    return 0


def main() -> int:
    options = arguments().parse_args()
    return told("release", lambda: run(options), "interrupted; nothing was changed", (Trouble, GuardError))


if __name__ == "__main__":
    run_command("release", main)
