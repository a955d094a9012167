"""product: the files of a release that the source alone decides, and their manifest.

made from: the tree, the chain's ledger and its compiler       read by: make
invariant: no file here tells of a machine, a user, a place or a clock
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

from . import REFUSED, ReleaseError
from .source import Source
from .verify import ABI, BINARIES, LEDGER_FORMAT, MANIFEST_FORMAT, PLATFORM, ROLES, Entry, Files, canonical, check_name, role_of, sums_of

FOLDERS = ("lib", "docs")
FILES = ("LICENSE", "README.md", "VERSION")
STAGE_KEYS = ("name", "size", "sha256")


def collect_sources(source: Source) -> Files:
    """Library, documents and the verifier, as they stand in the tree."""
    paths = [path for folder in FOLDERS for path in sorted((source.top / folder).rglob("*")) if path.is_file()]
    paths += [source.top / name for name in FILES]
    files = {path.relative_to(source.top).as_posix(): read_entry(path, 0o644) for path in paths}
    files["verify.py"] = read_entry(source.top / "release" / "verify.py", 0o644)
    for name in files:
        check_name(name)
    refuse_untracked(source, [*(name for name in files if name != "verify.py"), "release/verify.py"])
    return files


def refuse_untracked(source: Source, names: List[str]) -> None:
    """A file that git ignores is not of the commit, though git calls the tree clean."""
    for name in names:
        if source.tree == "clean" and name not in source.tracked:
            raise ReleaseError(f"{name} is not of the commit; remove it or commit it", REFUSED)


def read_entry(path: Path, mode: int) -> Entry:
    try:
        return Entry(mode, path.read_bytes())
    except OSError as error:
        raise ReleaseError(f"{path}: {error.strerror}") from None


def collect_compiler(source: Source, ledger: Dict[str, Any]) -> Files:
    """The compiler under its names; it must be the stage2 of the ledger."""
    binary = read_entry(source.top / "build" / "bin" / "zero", 0o755)
    expected = next(stage["sha256"] for stage in ledger["stages"] if stage["name"] == "stage2")
    if binary.sha256 != expected:
        raise ReleaseError(f"build/bin/zero is not stage2 of the ledger ({binary.sha256}, not {expected}); run the chain again", REFUSED)
    return {name: binary for name in BINARIES}


def reproduced_ledger(told: Dict[str, Any]) -> Dict[str, Any]:
    """What the chain's ledger says that is the same on every machine."""
    try:
        return {
            "format": LEDGER_FORMAT,
            "chain": told["chain"],
            "origin": told["origin"]["from"],
            "inputs": told["inputs"],
            "stages": [{key: stage[key] for key in STAGE_KEYS} for stage in told["stages"]],
            "equal": told["equal"],
        }
    except (KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ReleaseError(f"build/chain/ledger.json: not the ledger of a chain ({why}); run the chain again") from None


def file_records(files: Files, roles: Sequence[Tuple[str, str, str]], class_of: Callable[[Tuple[str, str]], str]) -> List[Dict[str, Any]]:
    """One record a file, sorted by path, as a manifest has them."""
    records = []
    for name in sorted(files):
        row = role_of(name, roles)
        if row is None:
            raise ReleaseError(f"{name}: a release has no role for it; see ROLES in release/verify.py")
        entry = files[name]
        records.append(
            {
                "path": name,
                "size": len(entry.content),
                "sha256": entry.sha256,
                "mode": f"{entry.mode:04o}",
                "role": row[0],
                "class": class_of(row),
            }
        )
    return records


def about(source: Source) -> Dict[str, Any]:
    """What is said of the release as a whole."""
    return {
        "version": source.version,
        "abi": ABI,
        "platform": PLATFORM,
        "commit": source.commit,
        "commit_seconds": source.commit_seconds,
        "tree": source.tree,
    }


def seal(files: Files, source: Source) -> Files:
    """The files with their manifest and their sums."""
    records = file_records(files, ROLES, lambda row: "reproduced")
    manifest = {"format": MANIFEST_FORMAT, "class": "reproduced", **about(source), "files": records}
    whole = {**files, "manifest.json": Entry(0o644, canonical(manifest))}
    return {**whole, "SHA256SUMS": Entry(0o644, sums_of(whole))}
