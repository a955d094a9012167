"""conftest: the compiler under test, and the closing line of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

TOP = Path(__file__).resolve().parent.parent
SECOND_RUN = pytest.mark.flaky(reruns=1, reruns_delay=5)  # seconds: what disturbed the first has time to end
RUNNING = TOP / "build" / "tests"  # a file for each process that runs tests: which one it is at, for who finds a run that stands still


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the expectations of cases that fail; they still fail")


@pytest.fixture(scope="session")
def zero() -> Path:
    """build/bin/zero as the chain makes it from the tree as it stands. One process builds, the others wait for it."""
    result = subprocess.run([sys.executable, "-m", "bootstrap"], cwd=TOP, capture_output=True, text=True, timeout=1800)
    if result.returncode != 0:
        pytest.fail(f"the chain does not hold:\n{result.stdout}{result.stderr}", pytrace=False)
    return TOP / "build" / "bin" / "zero"


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """What depends on the program alone gets no second run."""
    for item in items:
        if item.get_closest_marker("machine") is not None:
            item.add_marker(SECOND_RUN)


def pytest_runtest_setup(item: pytest.Item) -> None:
    RUNNING.mkdir(parents=True, exist_ok=True)
    (RUNNING / str(os.getpid())).write_text(item.nodeid + "\n", encoding="utf-8")


def pytest_sessionfinish() -> None:
    (RUNNING / str(os.getpid())).unlink(missing_ok=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the run with a line that can be read by machines: `412 passed, 0 failed, 3 skipped`."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    count = {kind: len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
    print(f"\n{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped']} skipped")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What needed a second run, for it shows a defect of the test or of what it tests; the tables that tests recorded."""
    failed = {report.nodeid for report in terminalreporter.stats.get("failed", [])}
    for report in terminalreporter.stats.get("rerun", []):
        if report.nodeid not in failed:
            terminalreporter.write_sep("=", f"failed at first, passed at its second run: {report.nodeid}")
            terminalreporter.write_line(report.longreprtext)
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "table":
                    terminalreporter.write_line(f"\n{report.nodeid}\n{value}")
