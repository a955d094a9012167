"""python -m audit: judge claims on this tree and leave the evidence in build/audit/.

Exit status: 0 all required claims hold; 1 one is broken or could not be judged; 2 usage or file trouble; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

HERE = Path(__file__).resolve().parent.parent
ZERO = Path("build/bin/zero")
WORDS = ("list", "figures", "all")
ENVIRONMENT = "run it with build/venv/bin/python, which `make build/venv/ready` makes"

try:
    from perf.guard.front import run_command, told
    from perf.guard.record import write_whole

    from . import evidence
    from .claim import Group, Judged, judge
    from .claims import GROUPS, LANES
    from .docs import write_figures
    from .figures import FIGURES
    from .lanes import Lanes
    from .report import junit, markdown, page, sarif, text
except ModuleNotFoundError as error:
    if error.name is not None and error.name.split(".")[0] in ("audit", "perf", "release", "bootstrap"):
        raise
    sys.exit(print(f"audit: this Python has no {error.name}; {ENVIRONMENT}", file=sys.stderr) or 2)
except KeyboardInterrupt:
    sys.exit(print("audit: interrupted", file=sys.stderr) or 130)

Render = Callable[[Sequence[Judged], Path], str]
FORMATS: Tuple[Tuple[str, Render], ...] = (
    ("junit", junit.render),
    ("sarif", sarif.render),
    ("markdown", markdown.render),
    ("html", page.render),
)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argument_parser()
    options = parser.parse_args(arguments)
    interrupted = "interrupted; there is no evidence of the groups that were asked for"
    return told("audit", lambda: command(parser, options), interrupted, (evidence.Changed,))


def argument_parser() -> argparse.ArgumentParser:
    groups = ", ".join(group.name for group in GROUPS)
    parser = argparse.ArgumentParser(
        prog="audit",
        usage="python -m audit list | figures [--write] | all | GROUP... [--top DIRECTORY] [--format FORMAT --output FILE]",
        description="Judge claims on this tree. Evidence goes to build/audit/GROUP/.",
        epilog=f"Groups: {groups}. Exit status: 0 all required claims hold, 1 one does not or could not be judged, 2 usage or file trouble.",
    )
    parser.add_argument("words", nargs="+", metavar="WORD", help="list: the claims; figures: what pages may state; all; or groups by name")
    parser.add_argument("--write", action="store_true", help="with figures: put them into the pages that state them")
    parser.add_argument("--top", type=Path, default=HERE, metavar="DIRECTORY", help="the tree to judge (default: this one)")
    parser.add_argument("--format", choices=[name for name, _ in FORMATS], help="also tell the answers in this form")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where that goes")
    return parser


def command(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if (options.format is None) != (options.output is None):
        parser.error("--format and --output go together")
    if sys.flags.optimize > 1:
        parser.error("claims are docstrings, which this Python leaves out (-OO, PYTHONOPTIMIZE)")
    if options.output is not None and (not options.output.name or options.output.is_dir()):
        parser.error("--output has to be a file")
    if not options.top.is_dir():
        parser.error(f"{options.top}: not a directory")
    word, top = options.words[0], options.top.resolve()
    if word in WORDS and len(options.words) > 1:
        parser.error(f"{word} stands alone")
    if options.write and word != "figures":
        parser.error("--write goes with figures")
    if word == "list":
        return list_claims()
    if word == "figures":
        return print_figures(top, options.write)
    chosen = GROUPS if word == "all" else chosen_groups(parser, options.words)
    return judge_groups(chosen, top, options)


def chosen_groups(parser: argparse.ArgumentParser, names: Sequence[str]) -> Tuple[Group, ...]:
    known = {group.name for group in GROUPS}
    for name in names:
        if name not in known:
            parser.error(f"no such group: {name}; there are {', '.join(group.name for group in GROUPS)}")
    return tuple(group for group in GROUPS if group.name in names)


def list_claims() -> int:
    for group in GROUPS:
        print(f"{group.name}: {group.title}")
        for claim in group.claims:
            marks = ("" if claim.needs_run else " (from the source alone)") + ("" if claim.required else " (not required)")
            print(f"  {claim.name}{marks}\n    {claim.text}")
    return 0


def print_figures(top: Path, write: bool) -> int:
    for page in write_figures(top) if write else ():
        print(f"written: {page}")
    for figure in FIGURES:
        value = figure.value(top)
        print(f"{figure.name}={'absent' if value is None else value}")
    return 0


def judge_groups(groups: Sequence[Group], top: Path, options: argparse.Namespace) -> int:
    """Judge, print and write. All evidence that is asked for goes before the first claim is judged."""
    colour = sys.stdout.isatty()
    for group in groups:
        evidence.remove(top, group.name)
    all_judged = []
    for judged, began_ns in judge_each(groups, top):
        evidence.write(top, judged, began_ns)
        show(judged, colour, len(groups) > 1)
        all_judged.append(judged)
    if len(groups) > 1:
        print("\n" + text.closing(all_judged, colour), end="")
    else:
        print("\n" + text.counts_line(all_judged))
    if options.output is not None:
        write_whole(options.output, dict(FORMATS)[options.format](all_judged, top).encode("utf-8"))
    return 1 if any(judged.red for judged in all_judged) else 0


def judge_each(groups: Sequence[Group], top: Path) -> Iterator[Tuple[Judged, int]]:
    """What became of each group in turn, and since when what it looked at must not have changed."""

    def judge_one(group: Group, tell: Callable[[str], None]) -> Judged:
        answers = []
        for claim in group.claims:
            tell(f"judging {claim.name}")
            answers.append(judge(claim, top, top / ZERO))
        tell("")
        return Judged(group, tuple(answers))

    began_ns = time.time_ns()
    with Lanes(lanes_of(groups), judge_one, live) as lanes:
        for group in groups:
            judged = lanes.judged(group)
            if judged is None:
                began_ns = time.time_ns()
                judged = judge_one(group, live)
            yield judged, began_ns


def lanes_of(groups: Sequence[Group]) -> List[Tuple[Group, ...]]:
    """The lanes of these groups; none where there is only one, with no other to be judged at once with."""
    known = {group.name: group for group in groups}
    lanes = [tuple(known[name] for name in names if name in known) for names in LANES]
    return [lane for lane in lanes if lane and len(groups) > 1]


def live(line: str) -> None:
    """On a terminal, a line that lives while a claim is judged."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)


def show(judged: Judged, colour: bool, among_others: bool) -> None:
    """Of one group all; of one among others its line and what is wrong: the table of all closes the run."""
    if among_others:
        seconds = sum(answer.wall_ms for answer in judged.answers) / 1000
        print(f"{judged.group.name}: {judged.group.title}: {'red' if judged.red else 'holds'}, {seconds:.1f} s")
        print(text.details(judged.answers, text.SHOWN), end="", flush=True)
    else:
        print(text.group_text(judged, colour, text.SHOWN) + text.figures(judged.answers), end="", flush=True)


if __name__ == "__main__":
    run_command("audit", main)
