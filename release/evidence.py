"""evidence: what goes into a release beside the product: measurements of the chain, reports of audits, witnesses.

Its makers keep what is measured (measured.json) apart from what is reproduced (report.txt, report.json). A report that is
of another tree, or that is red, stops the release; one that was not made is said to be absent.

made from: build/chain, build/audit, build/witness       read by: make
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List

from . import REFUSED, ReleaseError
from .product import STAGE_KEYS, file_records, read_entry
from .verify import EVIDENCE_FORMAT, EVIDENCE_ROLES, Entry, Files, canonical, sums_of

REPORT_NAMES = ("report.txt", "report.json", "measured.json", "SHA256SUMS")
RED = ("broken", "differs", "failed")
RED_WHERE_REQUIRED = "not measured"


def collect_evidence(top: Path, told: Dict[str, Any]) -> Files:
    """Every file of evidence that there is, by its name below evidence/."""
    files = {"chain/measured.json": Entry(0o644, canonical(measured_ledger(told)))}
    for folder in sorted(path for path in (top / "build" / "audit").glob("[!.]*") if path.is_dir()):
        files.update(collect_report(top, folder, f"reports/{folder.name}/"))
        refuse_stale(top, folder)
    witness = top / "build" / "witness"
    if (witness / "report.json").is_file():
        files.update(collect_report(top, witness, "witnesses/"))
        refuse_stale(top, witness)
        refuse_other_compiler(witness / "report.json", told)
    return files


def measured_ledger(told: Dict[str, Any]) -> Dict[str, Any]:
    """What the ledger says beyond what is the same everywhere: times, memory, commands, the machine."""
    stages = [{key: value for key, value in stage.items() if key == "name" or key not in STAGE_KEYS} for stage in told["stages"]]
    rest = {key: value for key, value in told.items() if key not in ("inputs", "equal", "chain", "format", "stages")}
    return {**rest, "format": "0x0 release measurements 1", "stages": stages}


def collect_report(top: Path, folder: Path, prefix: str) -> Files:
    files = {prefix + name: read_entry(folder / name, 0o644) for name in REPORT_NAMES if (folder / name).is_file()}
    if prefix + "report.json" not in files:
        raise ReleaseError(f"{folder}: there is no report.json; make the report again or remove the folder", REFUSED)
    refuse_red(folder, files[prefix + "report.json"].content)
    return files


def refuse_red(folder: Path, report: bytes) -> None:
    """No release is made of a tree of which a report is red."""
    try:
        content = json.loads(report)
    except (ValueError, RecursionError):
        raise ReleaseError(f"{folder / 'report.json'}: not JSON; make the report again", REFUSED) from None
    if isinstance(content, dict) and content.get("holds") is False:
        raise ReleaseError(f"{folder / 'report.json'}: it does not hold; a release needs it green", REFUSED)
    if isinstance(content, dict) and content.get("whole") is False:
        raise ReleaseError(f"{folder / 'report.json'}: it tells of some witnesses only; make all of them again or remove it", REFUSED)
    for claim in claims_of(content):
        verdict = claim["verdict"]
        if verdict in RED or (verdict == RED_WHERE_REQUIRED and claim.get("required", True)):
            raise ReleaseError(f"{folder / 'report.json'}: {claim.get('name')} is {verdict}; a release needs it green", REFUSED)


def claims_of(value: Any) -> List[Dict[str, Any]]:
    """Every object of the report that has a verdict, however deep."""
    if isinstance(value, list):
        return [claim for item in value for claim in claims_of(item)]
    if isinstance(value, dict):
        return ([value] if "verdict" in value else []) + claims_of(list(value.values()))
    return []


def refuse_stale(top: Path, folder: Path) -> None:
    """What a report's SHA256SUMS names, by paths from the top, is as it was when the report was made."""
    sums = folder / "SHA256SUMS"
    for line in read_entry(sums, 0o644).content.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        path = top / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ReleaseError(f"{sums}: {name} is not as it was; make the report again", REFUSED)


def refuse_other_compiler(report: Path, told: Dict[str, Any]) -> None:
    """The witnesses have seen the compiler that is released."""
    compiler = next(stage["sha256"] for stage in told["stages"] if stage["name"] == "stage2")
    if compiler.encode() not in report.read_bytes():
        raise ReleaseError(f"{report}: it does not speak of this compiler ({compiler}); make it again or remove it", REFUSED)


def seal_evidence(files: Files, product: str) -> Files:
    """The evidence with its manifest and its sums."""
    absent = [name for name in ("reports", "witnesses") if not any(path.startswith(name + "/") for path in files)]
    records = file_records(files, EVIDENCE_ROLES, lambda row: row[1])
    manifest = {"format": EVIDENCE_FORMAT, "product": product, "absent": absent, "files": records}
    whole = {**files, "manifest.json": Entry(0o644, canonical(manifest))}
    return {**whole, "SHA256SUMS": Entry(0o644, sums_of(whole))}
