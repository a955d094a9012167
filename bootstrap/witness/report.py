"""report: the table and the matrix for people, and the evidence on disk.

build/witness/report.json and report.txt are the same in every run on a machine with the same tools; measured.json has times, peaks
and the tools themselves. SHA256SUMS covers the three and every file that the routes read, by paths from the top.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from ..ledger import sha256_of, write_ledger, write_whole
from .ground import Ground
from .model import AXES, Row, Verdict, shared
from .table import WITNESSES

FORMAT = "0x0 witnesses 1"
SUMS = "SHA256SUMS"
EVIDENCE = ("report.json", "report.txt", "measured.json")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> List[str]:
    """Columns as wide as what they hold, set flush left."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]


def verdicts(rows: Sequence[Row]) -> List[str]:
    cells = [(row.witness.name, row.verdict.value, row.products.get("stage2", "")[:16], row.detail or row.witness.route) for row in rows]
    return table(("witness", "verdict", "stage2", "route, or what is wrong"), cells)


def matrix(rows: Sequence[Row]) -> List[str]:
    """What each pair of the witnesses that ran shares, by letters; above the diagonal nothing, for it would say the same."""
    ran = [row.witness for row in rows if row.verdict is not Verdict.NOT_PRESENT and row.witness.traits]
    cells = [
        [shared(left.traits, right.traits) or "-" if column <= row else "" for column, right in enumerate(ran)] for row, left in enumerate(ran)
    ]
    names = [f"{number:>2} {witness.name}" for number, witness in enumerate(ran, 1)]
    lines = table(["shares", *(str(number) for number in range(1, len(ran) + 1))], [[name, *line] for name, line in zip(names, cells)])
    return [*lines, "", *(f"{axis.letter}  {axis.what}" for axis in AXES)]


def closing(rows: Sequence[Row], required: Sequence[str]) -> str:
    """One line: how many of each, and which of those asked for are not there."""
    counts = ", ".join(f"{sum(row.verdict is verdict for row in rows)} {verdict.value}" for verdict in Verdict)
    missing = [row.witness.name for row in rows if row.verdict is Verdict.NOT_PRESENT and row.witness.name in required]
    return counts + (f"; asked for by name and not present: {', '.join(missing)}" if missing else "")


def holds(rows: Sequence[Row], required: Sequence[str]) -> bool:
    """No row differs or failed, and those asked for by name are there. At least one has to agree."""
    red = any(row.verdict in (Verdict.DIFFERS, Verdict.FAILED) for row in rows)
    missing = any(row.verdict is Verdict.NOT_PRESENT and row.witness.name in required for row in rows)
    return not red and not missing and any(row.verdict is Verdict.AGREES for row in rows)


def measures(rows: Sequence[Row]) -> List[str]:
    """What each row took, for the terminal."""
    cells = [
        (row.witness.name, f"{row.seconds:8.2f}", f"{row.peak_kib / 1024:8.1f}", "; ".join(tool.version for tool in row.tools))
        for row in rows
        if row.steps
    ]
    return table(("witness", " seconds", "peak MiB", "executed by"), cells)


def forget(ground: Ground) -> None:
    """Remove the evidence of an earlier run, the sums first: a run that does not end leaves none."""
    for name in (SUMS, *EVIDENCE):
        path = ground.directory / name
        if path.exists():
            path.unlink()


def write(ground: Ground, rows: Sequence[Row], required: Sequence[str]) -> None:
    """All evidence; SHA256SUMS last, so that it is there only when the rest is."""
    folder = ground.directory
    write_ledger(folder / "report.json", reproduced(ground, rows, required))
    text = "\n".join([*verdicts(rows), "", *matrix(rows), "", closing(rows, required)]) + "\n"
    write_whole(folder / "report.txt", text.encode("utf-8"), 0o644)
    write_ledger(folder / "measured.json", measured(rows, ground))
    hashes = {str((folder / name).relative_to(ground.top)): sha256_of(folder / name) for name in EVIDENCE}
    hashes.update(ground.inputs)
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(hashes.items()))
    write_whole(folder / SUMS, lines.encode("utf-8"), 0o644)


def reproduced(ground: Ground, rows: Sequence[Row], required: Sequence[str]) -> Dict[str, Any]:
    ran = [row.witness for row in rows if row.verdict is not Verdict.NOT_PRESENT and row.witness.traits]
    return {
        "format": FORMAT,
        "holds": holds(rows, required),
        "judged": {"stage2": ground.recorded.get("stage2", ""), "origin": ground.origin},
        "required": list(required),
        "whole": tuple(row.witness for row in rows) == WITNESSES,
        "rows": [
            {
                "name": row.witness.name,
                "route": row.witness.route,
                "verdict": row.verdict.value,
                "detail": row.detail,
                "products": dict(row.products),
                "expected": dict(row.expected),
                "traits": dict(row.witness.traits),
            }
            for row in rows
        ],
        "axes": {axis.letter: axis.what for axis in AXES},
        "shares": {left.name: {right.name: shared(left.traits, right.traits) for right in ran if right is not left} for left in ran},
    }


def measured(rows: Sequence[Row], ground: Ground) -> Dict[str, Any]:
    return {
        "format": FORMAT,
        "machine": {"kernel": platform.release(), "machine": platform.machine(), "python": platform.python_version()},
        "rows": {
            row.witness.name: {
                "steps": [
                    {
                        "name": step.name,
                        "argv": shorn(step.argv, ground.top),
                        "wall_ms": step.wall_ms,
                        "cpu_ms": step.cpu_ms,
                        "peak_kib": step.peak_kib,
                        "peak_method": step.peak_method,
                    }
                    for step in row.steps
                ],
                "tools": [
                    {"role": tool.role, "path": tool.path, "version": tool.version, "sha256": tool.sha256} for tool in row.tools
                ],
            }
            for row in rows
        },
    }


def shorn(argv: Tuple[str, ...], top: Path) -> List[str]:
    """Paths below the top are told from there."""
    return [word[len(str(top)) + 1 :] if word.startswith(f"{top}/") else word for word in argv]
