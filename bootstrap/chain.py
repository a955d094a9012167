"""chain: run the stages of a chain in order, compare, install, write the ledger.

The old ledger is removed before the first stage and the new one written after everything else holds: an interrupted run
leaves no ledger. A report, where one is asked for, tells of runs that did not hold too.
"""

from __future__ import annotations

import fcntl
import os
import platform
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from . import BROKEN, BootstrapError
from .compare import explain_difference
from .description import Chain
from .display import Display
from .ledger import FORMAT, input_hashes, read_ledger, sha256_of, write_ledger, write_whole
from .product import record_of
from .root import Origin, find_origin, outside
from .stage import Place, StageRun
from .tools import Tool, find_tools


class ChainRun:
    def __init__(self, chain: Chain, top: Path, jobs: int, display: Display) -> None:
        self.chain = chain
        self.top = top
        self.jobs = jobs
        self.display = display
        self.place = Place(top, top / chain.directory)
        self.ledger_path = self.place.of("ledger.json")
        self.stages: List[Dict[str, Any]] = []  # those that succeeded
        self.comparisons: List[Dict[str, Any]] = []

    def walk(self, force_seed: bool, again: bool) -> None:
        """The whole run."""
        self.place.directory.mkdir(parents=True, exist_ok=True)
        with locked(self.place.of(".lock")):
            tools = find_tools(self.chain.needs)
            origin = outside(self.chain.origin) if self.chain.origin else find_origin(self.chain.root, self.top, force_seed)
            inputs = self.inputs()
            if not again and self.is_up_to_date(origin, tools, inputs):
                self.display.line(f"{self.chain.name}: up to date, from {origin.called} ({origin.reason})")
                return
            self.ledger_path.unlink(missing_ok=True)
            self.display.line(f"{self.chain.name}: from {origin.called}: {origin.reason}")
            self.run_stages(origin)
            if self.inputs() != inputs:
                raise BootstrapError("an input changed while the chain ran; run it again")
            self.compare()
            self.install()
            write_ledger(self.ledger_path, self.ledger(origin, tools, inputs))

    def inputs(self) -> Dict[str, str]:
        patterns = [*self.chain.inputs, *(pattern for stage in self.chain.stages for pattern in stage.inputs)]
        hashes = input_hashes(self.top, patterns, self.place.directory)
        hashes["description"] = sha256_of(self.chain.path)
        source = os.path.normpath(self.chain.source)
        if source not in hashes and not any(source == "." or name.startswith(source + "/") for name in hashes if name != "description"):
            raise BootstrapError(f"{self.chain.source}: not found among the inputs in {self.top}")
        return hashes

    def run_stages(self, origin: Origin) -> None:
        for stage in self.chain.stages:
            record = StageRun(self.chain, stage, self.place, origin, self.jobs, self.display).run()
            self.stages.append(record)
            self.display.stage_line(record)

    def compare(self) -> None:
        """Every pair is compared, so that a report tells of all; the first that differs ends the chain."""
        for left, right in self.chain.equal:
            try:
                difference = explain_difference(self.place.of(left), self.place.of(right))
            except BootstrapError as error:
                self.comparisons.append(comparison(left, right, "not compared", error.message))
                raise
            self.comparisons.append(comparison(left, right, "equal" if difference is None else "different", difference))
            if difference is None:
                self.display.line(f"  {left} = {right}, to the byte")
        differing = [pair["explanation"] for pair in self.comparisons if pair["verdict"] == "different"]
        if differing:
            raise BootstrapError("\n".join(differing), BROKEN)

    def install(self) -> None:
        for step in self.chain.install:
            product = self.place.of(step.stage)
            mode = 0o755 if product.stat().st_mode & stat.S_IXUSR else 0o644
            write_whole(self.top / step.path, product.read_bytes(), mode)
            self.display.line(f"  {step.path} is {step.stage}")

    def is_up_to_date(self, origin: Origin, tools: Dict[str, Tool], inputs: Dict[str, str]) -> bool:
        """The last whole run is known, and nothing has changed since."""
        ledger = read_ledger(self.ledger_path)
        try:
            return ledger is not None and self.tells_of_now(ledger, origin, tools, inputs)
        except (KeyError, TypeError, ValueError, AttributeError):
            return False  # not a ledger that a run has written

    def tells_of_now(self, ledger: Dict[str, Any], origin: Origin, tools: Dict[str, Tool], inputs: Dict[str, str]) -> bool:
        """It had these inputs, tools and this origin, and what it made is still there."""
        if ledger["inputs"] != inputs or ledger["tools"] != tool_records(tools):
            return False
        if {**ledger["origin"], "reason": ""} != {**origin.record(), "reason": ""}:
            return False
        for stage in ledger["stages"]:
            path = self.place.of(stage["name"])
            if not path.exists() or record_of(path)["sha256"] != stage["sha256"]:
                return False
        if not all(is_copy(self.top / step.path, self.place.of(step.stage)) for step in self.chain.install):
            return False
        self.stages = ledger["stages"]
        self.comparisons = [comparison(left, right, "equal", None) for left, right in ledger["equal"]]
        return True

    def ledger(self, origin: Origin, tools: Dict[str, Tool], inputs: Dict[str, str]) -> Dict[str, Any]:
        return {
            "format": FORMAT,
            "chain": self.chain.name,
            "origin": origin.record(),
            "tools": tool_records(tools),
            "inputs": inputs,
            "stages": self.stages,
            "equal": [list(pair) for pair in self.chain.equal],
            "machine": {
                "kernel": platform.release(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "python_implementation": platform.python_implementation(),
            },
        }


def comparison(left: str, right: str, verdict: str, explanation: Optional[str]) -> Dict[str, Any]:
    return {"left": left, "right": right, "verdict": verdict, "explanation": explanation}


def tool_records(tools: Dict[str, Tool]) -> Dict[str, Dict[str, str]]:
    return {tool.name: {"path": tool.path, "sha256": tool.sha256} for tool in tools.values()}


def is_copy(path: Path, product: Path) -> bool:
    return path.is_file() and sha256_of(path) == sha256_of(product)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One run of a chain at a time; a second one waits."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
