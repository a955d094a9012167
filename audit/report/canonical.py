"""canonical: a group's answers as canonical JSON: UTF-8, keys sorted, no spaces, no floats, one line feed at the end."""

from __future__ import annotations

from typing import Any, Dict

from perf.guard.record import canonical

from ..claim import Answer, Finding, Judged, Verdict

REPORT = "0x0 audit report 1"
FIGURES = "0x0 audit figures 1"


def reproduced(judged: Judged) -> bytes:
    counts = {kind.value: sum(answer.verdict is kind for answer in judged.answers) for kind in Verdict}
    return canonical(
        {
            "format": REPORT,
            "group": judged.group.name,
            "title": judged.group.title,
            "claims": [answer_record(answer) for answer in judged.answers],
            "counts": counts,
        }
    )


def answer_record(answer: Answer) -> Dict[str, Any]:
    return {
        "name": answer.claim.name,
        "text": answer.claim.text,
        "required": answer.claim.required,
        "needs_run": answer.claim.needs_run,
        "verdict": answer.verdict.value,
        "reason": answer.reason,
        "findings": [finding_record(finding) for finding in answer.findings],
        "facts": answer.facts,
    }


def finding_record(finding: Finding) -> Dict[str, Any]:
    return {"message": finding.message, "path": finding.path, "line": finding.line, "column": finding.column}


def measured(judged: Judged) -> bytes:
    claims = {answer.claim.name: {"wall_ms": answer.wall_ms, "figures": answer.figures} for answer in judged.answers}
    return canonical({"format": FIGURES, "group": judged.group.name, "claims": claims})
