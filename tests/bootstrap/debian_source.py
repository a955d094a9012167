"""debian_source: the source package of a program, fetched with the machine's own apt configuration and unpacked.

The machine's sources of binary packages are read, and asked for sources instead, in a private directory: nothing of the machine is changed.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.needs import need

LISTS = Path("/etc/apt")
FETCH_SECONDS = 120


def fetch_source(package: str, folder: Path) -> Path:
    """The unpacked source, with Debian's patches; the test is skipped, with the reason, where it cannot be had."""
    apt, unpack = need("apt-get"), need("dpkg-source")
    options = private_apt(folder / "apt")
    for words in (["update"], ["source", "--download-only", package]):
        try:
            result = subprocess.run([apt, *options, *words], cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.skip(f"the source package of {package} cannot be had here in {FETCH_SECONDS} s")
        if result.returncode != 0:
            lines = [line for line in result.stderr.splitlines() if line.startswith("E:")] or ["apt-get failed"]
            pytest.skip(f"the source package of {package} cannot be had here: {hostless(lines[0])}")
    (description,) = folder.glob("*.dsc")
    source = folder / "source"
    subprocess.run([unpack, "--no-check", "-x", description.name, source.name], cwd=folder, check=True, capture_output=True, timeout=240)
    (source / "source-package.dsc").write_bytes(description.read_bytes())
    return source


def private_apt(folder: Path) -> List[str]:
    """Options that make apt-get read and write in the folder alone."""
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    wrote = False
    for number, path in enumerate(sorted([*LISTS.glob("sources.list"), *LISTS.glob("sources.list.d/*")])):
        text = path.read_text(errors="replace")
        if path.suffix == ".sources" and re.search(r"^Types:.*\bdeb\b", text, re.MULTILINE):
            text = re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
        elif path.suffix == ".list":
            text = re.sub(r"^deb(-src)?\b", "deb-src", text, flags=re.MULTILINE)
        else:
            continue
        (folder / "parts" / f"{number}{path.suffix}").write_text(text)
        wrote = True
    if not wrote:
        pytest.skip("this machine's apt has no sources")
    return [
        "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={folder / 'parts'}",
        "-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}", "-o", "APT::Sandbox::User=root",
    ]


def hostless(line: str) -> str:
    return re.sub(r"\S+://[^/\s]+/", "", line)
