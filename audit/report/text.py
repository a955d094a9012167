"""text: answers as tables and lines, for a terminal and for report.txt. No figure stands in it: a report is reproduced."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence, Tuple

from tabulate import tabulate

from ..claim import Answer, Judged, Verdict

SHOWN = 20  # findings of one claim on a terminal; a report has them all
COLOURS: Dict[Verdict, str] = {
    Verdict.HOLDS: "\x1b[32m",
    Verdict.BROKEN: "\x1b[1;31m",
    Verdict.NOT_MEASURED: "\x1b[1;33m",
    Verdict.NOT_PRESENT: "\x1b[2m",
}
PLAIN = "\x1b[0m"


def render(all_judged: Sequence[Judged], colour: bool = False) -> str:
    """Each group's table with its findings below, then the counts."""
    parts = [group_text(judged, colour) for judged in all_judged]
    return "\n".join([*parts, counts_line(all_judged) + "\n"])


def group_text(judged: Judged, colour: bool, most: Optional[int] = None) -> str:
    rows = [[short_name(answer), verdict_text(answer, colour), answer.claim.text] for answer in judged.answers]
    table = tabulate(rows, headers=("claim", "verdict", "what is claimed"), tablefmt="simple", disable_numparse=True)
    return f"{judged.group.name}: {judged.group.title}\n\n{table}\n{details(judged.answers, most)}"


def closing(all_judged: Sequence[Judged], colour: bool) -> str:
    """One table of every claim and its verdict, and the counts."""
    rows = [
        [judged.group.name if first else "", short_name(answer), verdict_text(answer, colour)]
        for judged in all_judged
        for first, answer in [(answer is judged.answers[0], answer) for answer in judged.answers]
    ]
    table = tabulate(rows, headers=("group", "claim", "verdict"), tablefmt="simple", disable_numparse=True)
    return f"{table}\n\n{counts_line(all_judged)}\n"


def details(answers: Sequence[Answer], most: Optional[int]) -> str:
    """What is broken and what could not be judged, claim by claim; empty when all is well."""
    lines: List[str] = []
    for answer in answers:
        if answer.findings:
            lines += ["", f"{answer.claim.name}: {answer.claim.text}"]
            lines += [f"  {finding}" for finding in answer.findings[:most]]
            lines += [f"  and {len(answer.findings) - most} more"] if most is not None and len(answer.findings) > most else []
        elif answer.reason:
            lines += ["", f"{answer.claim.name}: {answer.verdict.value}", f"  {answer.reason}"]
    return "".join(line + "\n" for line in lines)


def figures(answers: Sequence[Answer]) -> str:
    rows = [[short_name(answer), name, f"{value:,}"] for answer in answers for name, value in sorted(answer.figures.items())]
    if not rows:
        return ""
    table = tabulate(rows, headers=("claim", "figure", "value"), tablefmt="simple", colalign=("left", "left", "right"), disable_numparse=True)
    return f"\n{table}\n"


def counts(all_judged: Sequence[Judged]) -> Tuple[Tuple[Verdict, int], ...]:
    answers = [answer for judged in all_judged for answer in judged.answers]
    return tuple((kind, sum(answer.verdict is kind for answer in answers)) for kind in Verdict)


def counts_line(all_judged: Sequence[Judged]) -> str:
    total = sum(count for _, count in counts(all_judged))
    words = {Verdict.HOLDS: "hold"}
    return f"{total} claims: " + ", ".join(f"{count} {words.get(verdict, verdict.value)}" for verdict, count in counts(all_judged))


def verdict_text(answer: Answer, colour: bool) -> str:
    word = answer.verdict.value if answer.claim.required or answer.verdict is not Verdict.NOT_MEASURED else "not measured (not required)"
    return f"{COLOURS[answer.verdict]}{word}{PLAIN}" if colour else word


def short_name(answer: Answer) -> str:
    return answer.claim.name.rpartition("/")[2]

