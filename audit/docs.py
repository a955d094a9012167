"""docs: what README.md, CONTRIBUTING.md and docs/ say is so: links, names, commands, programs, samples and figures.

A block of code (fenced, or indented by four) is one of these:

    commands    each line begins with a word of COMMANDS: it is run, unless JUDGED_BY names who runs it, or it is a shape
    a program   begins with its module form: it is compiled and run
    a sample    a comment stands above it: <!-- output of: COMMAND -->, <!-- part of: FILE -->, or <!-- shown: WHY -->

Commands in the running text stand in backquotes and are judged alike. A command with a word in capitals (FILE) is a shape: not run.
Commands run in a folder of their own that shows the tree by links, so that what they write is not written into it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Set, Tuple

from perf.guard import Kill, Limits, Outcome, run
from perf.guard.record import write_whole

from .claim import Claim, Finding, NotMeasured, Subject
from .figures import FIGURES

SECONDS = 10  # of a processor, that a command may take: a busy machine makes it wait, not work more
PATIENCE_SECONDS = 120  # for a command to end
COMMANDS = ("make", "python3", "python", "build/venv/bin/python", "build/bin/zero", "sha256sum", "git", "diff", "cmp", "tar", "ls")
SHAPE = re.compile(r"(?<![A-Za-z0-9_])(?:[A-Z]{2,}[A-Z_]*(?![A-Za-z0-9_.])|\[[A-Z]|<[a-z]+>|\.\.\.|…|\*|[A-Z]\b)")
LINK = re.compile(r"\]\(([^()\s]+)\)")
NAMED = re.compile(r"`((?:bootstrap|compiler|lib|tests|examples|release|docs|perf|audit)/[^`\s<>*{}A-Z]*)`")
ANY_NAME = ("lib/std/name.0x0",)  # stands for any module
INLINE = re.compile(r"`([^`\n]+)`")
MARK = re.compile(r"<!-- (output of|part of|shown): (.+?) -->")
FIGURE = re.compile(r"([0-9][0-9,]*)<!-- figure: ([a-z0-9-]+) -->")
ANY_FIGURE = re.compile(r"(?<!`)<!-- figure: ")
TARGET = re.compile(r"^make ([a-z][a-z-]*)")
MODULE = re.compile(r"^(?:python3?|build/venv/bin/python) -m ([a-z_.]+)")

# Commands that are not for this gate, because they take long or call it: what they look like, and who runs them.
JUDGED_BY: Tuple[Tuple[str, str], ...] = (
    (r"make (all|test|lint|release|release-check|ddc)", ".ci/run"),
    (r"make (quick|bootstrap-from-seed|clean|fmt|help)", "tests/audit/test_makefile.py"),
    (r"make trust-root", "tests/release/test_release.py"),
    (r"make ([a-z-]+-check|optimizer-smoke)", "tests/audit/test_makefile.py"),
    (r"make build/venv/ready", "tests/audit/test_makefile.py"),
    (r"(build/venv/bin/)?python3? -m audit\b.*", "tests/audit/test_audit.py"),
    (r"python3 -m bootstrap\.witness --fetch", ".ci/run"),
    (r"(build/venv/bin/)?python -m perf baseline\b.*", "tests/perf/test_budgets.py"),
    (r"(build/venv/bin/)?python -m perf measure\b.*", "tests/perf/test_timing.py"),
    (r"(build/venv/bin/)?python -m perf bench\b.*", "tests/perf/test_bench.py"),
    (r"python -m perf bisect\b.*", "tests/perf/test_bisect.py"),
    (r"python -m perf guard", "tests/perf/test_guard.py"),
    (r"build/venv/bin/python -m pytest\b.*", ".ci/run"),
)


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    text: str
    mark: Optional[Tuple[str, str]]  # kind and argument of the comment above

    @property
    def is_program(self) -> bool:
        return self.text.startswith("(⊙ ")

    @property
    def commands(self) -> List[str]:
        """Its lines as commands, without what is said behind them; empty if one is none."""
        lines = [re.sub(r"\s+#.*$", "", line).strip() for line in self.text.replace("\\\n", " ").splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        return lines if all(is_command(line) for line in lines) else []


@dataclass(frozen=True)
class Command:
    page: str
    line: int
    text: str


def is_command(line: str) -> bool:
    words = [word for word in line.split() if not re.match(r"[A-Z_]+=", word)]
    return len(words) > 1 and (words[0] in COMMANDS or words[0].startswith("./"))


def pages(subject: Subject) -> Iterator[Tuple[str, str]]:
    """The pages by their paths, in order; a claim that reads them rests on them."""
    found = sorted([*subject.top.glob("*.md"), *subject.top.glob("docs/*.md")])
    if not found:
        raise NotMeasured("there is no page")
    for path in found:
        subject.audited.append(path)
        yield str(path.relative_to(subject.top)), path.read_text(encoding="utf-8")


def blocks_of(page: str, text: str) -> List[Block]:
    blocks: List[Block] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        end = block_end(lines, number)
        if end == number:
            number += 1
            continue
        fenced = lines[number].startswith("```")
        inside = lines[number + 1 : end - 1] if fenced else [line[4:] for line in lines[number:end]]
        blocks.append(Block(page, number + 1 + fenced, "\n".join(inside).rstrip("\n") + "\n", mark_above(lines, number)))
        number = end
    return blocks


def block_end(lines: List[str], begin: int) -> int:
    """Behind the last line of the block that begins there; the same number if none does."""
    if lines[begin].startswith("```"):
        closing = [number for number in range(begin + 1, len(lines)) if lines[number].startswith("```")]
        return closing[0] + 1 if closing else len(lines)
    if not lines[begin].startswith("    ") or (begin and lines[begin - 1].strip() and not MARK.search(lines[begin - 1])):
        return begin
    end = begin
    while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end


def mark_above(lines: List[str], number: int) -> Optional[Tuple[str, str]]:
    above = [line for line in lines[max(0, number - 2) : number] if line.strip()]
    found = MARK.fullmatch(above[-1].strip()) if above else None
    return (found[1], found[2]) if found else None


def all_blocks(subject: Subject) -> List[Block]:
    return [block for page, text in pages(subject) for block in blocks_of(page, text)]


def all_commands(subject: Subject) -> List[Command]:
    found: List[Command] = []
    for page, text in pages(subject):
        blocks = blocks_of(page, text)
        found += [Command(page, block.line, line) for block in blocks if block.mark is None for line in block.commands]
        inside = {number for block in blocks for number in range(block.line, block.line + block.text.count("\n"))}
        for number, line in enumerate(text.splitlines(), 1):
            if number not in inside:
                found += [Command(page, number, code) for code in INLINE.findall(line) if is_command(code)]
    return found


def links(subject: Subject) -> Iterator[Finding]:
    """Every link leads to a file of the tree, and to a heading that is there."""
    for page, text in pages(subject):
        for number, target in numbered(LINK, text):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, heading = target.partition("#")
            whole = (subject.top / page).parent / path if path else subject.top / page
            if not whole.exists():
                yield Finding(f"the link to {target} leads nowhere", page, number)
            elif heading and heading not in headings(whole):
                yield Finding(f"there is no heading {heading} in {path or page}", page, number)


def pages_are_reached(subject: Subject) -> Iterator[Finding]:
    """Every page is reached by links from README.md."""
    texts = dict(pages(subject))
    reached, ahead = set(), ["README.md"]
    while ahead:
        page = ahead.pop()
        if page in texts and page not in reached:
            reached.add(page)
            ahead += [os.path.normpath(os.path.join(os.path.dirname(page), link.partition("#")[0])) for link in LINK.findall(texts[page])]
    yield from (Finding("no page leads here from README.md", page) for page in texts if page not in reached)


def headings(path: Path) -> Set[str]:
    """The names that headings are linked by: lower case, punctuation dropped, hyphens for spaces."""
    found = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def names(subject: Subject) -> Iterator[Finding]:
    """Every file and folder that is named in backquotes is there."""
    for page, text in pages(subject):
        for number, name in numbered(NAMED, text):
            if name not in ANY_NAME and not (subject.top / name).exists():
                yield Finding(f"{name} is not there", page, number)


def numbered(pattern: "re.Pattern[str]", text: str) -> Iterator[Tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        yield from ((number, found) for found in pattern.findall(line))


def known_commands(subject: Subject) -> Iterator[Finding]:
    """Every target of make and every module of Python that a command names is there."""
    makefile = subject.top / "Makefile"
    targets = set(re.findall(r"^([a-z-]+):", makefile.read_text(encoding="utf-8"), re.MULTILINE))
    subject.audited.append(makefile)
    for command in all_commands(subject):
        target, module = TARGET.match(command.text), MODULE.match(command.text)
        if target and target[1] not in targets and not command.text.startswith("make build/"):
            yield Finding(f"make has no target {target[1]}", command.page, command.line)
        if module and not module_exists(subject.top, module[1]):
            yield Finding(f"there is no module {module[1]}", command.page, command.line)


def module_exists(top: Path, name: str) -> bool:
    if name.split(".")[0] not in ("audit", "bootstrap", "perf", "release", "tests"):
        return True  # of Python's library or the environment
    path = top.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def blocks_have_a_kind(subject: Subject) -> Iterator[Finding]:
    """Every block of code is commands, a program, or a sample whose comment says what it is."""
    for block in all_blocks(subject):
        if block.mark is None and not block.is_program and not block.commands:
            first = block.text.splitlines()[0]
            yield Finding(f"the block `{first}` is neither commands nor a program, and no comment says what it is", block.page, block.line)


def commands(subject: Subject) -> Iterator[Finding]:
    """Every command does what it is there for, with exit status 0 and in ten seconds of a processor, or another gate is named that runs it."""
    done: Dict[str, str] = {}
    with shown_tree(subject.top) as folder:
        for command in all_commands(subject):
            if SHAPE.search(command.text) or judge_of(command.text) is not None:
                continue
            if command.text not in done:
                done[command.text] = trouble(shell(command.text, folder))
            if done[command.text]:
                yield Finding(f"`{command.text}` {done[command.text]}", command.page, command.line)
    subject.facts["commands_run"] = str(len(done))


def judge_of(command: str) -> Optional[str]:
    return next((judge for pattern, judge in JUDGED_BY if re.fullmatch(pattern, command)), None)


def judges(subject: Subject) -> Iterator[Finding]:
    """Whoever is named as running a command that this gate does not run is there."""
    for pattern, judge in JUDGED_BY:
        if not (subject.top / judge).is_file():
            yield Finding(f"audit/docs.py says that {judge} runs `{pattern}`, but there is no such file")


def programs(subject: Subject) -> Iterator[Finding]:
    """Every program compiles and runs."""
    with shown_tree(subject.top) as folder:
        for block in all_blocks(subject):
            if not block.is_program:
                continue
            name = block.text.split()[1].rstrip(")")
            (folder / f"{name}.0x0").write_text(block.text, encoding="utf-8")
            said = trouble(shell(f"build/bin/zero run {name}.0x0", folder))
            if said:
                yield Finding(f"the program {name} {said}", block.page, block.line)


def samples(subject: Subject) -> Iterator[Finding]:
    """Every sample is what its comment says: the output of a command, or a part of a file."""
    with shown_tree(subject.top) as folder:
        for block in all_blocks(subject):
            kind, argument = block.mark or ("", "")
            if kind == "output of":
                outcome = shell(argument, folder)
                if trouble(outcome) or outcome.stdout.decode("utf-8", "replace") != block.text:
                    yield Finding(f"this is not the output of `{argument}`", block.page, block.line)
            elif kind == "part of":
                path = subject.top / argument
                if not path.is_file() or block.text not in path.read_text(encoding="utf-8"):
                    yield Finding(f"this is no part of {argument}", block.page, block.line)


def figures(subject: Subject) -> Iterator[Finding]:
    """Every figure that is marked is what `python -m audit figures` says."""
    known = {figure.name: figure for figure in FIGURES}
    absent: Set[str] = set()
    for page, text in pages(subject):
        for number, line in enumerate(text.splitlines(), 1):
            marked = FIGURE.findall(line)
            if len(marked) != len(ANY_FIGURE.findall(line)):
                yield Finding("a figure's comment has no number before it, or no name in it", page, number)
            for stated, name in marked:
                value = known[name].value(subject.top) if name in known else None
                if name not in known:
                    yield Finding(f"there is no figure {name}", page, number)
                elif value is None:
                    absent.add(name)
                elif value != int(stated.replace(",", "")):
                    yield Finding(f"{name} is {value:,}, the page says {stated}", page, number)
    if absent:
        raise NotMeasured(f"not there to compare with: {', '.join(sorted(absent))}")


def write_figures(top: Path) -> Iterator[str]:
    """Put today's value behind every mark of a figure that there is; the pages that this changed."""
    known = {figure.name: figure.value(top) for figure in FIGURES}

    def today(match: "re.Match[str]") -> str:
        value = known.get(match[2])
        return match[0] if value is None else f"{value:,}<!-- figure: {match[2]} -->"

    for page, text in pages(Subject(top, top)):
        written = FIGURE.sub(today, text)
        if written != text:
            write_whole(top / page, written.encode("utf-8"))
            yield page


