"""The command line, for people and for the workflow alike: `adsmtl --help`."""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adsmtl import __version__, paths, planning, stopping
from adsmtl.commands import archives, completion, data, products, project, training
from adsmtl.commands.shared import Command, log
from adsmtl.errors import UserError

# In the order in which a study meets them.
GROUPS = (project, data, training, products, archives, completion)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 2 bad input (one message), 1 a fault of the package.

    3 says that all is done, but that a run diverged; 130 and 143 that SIGINT or SIGTERM stopped it.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        if options.project is not None:
            _enter(options.project)
    except UserError as error:
        _start_log(None)  # the file of --log lies in the project
        log.error("error: %s", error)
        return 2
    try:
        _start_log(options.log)
    except OSError as error:
        parser.error(f"argument --log: cannot write {options.log}: {error.strerror}")
    try:
        with stopping.interruptible():
            return options.command(options) or 0
    except UserError as error:
        log.error("error: %s", error)
        return 2
    except KeyboardInterrupt as stop:
        log.error("stopped; run again to continue")
        # as a shell counts them: 128 and the number of the signal
        return 128 + (signal.SIGTERM if isinstance(stop, stopping.Terminated) else signal.SIGINT)
    except Exception:
        log.exception("a fault in adsmtl, please report it with this text:")
        return 1


def _enter(project: Path) -> None:
    """Make the folder of a project the working folder.

    Raises:
        UserError: it is none; says what a project has.
    """
    try:
        os.chdir(project)
    except OSError as error:
        raise UserError(
            f"--project {project} cannot be entered: {error.strerror}; name a project's folder"
        ) from error
    if not (paths.CONFIG / "config.yaml").is_file():
        raise UserError(
            f"--project {project} is no project: it has no {paths.CONFIG / 'config.yaml'}; name "
            "the folder that holds config/, such as a clone of the repository"
        )


def _start_log(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, mode="w", encoding="utf-8"))
    log.setLevel(logging.INFO)
    log.handlers = handlers
    log.propagate = False
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(message)s"))


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line, with every command."""
    parser = argparse.ArgumentParser(
        prog="adsmtl", description="A replication of ADSMTL, step by step."
    )
    parser.add_argument("--version", action="version", version=f"adsmtl {__version__}")
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FOLDER",
        help="run as if called in this folder, with all other paths relative to it",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="also write messages to this file")
    parser.add_argument(
        "--settings",
        type=_mapping,
        default=os.environ.get(planning.SETTINGS, "{}"),
        metavar="JSON",
        help='values over those of config/config.yaml, such as \'{"preset": "smoke"}\' '
        f"(default: the variable {planning.SETTINGS}, which Snakemake sets for its jobs)",
    )
    parser.set_defaults(parser=parser)  # for the command that describes all others
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        own = commands.add_parser(name, help=text, description=text)
        own.set_defaults(command=command)
        return own

    for group in GROUPS:
        group.register(add)
    return parser


def _mapping(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("give an object, such as {}")
    return value


if __name__ == "__main__":
    sys.exit(main())
