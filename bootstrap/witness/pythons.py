"""pythons: find the Pythons of this machine: on PATH, and where pyenv and uv keep theirs.

A name proves nothing (pyenv puts a small script under each name, which may refuse), so each candidate is asked who it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

from .record import AbsentError
from .workshop import Workshop

ASK = "import platform, sys; print(platform.python_implementation(), '%d.%d' % sys.version_info[:2], platform.python_version(), sys.executable)"
KEPT = ((".pyenv", "versions"), (".local", "share", "uv", "python"))


def find_python(work: Workshop, implementation: str, version: str, names: Sequence[str], package: str) -> str:
    """The path of the first Python of that implementation and version (any, if empty)."""
    others: List[str] = []
    for candidate in candidates(names):
        found, number, full, path = who(work, candidate)
        if found == implementation and version in ("", number):
            work.note("Python", path, f"{implementation} {full}")
            return path
        others.append(f"{candidate.name} is {found} {number}" if found else f"{candidate.name} does not start")
    seen = f" ({', '.join(sorted(set(others)))})" if others else ""
    raise AbsentError(f"no {implementation} {version}".rstrip() + f"{seen}; install {package}")


def candidates(names: Sequence[str]) -> Iterator[Path]:
    """Files of these names, each once, in the order of PATH and then of the keepers."""
    home = Path(os.environ.get("HOME", "/"))
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    for keeper in KEPT:
        folders += sorted(home.joinpath(*keeper).glob("*/bin"))
    seen = set()
    for name in names:
        for folder in folders:
            path = folder / name
            if path.is_file() and os.access(path, os.X_OK) and os.path.realpath(path) not in seen:
                seen.add(os.path.realpath(path))
                yield path


def who(work: Workshop, candidate: Path) -> Tuple[str, str, str, str]:
    """Implementation, version in two numbers, whole version, and the executable behind the name."""
    known = work.ground.pythons
    if candidate not in known:
        known[candidate] = work.first_line([str(candidate), "-I", "-S", "-B", "-c", ASK])
    words = known[candidate].split(" ", 3)
    return (words[0], words[1], words[2], words[3]) if len(words) == 4 else ("", "", "", "")
