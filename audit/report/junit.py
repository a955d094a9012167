"""junit: answers as the XML that test runners write: a suite a group, a case a claim.

A broken claim is a failure; a required one that was not measured an error; what is not present, or not measured and not
required, is skipped.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, Sequence

from ..claim import Answer, Judged, Verdict

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(all_judged: Sequence[Judged], top: Path) -> str:
    root = ET.Element("testsuites", {"name": "audit", **totals([answer for judged in all_judged for answer in judged.answers])})
    for judged in all_judged:
        suite = ET.SubElement(root, "testsuite", {"name": clean(judged.group.name), **totals(judged.answers)})
        for answer in judged.answers:
            add_case(suite, answer)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def totals(answers: Sequence[Answer]) -> Dict[str, str]:
    kinds = [kind_of(answer) for answer in answers]
    return {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": seconds(sum(answer.wall_ms for answer in answers)),
    }


def kind_of(answer: Answer) -> str:
    if answer.verdict is Verdict.BROKEN:
        return "failure"
    if answer.verdict is Verdict.HOLDS:
        return ""
    return "error" if answer.red else "skipped"


def add_case(suite: ET.Element, answer: Answer) -> None:
    group, _, name = answer.claim.name.rpartition("/")
    case = ET.SubElement(suite, "testcase", {"classname": clean(group), "name": clean(name), "time": seconds(answer.wall_ms)})
    kind = kind_of(answer)
    if kind == "failure":
        detail = ET.SubElement(case, kind, {"message": clean(answer.claim.text), "type": "broken"})
        detail.text = clean("\n".join(str(finding) for finding in answer.findings))
    elif kind == "error":
        ET.SubElement(case, kind, {"message": clean(answer.reason), "type": answer.verdict.value})
    elif kind == "skipped":
        ET.SubElement(case, kind, {"message": clean(answer.reason)})


def seconds(wall_ms: int) -> str:
    return f"{wall_ms // 1000}.{wall_ms % 1000:03}"


def clean(text: str) -> str:
    """XML 1.0 can't say every character; what it can't stands as a question mark."""
    return NOT_XML.sub("?", text)
