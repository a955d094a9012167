"""chain: run the stages of a chain in order, compare, install, write the ledger.

Every stage writes NAME.part, which becomes NAME when the stage has succeeded. The old ledger is removed before the first
stage and the new one written after everything else holds: an interrupted run leaves no ledger.
"""

from __future__ import annotations

import fcntl
import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from . import BROKEN, BootstrapError
from .compare import explain_difference
from .description import Chain, Stage, fill
from .display import Display
from .ledger import FORMAT, input_hashes, read_ledger, sha256_of, write_ledger, write_whole
from .process import Method, Run, prepare, run
from .root import Origin, find_origin


class ChainRun:
    def __init__(self, chain: Chain, top: Path, display: Display) -> None:
        self.chain = chain
        self.top = top
        self.display = display
        self.directory = top / chain.directory
        self.ledger_path = self.directory / "ledger.json"

    def path_of(self, stage: str) -> Path:
        return self.directory / stage

    def walk(self, force_seed: bool, again: bool) -> None:
        """The whole run."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with locked(self.directory / ".lock"):
            origin = find_origin(self.chain.root, self.top, force_seed)
            inputs = self.inputs()
            if not again and self.is_up_to_date(origin, inputs):
                self.display.line(f"{self.chain.name}: up to date, from the {origin.name} ({origin.reason})")
                return
            self.ledger_path.unlink(missing_ok=True)
            self.display.line(f"{self.chain.name}: from the {origin.name}: {origin.reason}")
            method = prepare()
            records = [self.run_stage(stage, origin, method) for stage in self.chain.stages]
            if self.inputs() != inputs:
                raise BootstrapError("an input changed while the chain ran; run it again")
            self.compare()
            self.install()
            write_ledger(self.ledger_path, self.ledger(origin, inputs, method, records))

    def inputs(self) -> Dict[str, str]:
        patterns = [*self.chain.inputs, *(pattern for stage in self.chain.stages for pattern in stage.inputs)]
        hashes = input_hashes(self.top, patterns)
        hashes["description"] = sha256_of(self.chain.path)
        if self.chain.source not in hashes:
            raise BootstrapError(f"{self.chain.source}: not found among the inputs")
        return hashes

    def run_stage(self, stage: Stage, origin: Origin, method: Method) -> Dict[str, Any]:
        out = self.path_of(stage.name)
        part = out.with_name(out.name + ".part")
        part.unlink(missing_ok=True)
        argv = self.command(stage, origin, part)
        self.display.stage_begins(stage.name)
        result = run(argv, method, stage.timeout_seconds, self.display.stage_runs)
        self.display.stage_ends()
        if result.status != 0 or result.timed_out:
            part.unlink(missing_ok=True)
            raise BootstrapError(f"stage {stage.name} {result.how_it_ended()}: {' '.join(argv)}", BROKEN)
        if not part.is_file():
            raise BootstrapError(f"stage {stage.name} wrote no file: {' '.join(argv)}", BROKEN)
        part.chmod(0o755)
        os.replace(part, out)
        record = stage_record(stage.name, result, out)
        self.display.stage_line(record)
        return record

    def command(self, stage: Stage, origin: Origin, out: Path) -> List[str]:
        values = {name.name: relative(self.path_of(name.name), self.top) for name in self.chain.stages}
        values.update(python=sys.executable, source=self.chain.source, out=relative(out, self.top))
        if stage.from_root is None or origin.content is None:
            return fill(stage.command, values)
        root = self.path_of("root")
        write_whole(root, origin.content, 0o755)
        return fill(stage.from_root, {**values, "root": relative(root, self.top)})

    def compare(self) -> None:
        for left, right in self.chain.equal:
            difference = explain_difference(self.path_of(left), self.path_of(right))
            if difference is not None:
                raise BootstrapError(difference, BROKEN)
            self.display.line(f"  {left} = {right}, to the byte")

    def install(self) -> None:
        for step in self.chain.install:
            write_whole(self.top / step.path, self.path_of(step.stage).read_bytes(), 0o755)
            self.display.line(f"  {step.path} is {step.stage}")

    def is_up_to_date(self, origin: Origin, inputs: Dict[str, str]) -> bool:
        """The last whole run had these inputs and this origin, and what it made is still there."""
        ledger = read_ledger(self.ledger_path)
        if ledger is None or ledger["inputs"] != inputs:
            return False
        if {**ledger["origin"], "reason": ""} != {**origin_record(origin), "reason": ""}:
            return False
        made = {stage["name"]: stage["sha256"] for stage in ledger["stages"]}
        files = [(self.path_of(name), digest) for name, digest in made.items()]
        files += [(self.top / step.path, made.get(step.stage)) for step in self.chain.install]
        return all(path.is_file() and sha256_of(path) == digest for path, digest in files)

    def ledger(
        self, origin: Origin, inputs: Dict[str, str], method: Method, records: List[Dict[str, Any]]
    ) -> Dict[str, Any]:
        return {
            "format": FORMAT,
            "chain": self.chain.name,
            "origin": origin_record(origin),
            "inputs": inputs,
            "stages": records,
            "equal": [list(pair) for pair in self.chain.equal],
            "method": {
                "memory": "ru_maxrss of wait4" + (", started by a small launcher" if method.launcher else ""),
                "address_randomisation": "off" if method.fixed_addresses else "on",
                "launcher_floor_kib": launcher_floor_kib(method),
            },
            "machine": {
                "kernel": platform.release(),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "python_implementation": platform.python_implementation(),
            },
        }


def stage_record(name: str, result: Run, out: Path) -> Dict[str, Any]:
    return {
        "name": name,
        "argv": list(result.argv),
        "wall_ms": round(result.wall_seconds * 1000),
        "cpu_ms": round(result.cpu_seconds * 1000),
        "peak_rss_kib": result.peak_kib,
        "size": out.stat().st_size,
        "sha256": sha256_of(out),
    }


def origin_record(origin: Origin) -> Dict[str, Optional[str]]:
    return {
        "from": origin.name,
        "reason": origin.reason,
        "version": origin.version,
        "commit": origin.commit,
        "sha256": origin.sha256,
    }


def launcher_floor_kib(method: Method) -> int:
    """The least peak that can be seen: that of a command which does nothing."""
    return run(["/bin/sh", "-c", ":"], method, 10).peak_kib


def relative(path: Path, top: Path) -> str:
    return os.path.relpath(path, top)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One run of a chain at a time; a second one waits."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
