"""The command that prints what shells need to complete the others."""

import argparse
from pathlib import Path
from typing import Any

from adsmtl.commands.shared import Add

SHELLS = ("bash", "zsh", "tcsh")


def register(add: Add) -> None:
    """Add the command to the parser."""
    own = add("completion", _completion, "print what completes commands and options in a shell")
    own.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def _completion(options: argparse.Namespace) -> None:
    import shtab

    _complete_files(options.parser, shtab.FILE)
    print(shtab.complete(options.parser, options.shell))


def _complete_files(parser: argparse.ArgumentParser, how: dict[str, Any]) -> None:
    """Complete every argument that is a path, of all commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for own in set(action.choices.values()):
                _complete_files(own, how)
        elif action.type is Path:
            action.complete = how  # type: ignore[attr-defined]
