"""Commands about what could run: presets, settings, and what follows from the configuration."""

import argparse
import json

from adsmtl import arms, config, paths
from adsmtl.commands.shared import Add, log, plan_of
from adsmtl.files import write_text


def register(add: Add) -> None:
    """Add the commands to the parser."""
    add("presets", _presets, "list the presets, each a file in config/presets")
    add("show", _show, "print the study that the settings describe")
    add("arms", _arms, "write docs/arms.md, the table of every arm of config/arms.yaml")
    add("schema", _schema, "write the schema of config/config.yaml for the workflow")


def _presets(options: argparse.Namespace) -> None:
    for name in config.presets():
        print(f"{name}: {config.preset(name).description}")


def _show(options: argparse.Namespace) -> None:
    plan = plan_of(options)
    for note in plan.notes:
        log.info(note)
    print(f"preset {plan.study.preset}, results in {plan.root}")
    print(f"seeds {', '.join(map(str, plan.study.seeds))}")
    for name, task in plan.tasks.items():
        labels = task.view.labels or task.target
        print(f"task {name}: {labels} of {task.dataset}, branch {task.branch}")
    for name, arm in plan.study.arms.items():
        print(f"arm {name} [{arm.group}]: {arm.label}")


def _arms(options: argparse.Namespace) -> None:
    write_text(paths.ARMS, arms.as_markdown(config.arms()))


def _schema(options: argparse.Namespace) -> None:
    write_text(paths.SCHEMA, json.dumps(config.schema(), indent=2) + "\n")
