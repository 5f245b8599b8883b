"""Tests marked `faults`: how many kills and full disks, drawn from which seed, and their figures.

A test is marked with what it tries, `@pytest.mark.faults("tampering with results")`, and counts as
one of that; it may add counts of its own by `record_property("faults: <what>", number)`.
"""

import secrets
from collections import Counter

import pytest

PREFIX = "faults: "
WORKERS, OPTIONS = "faults", ("kills", "disks", "fault_seed")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults", "kills and full disks, drawn at random")
    group.addoption("--kills", type=int, default=2, metavar="N", help="kills of the workflow")
    group.addoption("--disks", type=int, default=2, metavar="N", help="steps on a full disk")
    group.addoption("--fault-seed", type=int, metavar="SEED", help="draw the same again")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed; the workers of pytest-xdist take that of the process that starts them."""
    if hasattr(config, "workerinput"):
        config.option.__dict__ |= config.workerinput[WORKERS]
    elif config.option.fault_seed is None:
        config.option.fault_seed = secrets.randbelow(10**6)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    option = node.config.option
    node.workerinput[WORKERS] = {name: getattr(option, name) for name in OPTIONS}


def pytest_report_header(config: pytest.Config) -> str:
    return f"faults: drawn again by --fault-seed {config.option.fault_seed}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("faults"):
            item.user_properties += [(PREFIX + what, 1) for what in mark.args]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line: what was tried how often, and how many tests of it failed."""
    tried: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for end in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(end):
            # the report of a module that cannot be read has none
            properties = getattr(report, "user_properties", [])
            own = [(name, n) for name, n in properties if name.startswith(PREFIX)]
            ends[end] += bool(own)
            if end in ("passed", "failed"):
                for name, number in own:
                    tried[name.removeprefix(PREFIX)] += number
    if not ends.total():
        return
    bad, skipped = ends["failed"] + ends["error"], ends["skipped"]
    terminalreporter.write_line(
        f"faults: {', '.join(f'{number} {what}' for what, number in sorted(tried.items()))}; "
        f"{bad} tests failed, {skipped} skipped; seed {config.option.fault_seed}"
    )
