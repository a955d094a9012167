"""page: one HTML file that needs no other: every claim, what is broken, and plots of memory and history.

The plots read build/chain/ledger.json (peaks of the chain's stages), perf/memory-budgets.txt and build/perf/history.jsonl;
what is not there is not shown. Nothing in the page is loaded from anywhere, and all text is escaped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import pygal
from pygal.style import Style

from ..claim import Answer, Judged
from .text import counts_line, short_name, verdict_text

LEDGER = "build/chain/ledger.json"
HISTORY = "build/perf/history.jsonl"
PEAK = "_peak_kib"  # how the name of a peak ends there
BUDGETS = "perf/memory-budgets.txt"
BUDGET = re.compile(r"^([^=#@\s]+?)(?:@([a-z0-9.-]+))?\.max_rss_kib=([0-9]+)$", re.MULTILINE)  # key, Python, KiB
NOT_SHOWN = re.compile(r"<!--.*?-->|<script\b.*?</script>", re.DOTALL)
STYLE = """
body { font: 15px/1.45 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .2em .6em; border-bottom: 1px solid #ddd }
td.verdict { white-space: nowrap } .red { color: #b00020; font-weight: bold } .dim { color: #777 } .plot { max-width: 56em }
ul { margin: .2em 0 } code { font-size: .95em }
"""


@dataclass(frozen=True)
class History:
    """What a step took, run by run, on each machine, and what it may take."""

    key: str
    budget_kib: int
    peaks: Mapping[str, List[int]]


def render(all_judged: Sequence[Judged], top: Path) -> str:
    red = any(judged.red for judged in all_judged)
    verdict = "red" if red else "all required claims hold"
    body = "\n".join([*(group(judged) for judged in all_judged), *plots(top)])
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>0x0 audit: {verdict}</title><style>{STYLE}</style></head>\n<body>\n'
        f"<h1>0x0 audit: {verdict}</h1>\n<p>{escape(counts_line(all_judged))}</p>\n{body}\n</body></html>\n"
    )


def group(judged: Judged) -> str:
    rows = "\n".join(row(answer) for answer in judged.answers)
    head = "<tr><th>claim</th><th>what is claimed</th><th>verdict</th></tr>"
    return f"<h2>{escape(judged.group.name)}: {escape(judged.group.title)}</h2>\n<table>{head}\n{rows}\n</table>"


def row(answer: Answer) -> str:
    told = [str(finding) for finding in answer.findings] or ([answer.reason] if answer.reason else [])
    below = "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in told) + "</ul>" if told else ""
    kind = "red" if answer.red else "dim" if answer.reason else ""
    return (
        f"<tr><td><code>{escape(short_name(answer))}</code></td><td>{escape(answer.claim.text)}{below}</td>"
        f'<td class="verdict {kind}">{escape(verdict_text(answer, False))}</td></tr>'
    )


def plots(top: Path) -> List[str]:
    ledger = read_json(text_of(top / LEDGER))
    made = [stages_plot(ledger), time_plot(ledger)]
    made += [history_plot(history) for history in histories(text_of(top / HISTORY), text_of(top / BUDGETS))]
    shown = [plot for plot in made if plot]
    return ["<h2>Memory and time</h2>", *shown] if shown else []


def stages_plot(ledger: Any) -> str:
    """Peak memory of each stage of the last run of the chain."""
    stages = stages_of(ledger, "peak_rss_kib")
    chart = pygal.HorizontalBar(**look("Peak memory by stage of the chain, KiB"))
    for name, value in stages:
        chart.add(name, value)
    return svg(chart, "stages") if stages else ""


def time_plot(ledger: Any) -> str:
    """Memory over time: the stages one after the other, each as wide as it took."""
    points: List[Tuple[int, int]] = []
    at = 0
    for (_, peak), (_, wall) in zip(stages_of(ledger, "peak_rss_kib"), stages_of(ledger, "wall_ms")):
        points += [(at, 0), (at, peak), (at + wall, peak), (at + wall, 0)]
        at += wall
    chart = pygal.XY(**look("Memory over time, by the peaks of stages: ms, KiB"), show_dots=False, fill=True)
    chart.add("chain", points)
    return svg(chart, "time") if points else ""


def stages_of(ledger: Any, key: str) -> List[Tuple[str, int]]:
    stages = ledger.get("stages", []) if isinstance(ledger, dict) else []
    return [(str(stage["name"]), int(stage[key])) for stage in stages if isinstance(stage, dict) and isinstance(stage.get(key), int)]


def histories(text: str, budgets: str) -> List[History]:
    """Of every step that has a budget and was measured, its peaks in the order of time, by the machine that measured."""
    records = [record for record in map(read_json, text.splitlines()) if isinstance(record, dict) and isinstance(record.get("figures"), dict)]
    found = []
    for key, python, budget in BUDGET.findall(budgets):
        peaks: Dict[str, List[int]] = {}
        for record in records:
            value = record["figures"].get(re.sub("[^a-z0-9]", "_", key) + PEAK)
            if isinstance(value, int) and python in ("", python_of(record)):
                peaks.setdefault(str(record.get("fingerprint", "unknown")), []).append(value)
        if peaks:
            found.append(History(key, int(budget), peaks))
    return found


def python_of(record: Mapping[str, Any]) -> str:
    """The Python of a record as budgets name it: `cpython-3.11`."""
    machine = record.get("machine")
    version = str(machine.get("python", "")) if isinstance(machine, dict) else ""
    return ".".join(version.split(".")[:2])


def history_plot(history: History) -> str:
    chart = pygal.Line(**look(f"{history.key}: peak memory by run, KiB"))
    for machine, peaks in history.peaks.items():
        chart.add(f"machine {machine}", peaks)
    chart.add("budget", [history.budget_kib] * max(map(len, history.peaks.values())))
    return svg(chart, "history-" + re.sub("[^a-z0-9]", "-", history.key))


def look(title: str) -> Dict[str, Any]:
    style = Style(font_family="sans-serif", background="#fff", plot_background="#fff")
    return {"title": title, "style": style, "js": (), "disable_xml_declaration": True, "height": 320, "legend_at_bottom": True}


def svg(chart: Any, name: str) -> str:
    """The drawing alone: what the library adds of scripts, dates and links is left out, and its random name replaced."""
    chart.uuid = name
    return f'<div class="plot">{NOT_SHOWN.sub("", chart.render(is_unicode=True))}</div>'


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
