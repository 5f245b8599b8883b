"""Whether a study and its prepared data fit: what cannot be is refused, what is odd is said."""

from collections.abc import Mapping, Sequence

from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.study import Run
from adsmtl.training.batches import split_of, train_size

# What a branch reads; one that is not named here reads what it likes.
READS = {"cnn": "image", "lstm": "sequence"}


def remarks(runs: Sequence[Run], prepared: Mapping[str, Prepared]) -> list[str]:
    """What a person may not have meant, a line each.

    Args:
        runs: of one study; those of one seed stand for all.
        prepared: by task, for every task of the study.

    Raises:
        UserError: a branch cannot read the data of its task; names both.
    """
    first = {run.arm_id: run for run in reversed(runs)}.values()
    found: dict[str, None] = {}
    for run in first:
        for name in run.tasks:
            found |= dict.fromkeys(_of_task(run, name, prepared[name]))
    for run in first:
        sizes = [
            train_size(prepared[name], task, run.seed, run.arm.train_fraction)
            for name, task in run.study_tasks.items()
        ]
        if run.training.batch_size > max(sizes):
            found[
                f"batch_size is {run.training.batch_size}, more than the {max(sizes)} training "
                f"examples of the largest task of {run.arm_id}: every epoch is one step"
            ] = None
    return list(found)


def _of_task(run: Run, name: str, data: Prepared) -> list[str]:
    task = run.study_tasks[name]
    wanted, kind = READS.get(task.branch), data.card["kind"]
    if wanted not in (None, kind):
        fitting = " or ".join(branch for branch, reads in READS.items() if reads == kind)
        raise UserError(
            f"config/tasks.yaml: {name}: branch {task.branch!r} reads data of kind {wanted!r}, but "
            f"{task.dataset!r} is of kind {kind!r}; give branch: {fitting}"
        )
    there = {split: len(own) for split, own in split_of(data, task, run.seed).items()}
    return [
        f"examples.{split} of {name} is {limit}, but there are {there[split]}: all are used"
        for split in ("train", "val", "test")
        if (limit := getattr(task.examples, split)) is not None and limit > there[split]
    ]
