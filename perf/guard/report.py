"""report: what a guarded run took, as aligned text for people and as canonical JSON for programs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from .model import Kill, Outcome, Scope
from .record import sha256_of

FORMAT = 1


def verdict(outcome: Outcome) -> str:
    """What became of the limits, in the words of `kill` where there is no better."""
    kill = Kill.OVER_BUDGET if outcome.over_budget else outcome.kill
    return "held" if kill is Kill.NONE else str(kill.value)


def record(outcome: Outcome, output: Optional[Path]) -> Dict[str, Any]:
    """Everything that is known of a run, in whole numbers and texts. Bytes that are no UTF-8 stand as they do in Python (`\\udcff`)."""
    return {
        "argv": [text.encode("utf-8", "backslashreplace").decode() for text in outcome.argv],
        "budget_kib": outcome.budget_kib,
        "cgroup_peak_kib": outcome.cgroup_peak_kib,
        "containment": outcome.containment.value,
        "cpu_ms": round(outcome.cpu_seconds * 1000),
        "elapsed_ms": round(outcome.wall_seconds * 1000),
        "format": FORMAT,
        "guard_cpu_us": round(outcome.guard_cpu_seconds * 1_000_000),
        "kill": outcome.kill.value,
        "members": outcome.members,
        "method": {
            "fixed_addresses": outcome.method.fixed_addresses,
            "interval_ms": outcome.method.interval_ms,
            "launcher": outcome.method.launcher,
            "one_processor": outcome.method.one_processor,
            "peak": outcome.method.peak,
            "pinned_environment": outcome.method.pinned_environment,
            "sum": outcome.method.sum,
        },
        "output": output_record(output),
        "peak_kib": outcome.peak_kib,
        "refused": list(outcome.refused),
        "scope": outcome.scope.value,
        "status": outcome.status,
        "sum_kib": outcome.sum_kib,
        "survivors": outcome.survivors,
        "tasks": outcome.tasks,
        "verdict": verdict(outcome),
    }


def output_record(path: Optional[Path]) -> Optional[Dict[str, Any]]:
    """The file that the command was to write: its hash and size, null for each where it wrote none."""
    if path is None:
        return None
    digest, size = hashed(path)
    return {"path": str(path).encode("utf-8", "backslashreplace").decode(), "sha256": digest, "size": size}


def hashed(path: Path) -> Tuple[Optional[str], Optional[int]]:
    try:
        return sha256_of(path), path.stat().st_size
    except OSError:
        return None, None


def text(outcome: Outcome, content: Dict[str, Any]) -> str:
    rows = [
        (name_of_peak(outcome), f"{outcome.peak_kib:,} KiB, {'exact' if outcome.method.peak == 'wait4' else 'a lower bound'}"),
        *([("sum", f"{outcome.sum_kib:,} KiB, sampled ({outcome.method.sum})")] if outcome.sum_kib is not None else []),
        *([("cgroup peak", f"{outcome.cgroup_peak_kib:,} KiB, page cache included")] if outcome.cgroup_peak_kib is not None else []),
        ("budget", "none" if outcome.budget_kib is None else f"{outcome.budget_kib:,} KiB"),
        ("elapsed", f"{outcome.wall_seconds:.3f} s"),
        ("cpu", f"{outcome.cpu_seconds:.3f} s"),
        ("status", status_text(outcome.status)),
        ("kill", outcome.kill.value),
        ("verdict", verdict(outcome)),
        ("scope", scope_text(outcome)),
        ("method", method_text(outcome)),
        ("containment", "; ".join([outcome.containment.value, *(f"refused {reason}" for reason in outcome.refused)])),
        *([("output", output_text(content["output"]))] if content["output"] is not None else []),
        ("command", shlex.join(content["argv"])),
    ]
    return "".join(f"guard: {name:<13} {value}\n" for name, value in rows)


def name_of_peak(outcome: Outcome) -> str:
    """A fallback is never called a peak."""
    return "peak" if outcome.method.peak == "wait4" else "largest seen"


def status_text(status: int) -> str:
    return str(status) if status >= 0 else f"ended by signal {-status}"


def scope_text(outcome: Outcome) -> str:
    if outcome.scope is Scope.PROCESS:
        return "process"
    return f"tree of {outcome.members:,} members seen, {outcome.survivors:,} ended after the command"


def method_text(outcome: Outcome) -> str:
    method = outcome.method
    parts: List[str] = [method.peak, f"a sample each {method.interval_ms} ms"]
    parts.append("started by a launcher" if method.launcher else "no launcher")
    parts.append("fixed addresses" if method.fixed_addresses else "random addresses")
    parts.append("pinned environment" if method.pinned_environment else "inherited environment")
    parts += ["one processor"] if method.one_processor else []
    return ", ".join(parts)


def output_text(output: Dict[str, Any]) -> str:
    if output["sha256"] is None:
        return f"{output['path']}: not written"
    return f"{output['path']}: {output['size']:,} bytes, sha256 {output['sha256']}"
