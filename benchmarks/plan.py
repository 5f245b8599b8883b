"""Which comparisons and which series are measured, on which data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adsmtl.data.prepared import load
from adsmtl.errors import UserError
from benchmarks import examples, flops
from benchmarks.contenders.plain import CHANNELS_LAST, COMPILED
from benchmarks.job import BenchTask, Job
from benchmarks.rounds import Entry

# Data set, target and branch of each task, in the order in which the series of tasks adds them.
REAL = {
    "vision": ("cifar10", "label", "cnn"),
    "speech": ("timit-sample", "phone", "lstm"),
    "superclass": ("cifar10", "superclass", "cnn"),
    "manner": ("timit-sample", "manner", "lstm"),
}
EMBEDDED = {
    "vision": ("digits", "label", "cnn"),
    "speech": ("espeak", "phone", "lstm"),
    "parity": ("digits", "parity", "cnn"),
    "sex": ("espeak", "sex", "lstm"),
}
# What Keras is asked for; `contenders.keras_listing` says why XLA is left out on a processor.
KERAS = {"cpu": ("no XLA",), "cuda": ("no XLA", "XLA")}
LABELS = {
    "keras": "Keras on TensorFlow",
    "plain": "plain PyTorch loop",
    "engine": "this engine",
    "products": "large products",
}


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        examples: training images of one repetition; sequences are at most half as many.
        repetitions: of comparisons.
        growth_examples, growth_repetitions: the same of series.
        many: replicas of the comparison's R > 1.
    """

    examples: int
    repetitions: int
    growth_examples: int
    growth_repetitions: int
    many: int
    replicas: Sequence[int]
    batches: Sequence[int]
    tasks: Sequence[int]
    fractions: Sequence[float]


# About a quarter of an hour on two cores that reach 40 GFLOP/s in training.
CPU = Size(
    examples=1024,
    repetitions=5,
    growth_examples=512,
    growth_repetitions=3,
    many=3,
    replicas=(1, 2, 4),
    batches=(32, 64, 128, 256),
    tasks=(1, 2, 3, 4),
    fractions=(0.5, 1, 2),
)
CUDA = Size(
    examples=20480,
    repetitions=7,
    growth_examples=20480,
    growth_repetitions=5,
    many=10,
    replicas=(1, 2, 5, 10, 20),
    batches=(32, 64, 128, 256, 512),
    tasks=(1, 2, 3, 4),
    fractions=(0.25, 0.5, 1, 2),
)
QUICK = Size(
    examples=64,
    repetitions=2,
    growth_examples=64,
    growth_repetitions=2,
    many=2,
    replicas=(1, 2),
    batches=(32, 64),
    tasks=(1, 2),
    fractions=(0.5, 1),
)


@dataclass(frozen=True)
class Group:
    """What is measured in alternation.

    Attributes:
        axis: what a series varies; None for a comparison of contenders.
    """

    name: str
    title: str
    entries: Sequence[Entry]
    repetitions: int
    axis: str | None = None


