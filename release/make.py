"""make: the whole of making a release, as one list.

    source -> chain -> product -> archive -> statement
                    -> evidence           -> statement      -> judged by the verifier -> put in its place
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from perf.guard import Limits, run

from . import REFUSED, ReleaseError
from .archive import make_archive
from .bill import make_bill
from .evidence import collect_evidence, seal_evidence
from .key import Signer
from .place import put, workplace, write_files
from .product import collect_compiler, collect_sources, refuse_untracked, reproduced_ledger, seal
from .source import Source, read_source
from .statement import evidence_statement, product_statement, put_statement
from .verify import EVIDENCE, PLATFORM, Entry, Files, Report, Request, Trouble, canonical, examine, read_directory

CHAIN_SECONDS = 3600
Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be made, and where."""

    top: Path
    out: Path  # the directory in which v<VERSION> comes to lie
    signer: Optional[Signer] = None
    allow_dirty: bool = False


def make_release(order: Order, say: Say) -> Path:
    source = read_source(order.top, order.allow_dirty)
    told = walk_chain(source)
    files = whole_release(source, told, order.signer)
    if read_source(order.top, order.allow_dirty) != source:
        raise ReleaseError("the tree changed while the release was made; run it again")
    place = order.out / f"v{source.version}"
    with workplace(order.out) as work:
        part = work / "release"
        write_files(part, files)
        report = judged(part, order.signer)
        reason = why_replace(place, files)
        if reason is None:
            say(f"{place}: is there already, with the same content; left as it is")
            return place
        put(part, place)
    say(f"{place}: {len(files)} files, {sum(len(entry.content) for entry in files.values())} bytes{reason}")
    tell(source, report, order.signer, say)
    return place


def walk_chain(source: Source) -> Dict[str, Any]:
    """Walk the chain from the seed, and read its ledger: a release never stands on an earlier one."""
    outcome = run(
        [sys.executable, "-m", "bootstrap", "--from-seed"], Limits(timeout_seconds=CHAIN_SECONDS), cwd=source.top, capture=True
    )
    if not outcome.ok:
        said = (outcome.stderr or outcome.stdout).decode("utf-8", "replace").strip() or f"status {outcome.status}"
        raise ReleaseError(f"the chain does not hold, so there is no release: {said}", REFUSED)
    path = source.top / "build" / "chain" / "ledger.json"
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ReleaseError(f"{path}: {error}") from None
    ledger = reproduced_ledger(told)
    if ledger["origin"] != "seed":
        raise ReleaseError(f"{path}: another run of the chain came in between; run it again")
    refuse_untracked(source, [name for name in ledger["inputs"] if name != "description"])
    return dict(told)


def whole_release(source: Source, told: Dict[str, Any], signer: Optional[Signer]) -> Files:
    """Every file of the release, by its name."""
    ledger = reproduced_ledger(told)
    files = {**collect_sources(source), **collect_compiler(source, ledger), "ledger.json": Entry(0o644, canonical(ledger))}
    files["sbom.cdx.json"] = Entry(0o644, make_bill(source, files, ledger))
    return assemble(source, ledger, files, collect_evidence(source.top, told), signer)


def assemble(source: Source, ledger: Dict[str, Any], files: Files, evidence: Files, signer: Optional[Signer]) -> Files:
    """Product and evidence with what is made from them: manifests, sums, archive, statements."""
    product = seal(files, source)
    manifest = product["manifest.json"].sha256
    sealed = seal_evidence(evidence, manifest)
    archive_name, archive = packed(source, product)
    return {
        **product,
        **{EVIDENCE + name: entry for name, entry in sealed.items()},
        archive_name: archive,
        archive_name + ".sha256": Entry(0o644, f"{archive.sha256}  {archive_name}\n".encode()),
        **put_statement("", product_statement(source, ledger, product, archive_name, archive), signer),
        **put_statement(EVIDENCE, evidence_statement(sealed, manifest), signer),
    }


def packed(source: Source, product: Files) -> Tuple[str, Entry]:
    name = f"zero-{source.version}-{PLATFORM}.tar.gz"
    return name, Entry(0o644, make_archive(f"zero-{source.version}", product, source.commit_seconds))


def judged(part: Path, signer: Optional[Signer]) -> Report:
    """The verifier's report; what it refuses is never put in place."""
    keys = (bytes.fromhex(signer.public),) if signer else ()
    report = examine(str(part), Request(keys=keys))
    if not report.verified:
        raise ReleaseError(f"the verifier refuses what was made: {report.reasons[0]}", REFUSED)
    return report


def why_replace(place: Path, files: Files) -> Optional[str]:
    """What is told when the release is put in place; None when one with the same content is there and holds.

    Evidence is not compared: another run measures other times.
    """
    if not place.exists():
        return ""
    if not examine(str(place), Request()).verified:
        return "; it replaces one that did not verify"
    try:
        found = read_directory(str(place), Report(str(place)))
    except Trouble as trouble:
        raise ReleaseError(str(trouble)) from None
    names = sorted(name for name in {*files, *found} if not name.startswith(EVIDENCE))
    other = [name for name in names if name not in files or name not in found or files[name].content != found[name].content]
    return f"; it replaces one with another {other[0]}" if other else None


def tell(source: Source, report: Report, signer: Optional[Signer], say: Say) -> None:
    say(f"  version {source.version}, commit {source.commit}, {source.tree} tree")
    say(f"  signed by {signer.public}" if signer else "  NOT SIGNED: no key was given (--key FILE, or make release KEY=FILE)")
    for line in report.not_proven:
        if line.startswith("there are no "):
            say(f"  {line}")