@contextmanager
def shown_tree(top: Path) -> Iterator[Path]:
    """A folder that shows the tree's entries by links and takes what commands write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for entry in sorted(top.iterdir()):
            os.symlink(entry, folder / entry.name)
        yield folder


def shell(command: str, folder: Path) -> Outcome:
    sh = shutil.which("sh") or "/bin/sh"
    return run([sh, "-c", command], Limits(timeout_seconds=PATIENCE_SECONDS), cwd=folder, capture=True)


def trouble(outcome: Outcome) -> str:
    """How a command went wrong; empty if it did not."""
    if outcome.kill is Kill.TIMEOUT:
        return f"does not end in {PATIENCE_SECONDS} s"
    if outcome.cpu_seconds > SECONDS:
        return f"takes more than {SECONDS} s of a processor"
    said = outcome.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if outcome.ok else f"ends with status {outcome.status}" + (f": {said[-1]}" if said else "")


CLAIMS: Tuple[Claim, ...] = (
    Claim("docs/links", links, needs_run=False),
    Claim("docs/pages-are-reached", pages_are_reached, needs_run=False),
    Claim("docs/names", names, needs_run=False),
    Claim("docs/known-commands", known_commands, needs_run=False),
    Claim("docs/blocks-have-a-kind", blocks_have_a_kind, needs_run=False),
    Claim("docs/judges", judges, needs_run=False),
    Claim("docs/figures", figures, needs_run=False),
    Claim("docs/commands", commands),
    Claim("docs/programs", programs),
    Claim("docs/samples", samples),
)
