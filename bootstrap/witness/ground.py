"""ground: the tree that is judged, its ledger, and what the chain made that is grown anew from its seed.

The compiler that is judged is what the ledger says and build/chain holds. It is only ever compared, never run: every route
starts from the seed, under the running Python where the route says nothing else.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

from .. import BootstrapError
from ..description import Chain, read_chain
from ..ledger import input_hashes, read_ledger
from .record import RouteError, Step

SOURCE = "compiler/main.0x0"
STAGES = ("zero-next", "stage2", "stage3", "stage4")  # one more than the chain compares


class Ground:
    def __init__(self, top: Path, timeout_seconds: float) -> None:
        self.top = top
        self.timeout_seconds = timeout_seconds
        self.directory = top / "build" / "witness"
        self.chain: Chain = read_chain(top / "bootstrap" / "chain.toml")
        self.judged = top / self.chain.directory
        ledger = read_ledger(self.judged / "ledger.json")
        if ledger is None:
            raise BootstrapError(f"{self.chain.directory}/ledger.json: no ledger of a whole run; run `make all` first")
        self.inputs = self.inputs_now()
        try:
            self.origin = str(ledger["origin"]["from"])
            self.recorded: Dict[str, str] = {str(stage["name"]): str(stage["sha256"]) for stage in ledger["stages"]}
            told = {str(path): str(digest) for path, digest in ledger["inputs"].items() if path != "description"}
        except (KeyError, TypeError, AttributeError):
            raise BootstrapError(f"{self.chain.directory}/ledger.json: not a ledger of the chain; run `make all` again") from None
        check_inputs(told, self.inputs)
        self.grown: Dict[str, Path] = {}
        self.steps: Tuple[Step, ...] = ()
        self.failure: Optional[str] = None
        self.lock = threading.Lock()
        self.once: Dict[str, Union[Path, RouteError]] = {}
        self.pythons: Dict[Path, str] = {}  # what each candidate said of itself

    def inputs_now(self) -> Dict[str, str]:
        patterns: List[str] = [*self.chain.inputs, *(pattern for stage in self.chain.stages for pattern in stage.inputs)]
        return input_hashes(self.top, patterns)

    def stage(self, name: str) -> Path:
        """A product of the chain grown anew."""
        if name not in self.grown:
            raise RouteError(f"the chain grown from the seed did not reach {name}: {self.failure}")
        return self.grown[name]


def check_inputs(told: Dict[str, str], inputs: Dict[str, str]) -> None:
    """The ledger tells of the sources as they stand."""
    different = sorted(path for path in {*told, *inputs} if told.get(path) != inputs.get(path))
    if different:
        more = f" and {len(different) - 1} more" if len(different) > 1 else ""
        raise BootstrapError(f"{different[0]}{more}: not as the ledger says; run `make all` first")


def seed_command(python: str) -> List[str]:
    """Isolated: no user's folders, no environment, no site, nothing written beside the source."""
    return [python, "-I", "-S", "-B", "bootstrap/seed", "--lib", "lib"]
