"""What commands share: the settled plan, its inputs, collected tables, and numbers of processes."""

import argparse
import logging
import os
from collections.abc import Callable
from typing import Any

from adsmtl import config, paths, planning

Command = Callable[[argparse.Namespace], int | None]
#: Adds a command of a name, with what it runs and its description; returns its parser.
Add = Callable[[str, Command, str], argparse.ArgumentParser]
DIVERGED = 3  # what a command exits with when all is done, but a run diverged

log = logging.getLogger("adsmtl")


def plan_of(options: argparse.Namespace) -> planning.Plan:
    """The plan of the settings."""
    return planning.settle(config.settings(options.settings))


def collected_of(options: argparse.Namespace) -> Any:
    """The collected tables of the settings' study."""
    from adsmtl.collected import reading

    return reading.load(plan_of(options).root)


def inputs(plan: planning.Plan, where: str) -> tuple[dict[str, Any], Any]:
    """The prepared data by task, verified, and the machine on the device `where`."""
    from adsmtl.data import verification, views
    from adsmtl.running import sizes
    from adsmtl.training import device

    for name in plan.datasets:
        if unverified := verification.verify(paths.PREPARED / name):
            log.info(unverified)
    prepared = {
        name: views.load(paths.PREPARED / task.dataset, task) for name, task in plan.tasks.items()
    }
    for remark in sizes.remarks(plan.study.runs(), prepared):
        log.info(f"note: {remark}")
    return prepared, device.choose(where, plan.settings.precision, plan.settings.threads)


def add_processes(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the option `--processes`, of which `text` says what it counts."""
    parser.add_argument(
        "--processes",
        type=count,
        default=os.environ.get(planning.PROCESSES),
        metavar="N",
        help=f"{text} (default: the variable {planning.PROCESSES}, where it is set)",
    )


def count(text: str) -> int:
    """A number of processes, as an argument."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes; give at least 1")
    return int(text)
