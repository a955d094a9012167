"""trust: move the record of the trusted root to a release, on evidence.

The release must verify, be made of a clean tree, and be built again, to the byte, from the seed and the commit that it
names, as git has it. The evidence is written first, the record last; when anything fails the record stays as it is.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

from perf.guard import record

from . import REFUSED, ReleaseError
from .source import archive_commit
from .verify import BINARIES, Report, Request, canonical, examine, text_of

RECORD = "release/trusted-root.toml"
FORMAT = "0x0 trusted root evidence 1"
Say = Callable[[str], None]


def move_root(top: Path, release: Path, request: Request, say: Say) -> None:
    """Judge the release, write the evidence, and move the record."""
    evidence = top / "build" / "trust-root"
    shutil.rmtree(evidence, ignore_errors=True)
    report = examine(str(release), request)
    if report.verified:
        report = rebuilt(top, release, request, report, evidence)
    text = text_of(report)
    write_whole(evidence / "report.txt", text.encode("utf-8"))
    say(text.rstrip("\n"))
    if not report.verified or report.manifest is None:
        raise ReleaseError(f"{RECORD} stays as it is: {report.reasons[0]}", REFUSED)
    root = root_of(release, report)
    write_whole(evidence / "report.json", canonical({"format": FORMAT, "root": root, "proven": report.proven, "signers": report.signers}))
    write_whole(top / RECORD, record_text(top / RECORD, root).encode("utf-8"))
    say(f"{RECORD} names version {root['version']}, commit {root['commit']}; the evidence is in {evidence}")


def rebuilt(top: Path, release: Path, request: Request, report: Report, evidence: Path) -> Report:
    """The report of a verification with a rebuild from the commit that the release names."""
    manifest = report.manifest or {}
    if manifest.get("tree") != "clean":
        report.refuse("it was made of a tree that is not its commit's")
        return report
    source = evidence / "source"
    archive_commit(top, manifest["commit"], source)
    try:
        return examine(str(release), Request(request.keys, request.require_signature, request.statement, str(source)))
    finally:
        shutil.rmtree(source, ignore_errors=True)


def root_of(release: Path, report: Report) -> Dict[str, Any]:
    """The record's values, from the manifest that was verified."""
    manifest = report.manifest or {}
    binary = next(item for item in manifest["files"] if item["path"] == BINARIES[0])
    return {"version": manifest["version"], "commit": manifest["commit"], "size": binary["size"], "sha256": binary["sha256"]}


def record_text(path: Path, root: Dict[str, Any]) -> str:
    """The record with these values; what it says above them about itself is kept, but for what is no longer so."""
    lines = path.read_text("utf-8").splitlines()
    head = [line for line in lines[: first_value(lines)] if line.startswith("#")]
    kept = head[: next((number for number, line in enumerate(head) if re.match(r"# There is none yet", line)), len(head))]
    while kept and kept[-1].strip("# ") == "":
        kept.pop()
    values = [
        "recorded = true",
        f'version = "{root["version"]}"',
        f'commit = "{root["commit"]}"',
        f"size = {root['size']}",
        f'sha256 = "{root["sha256"]}"',
    ]
    return "\n".join([*kept, "", *values]) + "\n"


def first_value(lines: "list[str]") -> int:
    return next((number for number, line in enumerate(lines) if line and not line.startswith("#")), len(lines))


def write_whole(path: Path, content: bytes) -> None:
    try:
        record.write_whole(path, content)
    except OSError as error:
        raise ReleaseError(f"{path}: {error.strerror}") from None
