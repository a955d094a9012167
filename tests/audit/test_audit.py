"""The front door: verdicts, exit statuses, evidence, and each form of report read by a reader that is not ours."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from audit import __main__ as front
from audit import evidence
from audit.claim import Claim, Finding, Group, Judged, NotMeasured, NotPresent, Subject, Verdict, judge
from audit.claims import GROUPS
from audit.report import canonical, junit, markdown, page, sarif, text
from tests.conftest import TOP
from tests.needs import need

pytestmark = pytest.mark.machine

NASTY = '<script>alert("x")</script> | `a` & \x07 ]]> *b* \u2028 end'


def holds(subject: Subject) -> Iterator[Finding]:
    """It holds."""
    subject.figures["peak_kib"] = int(time.monotonic_ns() % 1000)
    subject.facts["colour"] = "green"
    subject.audited.append(subject.top / "source.txt")
    return iter(())


def broken(subject: Subject) -> Iterator[Finding]:
    """Nothing <here> | is broken."""
    yield Finding(NASTY, "a folder/sourcé.0x0", 3, 7)
    yield Finding("no place")


def unmeasured(subject: Subject) -> Iterator[Finding]:
    """It can be judged."""
    raise NotMeasured("no <instrument>")


def absent(subject: Subject) -> Iterator[Finding]:
    """A tool agrees."""
    raise NotPresent("tool is not here")


def failing(subject: Subject) -> Iterator[Finding]:
    """The judge is sound."""
    yield Finding("found before it failed")
    raise ZeroDivisionError("oh")


def outside(subject: Subject) -> Iterator[Finding]:
    """What it rests on is in the tree."""
    subject.audited.append(Path("/etc/passwd"))
    return iter(())


EXTRA = Claim("green/extra", unmeasured, required=False)
GREEN = Group("green", "what holds", (Claim("green/holds", holds), Claim("green/absent", absent), EXTRA))
RED = Group("red", "what does not", (Claim("red/broken", broken), Claim("red/holds", holds)))
UNSEEN = Group("unseen", "what could not be judged", (Claim("unseen/unmeasured", unmeasured),))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "build" / "bin").mkdir(parents=True)
    (tmp_path / "build" / "bin" / "zero").touch()
    (tmp_path / "source.txt").write_text("a source\n")
    return tmp_path


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Tuple[Group, ...]:
    monkeypatch.setattr(front, "GROUPS", (GREEN, RED, UNSEEN))
    return (GREEN, RED, UNSEEN)


def judged(tree: Path, *groups: Group) -> Tuple[Judged, ...]:
    return tuple(Judged(group, tuple(judge(claim, tree, tree / "build" / "bin" / "zero") for claim in group.claims)) for group in groups)


def test_the_groups_are_these_in_this_order() -> None:
    assert [group.name for group in GROUPS] == [
        "normal-path", "memory-architecture", "imports", "elf", "docs", "memory", "memory-summary", "optimizer-smoke", "rss-limit", "perf",
        "bench",
    ]  # fmt: skip


def test_every_claim_is_a_sentence_with_a_name_of_its_own() -> None:
    names = [claim.name for group in GROUPS for claim in group.claims]
    assert len(set(names)) == len(names)
    for group in GROUPS:
        for claim in group.claims:
            assert re.fullmatch(rf"{group.name}/[a-z0-9]+(-[a-z0-9]+)*", claim.name), claim.name
            assert claim.text.endswith(".") and len(claim.text) > 20, claim.name


@pytest.mark.parametrize(
    ("function", "verdict", "reason"),
    [
        (holds, Verdict.HOLDS, ""),
        (broken, Verdict.BROKEN, ""),
        (unmeasured, Verdict.NOT_MEASURED, "no <instrument>"),
        (absent, Verdict.NOT_PRESENT, "tool is not here"),
        (failing, Verdict.NOT_MEASURED, "the judge failed: ZeroDivisionError: oh"),
        (outside, Verdict.NOT_MEASURED, "/etc/passwd: the verdict rests on it, but it is not a file of the tree"),
    ],
)
def test_what_becomes_of_a_claim(function: Any, verdict: Verdict, reason: str, tree: Path) -> None:
    answer = judge(Claim("a/b", function), tree, tree / "build" / "bin" / "zero")
    assert (answer.verdict, answer.reason) == (verdict, reason)
    assert answer.red == (verdict in (Verdict.BROKEN, Verdict.NOT_MEASURED))
    optional = judge(Claim("a/b", function, required=False), tree, tree / "build" / "bin" / "zero")
    assert optional.red == (verdict is Verdict.BROKEN)


def test_a_claim_that_needs_a_compiler_is_not_measured_without_one(tree: Path) -> None:
    (tree / "build" / "bin" / "zero").unlink()
    assert judge(Claim("a/b", holds), tree, tree / "build" / "bin" / "zero").verdict is Verdict.NOT_MEASURED
    assert judge(Claim("a/b", holds, needs_run=False), tree, tree / "build" / "bin" / "zero").verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("words", "status"), [(["green"], 0), (["red"], 1), (["unseen"], 1), (["all"], 1), (["green", "unseen"], 1), (["list"], 0)]
)
def test_exit_status(words: List[str], status: int, tree: Path, groups: Tuple[Group, ...]) -> None:
    assert front.main([*words, "--top", str(tree)]) == status


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required"),
        (["grene"], "no such group: grene; there are"),
        (["all", "green"], "all stands alone"),
        (["green", "--format", "junit"], "--format and --output go together"),
        (["green", "--output", "x"], "--format and --output go together"),
        (["green", "--format", "yaml", "--output", "x"], "invalid choice"),
        (["green", "--top", "/nowhere/at/all"], "not a directory"),
        (["green", "--format", "junit", "--output", "/proc/no/x"], "audit: "),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(
    words: List[str], said: str, tree: Path, groups: Tuple[Group, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    top = [] if "--top" in words else ["--top", str(tree)]
    try:
        status: Any = front.main([*words, *top])
    except SystemExit as end:
        status = end.code
    told = capsys.readouterr().err
    assert status == 2 and said in told and "Traceback" not in told


@pytest.mark.parametrize(("command", "library"), [("audit", "pygal"), ("release", "cyclonedx")])
def test_an_interrupt_while_the_libraries_are_loaded_is_told_in_a_line(command: str, library: str, tmp_path: Path) -> None:
    (tmp_path / f"{library}.py").write_text("raise KeyboardInterrupt", "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", command, "--help"], cwd=TOP, capture_output=True, text=True, timeout=240, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", f"{command}: interrupted\n")


def test_a_python_without_the_libraries_is_told_where_to_go(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-S", "-m", "audit", "list"], cwd=TOP, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"audit: this Python has no \w+; run it with build/venv/bin/python, .*\n", done.stderr)


def test_evidence_is_reproduced_and_what_was_measured_lies_apart(tree: Path, groups: Tuple[Group, ...]) -> None:
    assert front.main(["green", "--top", str(tree)]) == 0
    home = tree / "build" / "audit" / "green"
    first = {path.name: path.read_bytes() for path in home.iterdir()}
    assert sorted(first) == ["SHA256SUMS", "measured.json", "report.json", "report.txt"]
    time.sleep(0.002)
    assert front.main(["green", "--top", str(tree)]) == 0
    second = {path.name: path.read_bytes() for path in home.iterdir()}
    assert [name for name in first if name != "measured.json" and first[name] != second[name]] == []
    assert not any(b"peak_kib" in first[name] for name in first if name != "measured.json")
    assert json.loads(first["measured.json"])["claims"]["green/holds"]["figures"].keys() == {"peak_kib"}
    for name in ("report.json", "measured.json"):
        content = json.loads(first[name], parse_float=pytest.fail)
        assert first[name] == (json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
    report = json.loads(first["report.json"])
    assert [claim["verdict"] for claim in report["claims"]] == ["holds", "not present", "not measured"]
    assert report["counts"] == {"holds": 1, "broken": 0, "not measured": 1, "not present": 1}
    assert report["claims"][0]["facts"] == {"colour": "green"}


def test_the_sums_are_those_of_sha256sum_and_see_a_change(tree: Path, groups: Tuple[Group, ...]) -> None:
    front.main(["green", "--top", str(tree)])
    sums = "build/audit/green/SHA256SUMS"
    lines = [line.split("  ") for line in (tree / sums).read_text().splitlines()]
    listed = {path: digest for digest, path in lines}
    assert sorted(listed) == ["build/audit/green/report.json", "build/audit/green/report.txt", "source.txt"]
    assert listed["source.txt"] == hashlib.sha256(b"a source\n").hexdigest()


def test_sha256sum_accepts_the_sums_until_a_source_changes(tree: Path, groups: Tuple[Group, ...]) -> None:
    command = [need("sha256sum"), "--strict", "-c", "build/audit/green/SHA256SUMS"]
    front.main(["green", "--top", str(tree)])
    assert subprocess.run(command, cwd=tree, capture_output=True, timeout=240).returncode == 0
    (tree / "source.txt").write_text("another\n")
    assert subprocess.run(command, cwd=tree, capture_output=True, timeout=240).returncode == 1


def test_an_interrupted_run_leaves_no_evidence(tree: Path, monkeypatch: pytest.MonkeyPatch, groups: Tuple[Group, ...]) -> None:
    front.main(["green", "red", "--top", str(tree)])
    assert (tree / "build/audit/green/report.json").exists() and (tree / "build/audit/red/report.json").exists()

    def interrupted(subject: Subject) -> Iterator[Finding]:
        """It is left in peace."""
        raise KeyboardInterrupt

    monkeypatch.setattr(front, "GROUPS", (Group("green", "", (Claim("green/i", interrupted),)), RED, UNSEEN))
    assert front.main(["green", "red", "--top", str(tree)]) == 130
    assert list((tree / "build" / "audit").iterdir()) == []


SLEEPER = """
import sys, time
from audit import __main__ as front
from audit.claim import Claim, Group
from perf.guard.front import run_command
def slow(subject):
    "It takes its time."
    print("begun", flush=True)
    time.sleep(60)
