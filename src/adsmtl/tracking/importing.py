"""Fills MLflow's database with results, and heals it where it cannot be used."""

from collections.abc import Callable, Sequence
from pathlib import Path

from adsmtl.errors import UserError
from adsmtl.tracking import database, mlflow_import

_moved: list[Path] = []  # the databases that this process moved aside


def _uri(path: Path) -> str:
    """The address of a database. In this process MLflow keeps a file that was moved aside open
    under its address, so each new one gets another that leads to the same place."""
    return f"sqlite:///{path.resolve().parent}{'/.' * len(_moved)}/{path.name}"


def track(
    wanted: Sequence[Path],
    every: Sequence[Path],
    path: Path,
    artifacts: Path,
    say: Callable[[str], None],
) -> None:
    """Import results folders into the database `path`, one import at a time.

    A database beyond repair is moved aside, and a new one is filled with all results.

    Args:
        wanted: the folders to import.
        every: all folders that there are, for a database that has to be filled anew.
        path: of the database, made where there is none.
        artifacts: folder of the artifacts.
        say: takes a line of progress at a time.

    Raises:
        UserError: a collected table is missing or damaged; or the database is locked, cannot be
            written, or lies where MLflow would not look. One message says which, and what to do.
    """
    if "?" in str(path.resolve()):
        raise UserError(
            f"{path.resolve()}: MLflow reads an address up to its ? only; move the project to a"
            " folder without one"
        )
    with database.alone(path, say):
        try:
            _fill(wanted, path, _uri(path), artifacts, say)
            return
        except database.Broken as error:
            reason = error
        kept = database.move_aside(path)
        say(f"{path} cannot be used: {reason}. It lies in {kept} now, and is made anew")
        _moved.append(kept)
        try:
            _fill(list(dict.fromkeys([*every, *wanted])), path, _uri(path), artifacts, say)
        except database.Broken as again:  # it was not the file
            raise RuntimeError(f"MLflow cannot use a new database: {again}") from again


def _fill(
    roots: Sequence[Path], path: Path, uri: str, artifacts: Path, say: Callable[[str], None]
) -> None:
    database.require_usable(path)
    for root in roots:
        changes = database.translated(
            path, lambda root=root: mlflow_import.sync(root, uri, artifacts)
        )
        say(
            f"MLflow {root}: {changes.created} runs created, {changes.deleted} removed, "
            f"{changes.kept} unchanged"
        )
