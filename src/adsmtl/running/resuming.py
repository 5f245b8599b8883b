"""The state of an interrupted training: kept after every epoch, and taken up again.

The states of the last two epochs are kept. Should the last one be damaged, or runs that train at
once have been stopped between two of them, the earlier one costs an epoch instead of all.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from adsmtl.running import checkpoint, difference
from adsmtl.running.names import EARLIER, RESUME
from adsmtl.training.engine import Engine

_State = tuple[dict[str, Tensor], dict[str, Any]]


def keep(engine: Engine, r: int, folder: Path, identity: Mapping[str, Any]) -> None:
    """Keep the state of replica `r` after an epoch, and that of the epoch before.

    Raises:
        UserError: the folder cannot be written or the disk is full; names the path.
    """
    if (folder / RESUME).is_file():
        os.replace(folder / RESUME, folder / EARLIER)
    facts = {"identity": identity, "history": engine.history[r]}
    checkpoint.save(folder / RESUME, engine.state(r), facts)


def resume(
    engine: Engine,
    folders: Sequence[Path],
    identities: Sequence[Mapping[str, Any]],
    say: Callable[[str], None],
) -> None:
    """Continue an interrupted training after its last whole epoch, or say why it starts anew.

    Args:
        engine: of which nothing is trained yet.
        folders, identities: of its runs, in their order.
        say: takes one line of progress at a time.
    """
    names = engine.runs[0].name if len(engine.runs) == 1 else f"{len(engine.runs)} runs"
    if not any((folder / name).is_file() for folder in folders for name in (RESUME, EARLIER)):
        return
    usable: list[dict[int, _State]] = []
    faults: list[str] = []
    for r, folder in enumerate(folders):
        states, reasons = _states(folder, identities[r], engine.state(r))
        usable.append(states)
        faults += reasons
    common = set.intersection(*map(set, usable))
    if not common:
        reason = faults[0] if faults else "they were interrupted after different epochs"
        say(f"{names}: trained from the start, because {reason}")
        return
    found = [states[max(common)] for states in usable]
    engine.load_state([own for own, _ in found], [facts["history"] for _, facts in found])
    because = f", because {faults[0]}" if faults else ""
    say(f"{names}: continues after epoch {engine.epoch}{because}")


def _states(
    folder: Path, wanted: Mapping[str, Any], like: Mapping[str, Tensor]
) -> tuple[dict[int, _State], list[str]]:
    """The states of a run by their epoch, and why others cannot be used."""
    states: dict[int, _State] = {}
    faults = []
    for path in (folder / RESUME, folder / EARLIER):
        if path.name == EARLIER and not path.is_file():
            continue
        found = checkpoint.load(path)
        fault = f"{path} is missing or damaged" if found is None else _obstacle(path, found, wanted)
        if found is not None and fault is None and _shapes(found[0]) != _shapes(like):
            fault = f"{path} is not the state of this run"
        if fault is None:
            states[len(found[1]["history"])] = found
        else:
            faults.append(fault)
    return states, faults


def _obstacle(path: Path, found: _State, wanted: Mapping[str, Any]) -> str | None:
    """Why a state is not one of the run of this identity; None if it is."""
    facts = found[1]
    if not isinstance(facts.get("identity"), dict) or not isinstance(facts.get("history"), list):
        return f"{path} is missing or damaged"
    if facts["identity"] != wanted:
        others = difference.sentences(facts["identity"], wanted)
        return f"the training interrupted in {path.parent} was another ({'; '.join(others)})"
    return None


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple]:
    return {name: (tuple(own.shape), own.dtype) for name, own in tensors.items()}