front.GROUPS = (Group("slow", "", (Claim("slow/slow", slow),)),)
run_command("audit", lambda: front.main(["slow", "--top", sys.argv[1]]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_no_evidence(number: signal.Signals, tree: Path) -> None:
    stale = tree / "build/audit/slow/report.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("stale\n")
    process = subprocess.Popen([sys.executable, "-c", SLEEPER, str(tree)], cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    _, told = process.communicate(timeout=240)
    assert process.returncode == (-number if number is signal.SIGKILL else 130)
    assert b"Traceback" not in told
    assert list((tree / "build" / "audit").iterdir()) == []


def test_a_part_of_a_killed_write_is_not_evidence_and_goes(tree: Path, groups: Tuple[Group, ...]) -> None:
    part = evidence.part_of(tree, "green")
    part.mkdir(parents=True)
    (part / "report.json").write_text("half")
    assert front.main(["green", "--top", str(tree)]) == 0
    assert [path.name for path in (tree / "build" / "audit").iterdir()] == ["green"]


def test_text_has_no_colour_where_it_is_no_terminal(tree: Path, groups: Tuple[Group, ...], capsys: pytest.CaptureFixture[str]) -> None:
    front.main(["all", "--top", str(tree)])
    told = capsys.readouterr().out
    assert "\x1b" not in told and "\r" not in told
    assert told.rstrip().endswith("6 claims: 2 hold, 1 broken, 2 not measured, 1 not present")
    closing = told[told.rindex("group ") :]
    assert all(claim.name.rpartition("/")[2] in closing for group in groups for claim in group.claims)


def test_text_on_a_terminal_has_colour_and_a_live_line(tree: Path, groups: Tuple[Group, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    front.main(["red", "--top", str(tree)])
    assert "\x1b[1;31mbroken" in terminal.getvalue() and "\r\x1b[Kjudging red/broken" in terminal.getvalue()


def test_junit_is_read_as_suites_and_cases(tree: Path) -> None:
    root = ET.fromstring(junit.render(judged(tree, GREEN, RED, UNSEEN), tree).encode("utf-8"))
    assert (root.tag, [suite.get("name") for suite in root]) == ("testsuites", ["green", "red", "unseen"])
    kinds = {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in root.iter("testcase")}
    assert kinds == {
        ("green", "holds"): [], ("green", "absent"): ["skipped"], ("green", "extra"): ["skipped"],
        ("red", "broken"): ["failure"], ("red", "holds"): [], ("unseen", "unmeasured"): ["error"],
    }  # fmt: skip
    for part in [root, *root.findall("testsuite")]:
        cases = list(part.iter("testcase"))
        assert int(part.get("tests", "")) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(part.get(attribute, "")) == sum(case.find(tag) is not None for case in cases)
        assert re.fullmatch(r"[0-9]+\.[0-9]{3}", part.get("time", ""))
    failure = next(root.iter("failure"))
    assert failure.get("message") == "Nothing <here> | is broken." and "a folder/sourcé.0x0:3:7: <script>" in (failure.text or "")


def test_sarif_has_what_the_format_requires(tree: Path) -> None:
    log = json.loads(sarif.render(judged(tree, GREEN, RED, UNSEEN), tree))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] and driver["version"]
    assert [rule["id"] for rule in driver["rules"]] == [claim.name for group in (GREEN, RED, UNSEEN) for claim in group.claims]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error") and isinstance(result["message"]["text"], str)
    assert [result["ruleId"] for result in run["results"]] == ["red/broken", "red/broken", "unseen/unmeasured"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/sourc%C3%A9.0x0" and place["region"] == {"startLine": 3, "startColumn": 7}
    assert "locations" not in run["results"][1]
    assert [invocation["executionSuccessful"] for invocation in run["invocations"]] == [False]
    assert json.loads(sarif.render(judged(tree, GREEN), tree))["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_markdown_is_plain_text_in_tables(tree: Path) -> None:
    told = markdown.render(judged(tree, GREEN, RED), tree)
    assert told.startswith("## Audit: red\n")
    assert "| broken | **broken** |" in told and "| absent | not present |" in told
    unescaped = re.sub(r"\\.", "", told)
    assert "<" not in unescaped and "`" not in unescaped
    rows = [re.sub(r"\\.", "", line) for line in told.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {3}
    assert markdown.render(judged(tree, GREEN), tree).startswith("## Audit: all required claims hold\n")


class Page(HTMLParser):
    """What a browser would load, and whether tags are closed in order."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: List[str] = []
        self.tags: List[str] = []
        self.loaded: List[str] = []
        self.words: List[str] = []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data", "srcset", "onload")]

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_page(content: str) -> Page:
    reader = Page()
    reader.feed(content)
    reader.close()
    assert reader.open == []
    return reader


def measured(peak: int) -> str:
    """A line of the history, of a CPython: the budget of a PyPy has no plot, nor has a step without figures."""
    figures = {"release_stage2_peak_kib": peak, "seed_a_peak_kib": 1}
    return json.dumps({"figures": figures, "fingerprint": "0123abcd", "machine": {"python": "cpython-3.11.7"}}) + "\n"


def with_measurements(tree: Path) -> Path:
    stages = [{"name": "stage<2>", "peak_rss_kib": 9000, "wall_ms": 40}, {"name": "stage3", "peak_rss_kib": 9100, "wall_ms": 41}]
    for name, content in (
        ("build/chain/ledger.json", json.dumps({"stages": stages})),
        ("perf/memory-budgets.txt", "# reason\nrelease.stage2.max_rss_kib=11264\nseed.a@pypy-3.9.max_rss_kib=5\nseed.b.max_rss_kib=6\n"),
        ("build/perf/history.jsonl", measured(9000) + "broken line\n" + measured(9100)),
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    return tree


def test_the_page_loads_nothing_and_its_text_is_escaped(tree: Path) -> None:
    content = page.render(judged(tree, GREEN, RED, UNSEEN), with_measurements(tree))
    reader = read_page(content)
    assert reader.loaded == [] and "script" not in reader.tags and "iframe" not in reader.tags
    assert re.findall(r"url\(|@import", content) == []
    assert set(re.findall(r"https?://[^\"'\s<]*", content)) == {"http://www.w3.org/2000/svg"}  # the namespace's name
    told = "".join(reader.words)
    assert '<script>alert("x")</script>' in told and "Nothing <here> | is broken." in told
    assert reader.tags.count("svg") == 3 and "stage<2>" in told and "budget" in told and "release.stage2" in told and "seed.a" not in told


def test_the_page_is_the_same_twice_and_does_without_measurements(tree: Path) -> None:
    all_judged = judged(tree, GREEN)
    assert page.render(all_judged, tree) == page.render(all_judged, tree)
    assert "svg" not in read_page(page.render(all_judged, tree)).tags
    with_measurements(tree)
    assert page.render(all_judged, tree) == page.render(all_judged, tree)
    for name in ("build/chain/ledger.json", "build/perf/history.jsonl"):
        (tree / name).write_text('{"stages": 3, "figures": [1]}\n[]\n')
    assert "svg" not in read_page(page.render(all_judged, tree)).tags


@pytest.mark.parametrize("form", [name for name, _ in front.FORMATS])
def test_a_form_is_written_whole_where_it_is_asked_for(form: str, tree: Path, groups: Tuple[Group, ...]) -> None:
    out = tree / "out" / "report"
    assert front.main(["all", "--top", str(tree), "--format", form, "--output", str(out)]) == 1
    assert out.stat().st_size > 300 and [path.name for path in out.parent.iterdir()] == ["report"]


def test_findings_stand_in_full_in_the_report_and_cut_on_a_terminal(tree: Path) -> None:
    def many(subject: Subject) -> Iterator[Finding]:
        """There are few."""
        yield from (Finding(f"number {number}") for number in range(100))

    (answer,) = judged(tree, Group("many", "", (Claim("many/many", many),)))
    assert "number 99" in text.render((answer,))
    cut = text.details(answer.answers, 20)
    assert "number 19" in cut and "number 20" not in cut and "and 80 more" in cut


def test_list_and_figures_tell_every_name(capsys: pytest.CaptureFixture[str], zero: Path) -> None:
    assert front.main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(claim.name in told and claim.text in told for group in GROUPS for claim in group.claims)
    assert front.main(["figures"]) == 0
    values: Dict[str, str] = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    assert values["seed-lines"].isdecimal() and values["zero-bytes"] == str(zero.stat().st_size)


def test_canonical_refuses_nothing_of_unicode(tree: Path) -> None:
    (answer,) = judged(tree, RED)
    assert json.loads(canonical.reproduced(answer))["claims"][0]["findings"][0]["message"] == NASTY


BUSY = """
import sys
import time
from pathlib import Path
from random import Random
from audit import evidence
from audit.claim import Claim, Group, Judged, judge
def many(subject):
    "There are many facts."
    subject.facts.update({f"fact-{number}": "x" * 100 for number in range(300)})
    subject.audited.append(subject.top / "source.txt")
    return ()
top = Path(sys.argv[1])
claim = Claim("busy/many", many, needs_run=False)
group = Group("busy", "", (claim,))
judged = Judged(group, (judge(claim, top, top / "zero"),))
evidence.write(top, judged, 1 << 62)
print("begun", flush=True)
while True:
    evidence.remove(top, "busy")
    evidence.write(top, judged, 1 << 62)
    time.sleep(0.005)
"""


@pytest.mark.slow
def test_evidence_is_whole_or_absent_wherever_a_run_is_killed(tree: Path) -> None:
    random = Random(3)
    seen = {True: 0, False: 0}
    for killed in range(600):
        if killed >= 60 and min(seen.values()) > 0:
            break
        process = subprocess.Popen([sys.executable, "-c", BUSY, str(tree)], cwd=TOP, stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        time.sleep(random.random() * 0.05)
        process.kill()
        process.communicate(timeout=240)
        home = tree / "build" / "audit" / "busy"
        seen[home.exists()] += 1
        if home.exists():
            lines = [line.split("  ") for line in (home / "SHA256SUMS").read_text().splitlines()]
            assert sorted(path.name for path in home.iterdir()) == ["SHA256SUMS", "measured.json", "report.json", "report.txt"]
            assert all(hashlib.sha256((tree / path).read_bytes()).hexdigest() == digest for digest, path in lines)
    assert min(seen.values()) > 0, "no run was killed between removing and writing, or none outside it"
