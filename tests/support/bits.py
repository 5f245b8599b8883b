"""Whether two runs are the same, bit for bit."""

import json
from pathlib import Path
from typing import Any

from adsmtl.running import names


def metrics_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / names.METRICS).read_text())


def history_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / names.HISTORY).read_text().splitlines()]


def equal_bits(one: Path, other: Path) -> bool:
    """Whether two folders hold the same run, but for the time it took."""
    return not differing(one, other)


def differing(one: Path, other: Path) -> list[str]:
    """The files of two runs that differ in more than the time that they took."""
    contents = [_content(folder) for folder in (one, other)]
    return [
        name for name in contents[0] | contents[1] if contents[0].get(name) != contents[1].get(name)
    ]


def _content(folder: Path) -> dict[str, Any]:
    timeless = {"seconds": None, "examples_per_second": None}
    return {
        names.METRICS: {**metrics_of(folder), **timeless},
        names.HISTORY: [{**record, "seconds": None} for record in history_of(folder)],
        **{name: (folder / name).read_bytes() for name in (names.CHECKPOINT, names.PREDICTIONS)},
    }
