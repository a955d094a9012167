"""markdown: a summary for a CI job's page: the counts, a table a group, and what is broken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Sequence

from ..claim import Answer, Judged
from .text import counts_line, short_name, verdict_text


def render(all_judged: Sequence[Judged], top: Path) -> str:
    red = any(judged.red for judged in all_judged)
    lines = [f"## Audit: {'red' if red else 'all required claims hold'}", "", counts_line(all_judged), ""]
    for judged in all_judged:
        lines += [f"### {escape(judged.group.name)}: {escape(judged.group.title)}", "", "| claim | verdict |", "| --- | --- |"]
        lines += [f"| {escape(short_name(answer))} | {row_verdict(answer)} |" for answer in judged.answers]
        lines += ["", *findings(judged.answers)]
    return "\n".join(lines).rstrip("\n") + "\n"


def row_verdict(answer: Answer) -> str:
    word = escape(verdict_text(answer, False))
    return f"**{word}**" if answer.red else word


def findings(answers: Sequence[Answer]) -> List[str]:
    lines: List[str] = []
    for answer in answers:
        if answer.findings or answer.reason:
            lines += [f"{escape(answer.claim.name)}: {escape(answer.claim.text)}", ""]
            lines += [f"- {escape(str(finding))}" for finding in answer.findings] or [f"- {escape(answer.reason)}"]
            lines.append("")
    return lines


def escape(text: str) -> str:
    """Plain text stays plain text: no markup, no HTML, no end of line or cell."""
    return re.sub(r"([\\`*_{}\[\]<>|#&~])", r"\\\1", " ".join(text.split()))
