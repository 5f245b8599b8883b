"""A support vector machine on the segments that the network sees.

Each segment becomes one vector, as in Clarkson and Moreno, "On the use of support vector machines
for phonetic classification", ICASSP 1999: its frames in the proportions 3-4-3 and the context
before and after it, each averaged, and the logarithm of its duration.
"""

import itertools
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from adsmtl import files
from adsmtl.data import folds
from adsmtl.data.prepared import Prepared, load
from adsmtl.data.speech.features import CONTEXT
from adsmtl.errors import UserError

NAME = "baseline.json"
#: Of the machine; features have mean 0 and variance 1, gamma is one over their number.
C = 3.0
#: Examples of a fold at most, since its time grows with their square. Subsets are stratified.
TRAINING, TESTED = 10_000, 5_000
_CUTS = (0.3, 0.7)  # where a segment is divided


def write(folder: Path) -> Path:
    """Measure the machine on prepared speech and write `baseline.json` beside it.

    Raises:
        UserError: the data are no speech, are damaged, or cannot be written.
    """
    path = folder / NAME
    files.write_json(path, measure(load(folder)))
    return path


def measure(prepared: Prepared) -> dict[str, Any]:
    """Test accuracy on the first target with the split of the study, fold by fold.

    Returns:
        JSON-able: `dataset` and its `digest`; `target`, `classes`; `model` in words; `train` and
        `test`, numbers of examples; `accuracy`, a fraction, and `accuracy_<folding>`, all by fold
        (one of a fixed split); `scikit-learn`, its version.

    Raises:
        UserError: the data are no speech.
    """
    if prepared.spans is None:
        raise UserError(f"{prepared.dataset} has no segments of speech; name a corpus that has")
    card, target = prepared.card, next(iter(prepared.targets))
    foldings = card["targets"][target].get("foldings", {})
    scores: dict[str, list[float]] = {f"accuracy_{name}": [] for name in foldings}
    scores["accuracy"] = []
    sizes: dict[str, list[int]] = {"train": [], "test": []}
    for seed in range(len(card.get("folds", [None]))):
        split = folds.split_indices(prepared, seed)
        labels = prepared.targets[target]
        train = folds.subset(split.train, labels, TRAINING, seed)
        test = folds.subset(split.test, labels, TESTED, seed)
        found = _predicted(prepared, labels, train, test)
        true = labels[test]
        scores["accuracy"].append(float(np.mean(found == true)))
        for name, folding in foldings.items():
            folded = np.array(folding["map"])
            scored = folded[true] >= 0
            right = folded[found] == folded[true]
            scores[f"accuracy_{name}"].append(float(np.mean(right[scored])))
        sizes["train"].append(len(train))
        sizes["test"].append(len(test))
    return {
        "dataset": prepared.dataset,
        "digest": card["digest"],
        "target": target,
        "classes": len(card["targets"][target]["classes"]),
        "model": f"support vector machine, RBF kernel, C = {C:g}",
        **sizes,
        **scores,
        "scikit-learn": version("scikit-learn"),
    }


def _predicted(
    prepared: Prepared, labels: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = make_pipeline(StandardScaler(), SVC(C=C, gamma="scale", cache_size=500))
    machine.fit(vectors(prepared, train), labels[train])
    return machine.predict(vectors(prepared, test))


def vectors(prepared: Prepared, examples: np.ndarray) -> np.ndarray:
    """The segments of these numbers, int64 `[n]`, as float32 `[n, 5 * 3 * bands + 1]`."""
    return np.stack([_vector(prepared.inputs[slice(*prepared.spans[one])]) for one in examples])


def _vector(frames: np.ndarray) -> np.ndarray:
    """One segment `[T + 2 * CONTEXT, 3, bands]`; a part without a frame has the nearest one."""
    own = len(frames) - 2 * CONTEXT
    cuts = [CONTEXT + round(share * own) for share in (0.0, *_CUTS, 1.0)]
    parts = [frames[:CONTEXT]]
    for first, last in itertools.pairwise(cuts):
        start = min(first, CONTEXT + own - 1)
        parts.append(frames[start : max(last, start + 1)])
    parts.append(frames[-CONTEXT:])
    means = [part.mean(axis=0).ravel() for part in parts]
    return np.concatenate([*means, [np.log(own)]]).astype(np.float32)
