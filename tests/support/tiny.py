"""Two learnable problems of a few dozen examples, as prepared data would be loaded."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from adsmtl.data.prepared import Prepared
from adsmtl.dropout.schedules import Adsmtl, Fixed, NoDropout, Schedule
from adsmtl.study import Arm, Examples, Run, Task, Training

SIZE = 8  # pixels
BANDS = 6
SPEAKERS = 8
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
FOLDED = [0, 1, 1, -1]  # of the four classes of the sequences; the last one is not scored

TASKS = {
    "vision": Task("tiny-images", "label", "cnn"),
    "speech": Task("tiny-sequences", "phone", "lstm"),
}


def card(dataset: str, kind: str, targets: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(dataset.encode()).hexdigest()
    source = {"name": dataset, "origin": "local", "provenance": "made in a test"}
    return {
        "dataset": dataset,
        "kind": kind,
        "embedded": False,
        "targets": targets,
        "source": source,
        "digest": digest,
        **more,
    }


def images(train: int = 60, val: int = 30, test: int = 24) -> Prepared:
    """Three classes told apart by the channel that is bright; a fixed split."""
    generator = np.random.default_rng(0)
    n = train + val + test
    labels = np.arange(n) % 3
    pixels = generator.integers(0, 150, (n, 3, SIZE, SIZE))
    pixels[np.arange(n), labels] += 60
    target = {"label": {"classes": ["red", "green", "blue"]}}
    normalisation = {"mean": MEAN, "std": STD}
    return Prepared(
        dataset="tiny-images",
        inputs=pixels.astype(np.uint8),
        spans=None,
        targets={"label": labels.astype(np.int64)},
        groups=np.full(n, -1),
        split=np.repeat([0, 1, 2], [train, val, test]).astype(np.int8),
        card=card("tiny-images", "image", target, split="fixed", normalisation=normalisation),
    )


def sequences(per_speaker: int = 10, extra: int = 0) -> Prepared:
    """Four classes told apart by the band that is loud, 5 to 12 frames long, spans overlapping.

    Args:
        extra: more examples of the first speaker, so that folds differ in size.
    """
    generator = np.random.default_rng(1)
    counts = np.full(SPEAKERS, per_speaker)
    counts[0] += extra
    groups = np.repeat(np.arange(SPEAKERS), counts)
    n = len(groups)
    classes = np.arange(n) % 4
    lengths = generator.integers(5, 13, n)
    frames = generator.normal(0, 1, (int(lengths.sum()) + 2, 3, BANDS)).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    spans = np.stack([starts, starts + lengths], axis=1)
    for (start, stop), own in zip(spans, classes, strict=True):
        frames[start:stop, :, own] += 1.5
    spans[:, 1] += 2  # context: frames of the next example too
    names = [f"s{number}" for number in range(SPEAKERS)]
    folds = [
        {"test": names[2 * f : 2 * f + 2], "val": names[(2 * f + 2) % 8 : (2 * f + 2) % 8 + 2]}
        for f in range(4)
    ]
    target = {
        "phone": {
            "classes": ["a", "b", "c", "d"],
            "foldings": {"39": {"classes": ["A", "B"], "map": FOLDED}},
        }
    }
    return Prepared(
        dataset="tiny-sequences",
        inputs=frames,
        spans=spans.astype(np.int64),
        targets={"phone": classes.astype(np.int64)},
        groups=groups,
        split=None,
        card=card("tiny-sequences", "sequence", target, split="folds", folds=folds, groups=names),
    )


def both() -> dict[str, Prepared]:
    return {"vision": images(), "speech": sequences()}


def run(
    dropout: Schedule | None = None,
    seed: int = 0,
    *,
    arm_id: str = "arm",
    tasks: tuple[str, ...] | None = None,
    l2: float = 0.0,
    site: str = "all",
    epochs: int = 2,
    batch_size: int = 10,
    eval_train: int = 1000,
    eval_val: int = 1000,
    limits: Mapping[str, Examples] | None = None,
    **arm_keys: Any,
) -> Run:
    """A run on the two problems; six steps per epoch unless `batch_size` says otherwise.

    Args:
        arm_keys: more fields of the arm, such as `weighting`.
    """
    arm = Arm(arm_id, "main", tasks, dropout or NoDropout(), site, l2, **arm_keys)
    training = Training(epochs, batch_size, 1e-3, eval_train, eval_val, precision="fp32")
    study_tasks = {
        name: Task(t.dataset, t.target, t.branch, examples=(limits or {}).get(name, Examples()))
        for name, t in TASKS.items()
    }
    return Run(arm_id, arm, seed, "smoke", study_tasks, training)


ADSMTL = Adsmtl(kappa=0.5)
FIXED = Fixed(0.3)
