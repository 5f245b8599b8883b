"""The command that prints what shells need to complete the others."""

import argparse
from pathlib import Path

from adsmtl.commands.shared import Add

SHELLS = ("bash", "zsh", "fish", "tcsh")


def register(add: Add) -> None:
    """Add the command to the parser."""
    own = add("completion", _completion, "print what completes commands and options in a shell")
    own.add_argument("shell", choices=SHELLS, help="the shell that reads it; see docs/run.md")


def _completion(options: argparse.Namespace) -> None:
    import shtab

    for action in _paths(options.parser):
        folder = action.metavar == "FOLDER"
        action.complete = shtab.DIRECTORY if folder else shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(options.parser, options.shell))


def _paths(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Every argument that is a path, of all commands."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [own for one in action.choices.values() for own in _paths(one)]
        elif action.type is Path:
            found.append(action)
    return found
