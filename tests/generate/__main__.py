"""python3 -m tests.generate SHAPE SIZE DIRECTORY: write a program and print its root file and its exit status."""

from __future__ import annotations

import argparse
from pathlib import Path

from .program import write_program
from .shapes import SHAPES


def main() -> None:
    shapes = {name: writer for name, _, writer in SHAPES}
    parser = argparse.ArgumentParser(prog="python3 -m tests.generate")
    parser.add_argument("shape", choices=["program", *shapes], help="program: SIZE lines in files of a thousand")
    parser.add_argument("size", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="of the numbers in a program (default: 1)")
    options = parser.parse_args()
    if options.shape == "program":
        root, status = write_program(options.directory, options.size, options.seed)
    else:
        options.directory.mkdir(parents=True, exist_ok=True)
        root = options.directory / f"{options.shape}.0x0"
        status = shapes[options.shape](root, options.size)
    print(f"{root} exits with {status}")


if __name__ == "__main__":
    main()
