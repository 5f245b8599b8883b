"""What every run says of every test example, of all runs in one file; no pickle in it.

Members of the archive, each a NumPy array:

    <task>/numbers/<k>     int32: numbers of the test examples in their data set, ascending; one for
                           each set of them, such as the test split of a fold
    <task>/<arm>/runs      int32 [S, 2]: of every seed, ascending, the seed and its k
    <task>/<arm>/correct   uint8: whether each example was classified rightly, seed after seed in
                           the order of the numbers, as bits (`numpy.packbits`)
    <task>/<arm>/nll       float16: negative log-likelihoods in nats, likewise

Likelihoods are rounded to `SIGNIFICANT` binary digits, which takes a third off the size of the
file. That is an error of at most 1.6 % in one example and none to speak of in a mean.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from adsmtl.collected.run_folders import FinishedRun
from adsmtl.errors import UserError
from adsmtl.files import atomic, sha256

RUN = "predictions.npz"  # in the folder of a run, see docs/formats.md
DIGEST = "predictions_sha256"
SIGNIFICANT = 6


class Predictions(NamedTuple):
    """The test predictions of one arm for one task, S seeds by N examples.

    Attributes:
        correct: float32 `[S, N]`, 1 where the class is right, else 0; NaN where the seed's test
            split, which is that of its fold, lacks the example.
        nll: float32 `[S, N]`, negative log-likelihood of the true class in nats; NaN likewise.
        numbers: int32 `[N]`, the examples' numbers in their data set, ascending.
    """

    correct: np.ndarray
    nll: np.ndarray
    numbers: np.ndarray


def write(path: Path, found: Sequence[FinishedRun]) -> None:
    """Write the file; equal runs give equal bytes.

    Raises:
        UserError: a run's predictions are missing or are not those of its `metrics.json`.
    """
    arrays: dict[str, np.ndarray] = {}
    sets: dict[str, list[np.ndarray]] = {}
    of_arms: dict[str, list[FinishedRun]] = {}
    for run in found:
        of_arms.setdefault(run.arm, []).append(run)
    for arm, runs in of_arms.items():
        read = [of_run(run) for run in runs]
        for task in runs[0].metrics["tasks"]:
            known = sets.setdefault(task, [])
            places = [_place(known, own[f"{task}.numbers"]) for own in read]
            correct = [own[f"{task}.predicted"] == own[f"{task}.target"] for own in read]
            nll = np.concatenate([own[f"{task}.nll"] for own in read])
            seeds = [run.seed for run in runs]
            arrays |= {
                f"{task}/{arm}/runs": np.array(list(zip(seeds, places, strict=True)), np.int32),
                f"{task}/{arm}/correct": np.packbits(np.concatenate(correct)),
                f"{task}/{arm}/nll": _rounded(nll),
            }
    _save(path, sets, arrays)


def join(path: Path, sources: Sequence[Path], order: Sequence[str]) -> None:
    """Write one file of several, which hold different runs.

    Args:
        sources: as `write` writes them.
        order: of the arms.

    Raises:
        UserError: a file is missing or damaged.
    """
    stored = [_load(source) for source in sources]
    arrays: dict[str, np.ndarray] = {}
    sets: dict[str, list[np.ndarray]] = {}
    keys = dict.fromkeys(name.rsplit("/", 1)[0] for one in stored for name in one)
    of_arm = [key for key in keys if not key.endswith("/numbers")]
    for key in sorted(of_arm, key=lambda key: order.index(key.split("/", 1)[1])):
        task = key.split("/", 1)[0]
        rows = []
        for one in (one for one in stored if f"{key}/runs" in one):
            nll, start = one[f"{key}/nll"], 0
            bits = np.unpackbits(one[f"{key}/correct"], count=len(nll))
            for seed, k in one[f"{key}/runs"]:
                numbers = one[f"{task}/numbers/{k}"]
                stop = start + len(numbers)
                rows.append((int(seed), numbers, bits[start:stop], nll[start:stop]))
                start = stop
        rows.sort(key=lambda row: row[0])
        known = sets.setdefault(task, [])
        runs = [(seed, _place(known, numbers)) for seed, numbers, _, _ in rows]
        arrays |= {
            f"{key}/runs": np.array(runs, np.int32),
            f"{key}/correct": np.packbits(np.concatenate([row[2] for row in rows])),
            f"{key}/nll": np.concatenate([row[3] for row in rows]),
        }
    _save(path, sets, arrays)


def read(path: Path, task: str, arm: str) -> Predictions:
    """The predictions of one arm for one of its tasks.

    Raises:
        UserError: the file is missing or damaged, or holds no such arm or task.
    """
    with _opened(path) as stored:
        if f"{task}/{arm}/runs" not in stored:
            raise UserError(f"{path} holds no predictions of arm {arm!r} for task {task!r}")
        runs, correct, nll = (stored[f"{task}/{arm}/{part}"] for part in ("runs", "correct", "nll"))
        sets = {int(k): stored[f"{task}/numbers/{k}"] for k in np.unique(runs[:, 1])}
    numbers = np.unique(np.concatenate(list(sets.values())))
    bits = np.unpackbits(correct, count=len(nll))
    result = Predictions(*np.full((2, len(runs), len(numbers)), np.nan, np.float32), numbers)
    start = 0
    for row, (_, k) in enumerate(runs):
        columns = np.searchsorted(numbers, sets[int(k)])
        stop = start + len(columns)
        result.correct[row, columns], result.nll[row, columns] = bits[start:stop], nll[start:stop]
        start = stop
    return result


def _save(
    path: Path, sets: Mapping[str, Sequence[np.ndarray]], arrays: Mapping[str, np.ndarray]
) -> None:
    numbers = {
        f"{task}/numbers/{k}": own for task, known in sets.items() for k, own in enumerate(known)
    }
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **numbers, **arrays)


def _load(path: Path) -> dict[str, np.ndarray]:
    with _opened(path) as stored:
        return {name: stored[name] for name in stored.files}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The archive of a file; what is wrong with it is a UserError."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            yield stored
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; run `adsmtl collect`, or snakemake") from error
    except (OSError, ValueError, EOFError, KeyError, BadZipFile, zlib.error) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and collect again") from error


def of_run(run: FinishedRun) -> dict[str, np.ndarray]:
    """The arrays of a run's own file, see docs/formats.md.

    Raises:
        UserError: the file is missing or is not that of the run's `metrics.json`.
    """
    path = run.folder / RUN
    if not path.is_file() or sha256(path) != run.metrics[DIGEST]:
        raise UserError(
            f"{path} is missing or is not what metrics.json beside it names; delete the folder and "
            "train this run again"
        )
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _place(known: list[np.ndarray], numbers: np.ndarray) -> int:
    """Where these numbers stand among those that are known; at the end if they are new."""
    for k, own in enumerate(known):
        if np.array_equal(own, numbers):
            return k
    known.append(numbers)
    return len(known) - 1


def _rounded(values: np.ndarray) -> np.ndarray:
    mantissa, exponent = np.frexp(values.astype(np.float32))
    return np.ldexp(np.round(mantissa * 2**SIGNIFICANT) / 2**SIGNIFICANT, exponent).astype(
        np.float16
    )
