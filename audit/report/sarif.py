"""sarif: findings in the Static Analysis Results Interchange Format, version 2.1.0. A rule is a claim, a result a finding.

What could not be measured although it is required is a result without a place and a notification of the tool's; what holds
or is absent has a rule and no result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Sequence
from urllib.parse import quote

from ..claim import Answer, Finding, Judged, Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(all_judged: Sequence[Judged], top: Path) -> str:
    answers = [answer for judged in all_judged for answer in judged.answers]
    results = [result for index, answer in enumerate(answers) for result in results_of(answer, index)]
    run = {
        "tool": {"driver": {"name": "0x0 audit", "version": version_of(top), "rules": [rule_of(answer) for answer in answers]}},
        "invocations": [{"executionSuccessful": not unmeasured(answers), "toolExecutionNotifications": unmeasured(answers)}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def version_of(top: Path) -> str:
    path = top / "VERSION"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else "0"


def rule_of(answer: Answer) -> Dict[str, Any]:
    return {
        "id": answer.claim.name,
        "shortDescription": {"text": answer.claim.text},
        "defaultConfiguration": {"level": "error" if answer.claim.required else "warning"},
    }


def unmeasured(answers: Sequence[Answer]) -> List[Dict[str, Any]]:
    return [
        {"level": "error", "message": {"text": f"{answer.claim.name}: {answer.reason}"}, "descriptor": {"id": answer.claim.name}}
        for answer in answers
        if answer.verdict is Verdict.NOT_MEASURED and answer.red
    ]


def results_of(answer: Answer, index: int) -> List[Dict[str, Any]]:
    if answer.verdict is Verdict.BROKEN:
        return [result(answer, index, finding) for finding in answer.findings]
    if answer.red:
        return [result(answer, index, Finding(f"not measured: {answer.reason}"))]
    return []


def result(answer: Answer, index: int, finding: Finding) -> Dict[str, Any]:
    record: Dict[str, Any] = {
        "ruleId": answer.claim.name,
        "ruleIndex": index,
        "level": "error" if answer.red else "warning",
        "message": {"text": finding.message},
    }
    if finding.path is not None:
        place: Dict[str, Any] = {"artifactLocation": {"uri": quote(finding.path), "uriBaseId": "%SRCROOT%"}}
        if finding.line is not None:
            place["region"] = {"startLine": finding.line, **({"startColumn": finding.column} if finding.column else {})}
        record["locations"] = [{"physicalLocation": place}]
    return record
