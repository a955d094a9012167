"""command: `python -m perf guard`: run a command as it is typed, under limits.

The exit status is the command's own, or 128 and the number of the signal that ended it. The guard's own verdicts have statuses that
commands rarely use; the report tells them apart beyond doubt.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Iterator, List, NoReturn, Optional, Sequence, Tuple

from .model import PINNED_ENVIRONMENT, Containment, GuardError, Interrupted, Kill, Limits, Outcome
from .record import canonical, write_whole
from .report import record, text
from .run import run

OVER_BUDGET, TIMEOUT, TROUBLE, NOT_EXECUTABLE, NOT_FOUND, SIGNAL = 123, 124, 125, 126, 127, 128
STATUSES = f"""exit status: the command's own, or {SIGNAL} + N if signal N ended it;
  {OVER_BUDGET}  over budget: memory or number of members; the report says which
  {TIMEOUT}  ended for its time
  {TROUBLE}  the guard itself failed, or was used wrongly
  {NOT_EXECUTABLE}  the command cannot be executed
  {NOT_FOUND}  the command was not found"""
UNITS = {"": 1, "K": 1, "M": 1024, "G": 1024 * 1024}  # in KiB; a bare number is KiB


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(TROUBLE, f"guard: {message}\n{self.format_usage()}")


def size_kib(word: str) -> int:
    """`300K`, `256M`, `2G`, or KiB without a letter."""
    match = re.fullmatch(r"([0-9]{1,12})([KMG]?)", word, re.ASCII)
    if match is None or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{word!r} is no size; write a whole number above zero and K, M or G, as in 256M")
    return int(match[1]) * UNITS[match[2]]


def seconds(word: str) -> float:
    match = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", word, re.ASCII)
    if match is None or float(word) == 0:
        raise argparse.ArgumentTypeError(f"{word!r} is no time; write seconds above zero, as in 60 or 0.5")
    return float(word)


def count(word: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", word, re.ASCII) is None or int(word) == 0:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of members; write a whole number above zero")
    return int(word)


def parser() -> Parser:
    made = Parser(
        prog="python -m perf guard",
        usage="python -m perf guard [OPTION...] -- COMMAND [ARGUMENT...]",
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    names = [containment.value for containment in Containment]
    made.add_argument("--max-rss", type=size_kib, metavar="SIZE", help="resident memory for each member and for the sum: 300K, 256M, 2G")
    made.add_argument("--timeout", type=seconds, metavar="SECONDS")
    made.add_argument("--max-members", type=count, metavar="N", default=Limits().max_members, help="processes at one time (%(default)s)")
    made.add_argument("--containment", choices=names, help="instead of the strongest that works here")
    made.add_argument("--pin", action="store_true", help="a fixed small environment and one processor, so that figures compare")
    made.add_argument("--output", type=Path, metavar="FILE", help="what the command writes; hashed afterwards")
    made.add_argument("--report", type=Path, metavar="FILE", help="write the report there as canonical JSON")
    made.add_argument("--quiet", action="store_true", help="no report on standard error")
    made.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return made


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(list(arguments))
    command: List[str] = options.command[1:] if options.command[:1] == ["--"] else options.command
    with terminated_as_interrupted() as received:
        try:
            return guarded(options, command)
        except Interrupted as interrupted:
            report(options, interrupted.outcome)
            return SIGNAL + (received[0] if received else int(signal.SIGINT))
        except KeyboardInterrupt:
            return SIGNAL + (received[0] if received else int(signal.SIGINT))
        except (GuardError, OSError) as error:
            print(f"guard: {error}", file=sys.stderr)
            return TROUBLE


def guarded(options: argparse.Namespace, command: List[str]) -> int:
    if options.report is not None and not options.report.parent.is_dir():
        raise GuardError(f"{options.report}: its folder does not exist")
    if command:
        missing = why_not(command[0])
        if missing is not None:
            print(f"guard: {command[0]}: {missing[1]}", file=sys.stderr)
            return missing[0]
    outcome = run(
        command,
        Limits(options.max_rss, options.timeout, options.max_members),
        environment=PINNED_ENVIRONMENT if options.pin else None,
        one_processor=options.pin,
        stdin=own_input(),
        containment=None if options.containment is None else Containment(options.containment),
    )
    report(options, outcome)
    return exit_status(outcome)


def report(options: argparse.Namespace, outcome: Outcome) -> None:
    content = record(outcome, options.output)
    if not options.quiet:
        with contextlib.suppress(OSError):  # nobody reads it
            sys.stderr.write(text(outcome, content))
            sys.stderr.flush()
    if options.report is not None:
        write_whole(options.report, canonical(content))


def exit_status(outcome: Outcome) -> int:
    if outcome.over_budget or outcome.kill is Kill.TOO_MANY_PROCESSES:
        return OVER_BUDGET
    if outcome.kill is Kill.TIMEOUT:
        return TIMEOUT
    return outcome.status if outcome.status >= 0 else SIGNAL - outcome.status


def why_not(name: str) -> Optional[Tuple[int, str]]:
    """The status and the words for a command that cannot be started; None for one that can."""
    if name == "" or name.startswith("-") or shutil.which(name) is not None:
        return None  # `run` knows what to say of the first two
    found = shutil.which(name, os.F_OK) if os.sep not in name else name
    if found is None or not os.path.exists(found):
        return NOT_FOUND, "no such command"
    return NOT_EXECUTABLE, "is a folder" if os.path.isdir(found) else "cannot be executed; its mode or its owner forbids it"


def own_input() -> Optional[int]:
    """The guard's own standard input, if it has one."""
    try:
        os.fstat(0)
    except OSError:
        return None
    return 0


@contextlib.contextmanager
def terminated_as_interrupted() -> Iterator[List[int]]:
    """Within this, SIGTERM and SIGHUP end the tree as Ctrl-C does; the signals that came are listed."""
    received: List[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