class Plan:
    """Groups of jobs on one machine and one choice of data."""

    def __init__(
        self, prepared: Path, embedded: bool, size: Size, device: str, precision: str, threads: int
    ) -> None:
        """
        Args:
            prepared: the folder with the prepared data sets.

        Raises:
            UserError: a data set has not been prepared.
        """
        self.size = size
        self.sources = EMBEDDED if embedded else REAL
        self.folders = {dataset: prepared / dataset for dataset, *_ in self.sources.values()}
        for dataset, folder in self.folders.items():
            if not (folder / "card.json").exists():
                raise UserError(f"{folder} is missing; run `adsmtl prepare {dataset}` first")
        self._machine = {"device": device, "precision": precision, "threads": threads}
        self._flops: dict[BenchTask, float] = {}

    def tasks(self, names: Sequence[str], images: int) -> dict[str, BenchTask]:
        """Tasks by name, of so many images, and of half as many sequences."""
        result = {}
        for name in names:
            dataset, target, branch = self.sources[name]
            folder = self.folders[dataset]
            wanted = images if branch == "cnn" else max(images // 2, 1)
            count = min(wanted, examples.available(folder))
            result[name] = BenchTask(str(folder.resolve()), target, branch, count)
        return result

    def groups(self) -> Iterator[Group]:
        """Everything, in the order in which it is measured and shown."""
        both_tasks = ["vision", "speech"]
        vision = self.tasks(["vision"], self.size.examples)
        joint = self.tasks(both_tasks, self.size.examples)
        for batch in (32, 128):
            yield self._comparison(f"vision-{batch}", f"vision, batch {batch}", vision, batch)
        yield self._comparison("joint-128", "vision and speech, batch 128", joint, 128)
        if self._machine["device"] == "cpu" and self._machine["threads"] > 1:
            yield self._split(joint)
        amount = self.size.growth_examples
        vision, joint = self.tasks(["vision"], amount), self.tasks(both_tasks, amount)
        both = ("plain", "engine")
        yield self._series(
            "replicas",
            "replicas R",
            [self._entry("engine", joint, 128, r, r) for r in self.size.replicas],
        )
        yield self._series(
            "batch",
            "batch size",
            [self._entry(who, vision, b, 1, b) for b in self.size.batches for who in both],
        )
        names = list(self.sources)
        yield self._series(
            "tasks",
            "tasks",
            [
                self._entry(who, self.tasks(names[:count], amount), 128, 1, count)
                for count in self.size.tasks
                for who in both
            ],
        )
        yield self._series("data", "training images", list(self._amounts(both)))

    def _amounts(self, contenders: Sequence[str]) -> Iterator[Entry]:
        done = set()
        for fraction in self.size.fractions:
            tasks = self.tasks(["vision"], round(fraction * self.size.growth_examples))
            amount = tasks["vision"].examples
            if amount not in done:
                done.add(amount)
                for who in contenders:
                    yield self._entry(who, tasks, 128, 1, amount)

    def _comparison(
        self, name: str, title: str, tasks: Mapping[str, BenchTask], batch: int
    ) -> Group:
        kind = "cpu" if self._machine["device"] == "cpu" else "cuda"
        settings = {"keras": KERAS[kind], "plain": ("", CHANNELS_LAST, COMPILED)}
        if set(tasks) != {"vision"}:
            settings = {"plain": ("", CHANNELS_LAST)}  # packed sequences do not compile whole
        entries = [
            self._entry(who, tasks, batch, setting=setting)
            for who, own in settings.items()
            for setting in own
        ]
        entries += [self._entry("engine", tasks, batch, r) for r in (1, self.size.many)]
        entries.append(self._entry("products", tasks, batch))
        return Group(name, title, entries, self.size.repetitions)

    def _split(self, tasks: Mapping[str, BenchTask]) -> Group:
        """One process with all threads beside as many processes of one thread."""
        threads = self._machine["threads"]
        entries = [
            self._entry("engine", tasks, 128, processes=1, threads=threads),
            self._entry("engine", tasks, 128, processes=threads, threads=1),
            self._entry("products", tasks, 128),
        ]
        return Group(
            "split",
            "processes x threads, vision and speech, batch 128",
            entries,
            self.size.repetitions,
        )

    def _series(self, axis: str, title: str, entries: Sequence[Entry]) -> Group:
        return Group(axis, title, entries, self.size.growth_repetitions, axis)

    def _entry(
        self,
        contender: str,
        tasks: Mapping[str, BenchTask],
        batch: int,
        replicas: int = 1,
        value: float | None = None,
        **more: Any,
    ) -> Entry:
        job = Job(contender, tasks, batch, replicas=replicas, **{**self._machine, **more})
        label = LABELS[contender]
        if contender == "engine":
            label += f", R = {replicas}"
        if "processes" in more:
            label += f", {job.processes} x {job.threads}"
        if job.setting:
            label += f", {job.setting}"
        return Entry(label, job, self.flops_per_example(tasks), value)

    def flops_per_example(self, tasks: Mapping[str, BenchTask]) -> float:
        """Operations of training, averaged over all examples of all tasks."""
        total = sum(task.examples * self._task_flops(task) for task in tasks.values())
        return total / sum(task.examples for task in tasks.values())

    def _task_flops(self, task: BenchTask) -> float:
        if task not in self._flops:
            card = load(Path(task.folder)).card
            classes, shape = len(card["targets"][task.target]["classes"]), card["input"]["shape"]
            if task.branch == "cnn":
                forward = flops.cnn_forward(*shape, classes)
            else:
                frames = examples.mean_length(task, seed=0)
                forward = flops.lstm_forward(shape[0], frames, shape[1], classes)
            self._flops[task] = flops.TRAINING * forward
        return self._flops[task]


def smaller(size: Size, examples: int | None, repetitions: int | None) -> Size:
    """The size with what the command line overrides."""
    if examples is not None:
        growth = max(1, examples * size.growth_examples // size.examples)
        size = replace(size, examples=examples, growth_examples=growth)
    if repetitions is not None:
        size = replace(size, repetitions=repetitions, growth_repetitions=repetitions)
    return size
