"""display: what a run prints: one line a stage, and on a terminal a line that lives while a stage runs."""

from __future__ import annotations

import sys
from typing import Any, Dict, Optional, TextIO


class Display:
    def __init__(self, stream: Optional[TextIO] = None) -> None:
        self.stream = sys.stdout if stream is None else stream
        self.live = self.stream.isatty()
        self.stage = ""

    def line(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def stage_begins(self, name: str) -> None:
        self.stage = name
        self.stage_runs(0.0, 0)

    def stage_runs(self, seconds: float, resident_kib: int) -> None:
        if self.live:
            print(f"\r  {self.stage:<12}{seconds:8.1f} s {resident_kib / 1024:8.1f} MiB", end="", file=self.stream, flush=True)

    def stage_ends(self) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=self.stream, flush=True)

    def stage_line(self, record: Dict[str, Any]) -> None:
        peak = "MiB peak" if record["method"] == "wait4" else "MiB seen"
        self.line(
            f"  {record['name']:<12}{record['wall_ms'] / 1000:8.2f} s {record['peak_rss_kib'] / 1024:8.1f} {peak} "
            f"{record['size']:>10} bytes  {record['sha256'][:16]}"
        )
