"""What a study is: tasks, arms, seeds and training, as plain typed values.

These are standard-library dataclasses, so that training needs nothing but torch and numpy;
`adsmtl.config` reads them from the configuration files and reports unknown keys and wrong types.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal

from adsmtl.dropout.schedules import (
    BLOCK,
    Concrete,
    Follow,
    NoDropout,
    PerTask,
    Recorded,
    Schedule,
    Trajectory,
    lender,
)
from adsmtl.dropout.sites import Scope
from adsmtl.errors import UserError
from adsmtl.files import digest
from adsmtl.weighting import Equal, Weighting

Precision = Literal["auto", "fp32", "bf16"]
# The last epoch decides; the mean over the last so many stands beside it.
LAST = 3


def _at_least(name: str, value: float, bound: float) -> None:
    if value < bound:
        raise UserError(f"{name} is {value}; give at least {bound}")


@dataclass(frozen=True)
class Examples:
    """How many examples of a task are used; null means all there are.

    A limit on training examples takes a stratified subset that differs between seeds and is
    nested: a smaller one is part of a larger one of the same seed.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    train: int | None = None
    val: int | None = None
    test: int | None = None

    def __post_init__(self) -> None:
        for name in ("train", "val", "test"):
            if getattr(self, name) is not None:
                _at_least(name, getattr(self, name), 1)


@dataclass(frozen=True)
class View:
    """How a task sees a data set, if not as it is; `adsmtl.data.views` has the details.

    Attributes:
        labels: name in `adsmtl.data.views.LABELS`: what follows from the target and is predicted in
            its place.
        classes: the classes that the task tells apart; examples of others are not part of it.
        half: of the examples, those of even or of odd number.
        inputs: name in `adsmtl.data.views.INPUTS`: what is done to every image.
        permuted: share of the training examples that exchange their labels at random, in [0, 1].
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    labels: str | None = None
    classes: tuple[str, ...] | None = None
    half: Literal["even", "odd"] | None = None
    inputs: str | None = None
    permuted: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.permuted <= 1:
            raise UserError(f"permuted is {self.permuted}; give a share in [0, 1]")
        if self.classes is not None and not 2 <= len(self.classes) == len(set(self.classes)):
            raise UserError(f"classes is {', '.join(self.classes)}; name at least two, each once")


AS_IT_IS = View()


@dataclass(frozen=True)
class Task:
    """A data set, a branch, a loss and a metric.

    Attributes:
        dataset: name in `adsmtl.data.registry.DATASETS`.
        target: which labels of the data set are predicted.
        branch: name in `adsmtl.tasks.registry.BRANCHES`.
        loss, metric: names in `LOSSES` and `METRICS` there.
        examples: limits on the number of examples.
        view: how it sees the data set.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    dataset: str
    target: str
    branch: str
    loss: str = "cross-entropy"
    metric: str = "accuracy"
    examples: Examples = field(default_factory=Examples)
    view: View = AS_IT_IS

    def config(self) -> dict[str, Any]:
        """Its part of `Run.config`; a view is in it only where there is one."""
        own = asdict(self)
        if self.view == AS_IT_IS:
            del own["view"]
        return own


@dataclass(frozen=True)
class Arm:
    """One way of training, compared with the others.

    Attributes:
        label: its name in tables and figures.
        group: the part of the study that it belongs to.
        tasks: the tasks it trains together; null means the study's main tasks.
        dropout: its schedule.
        site: where it drops units.
        l2: lambda, the factor of half the squared L2 norm of the weights in the objective.
        weighting: how the tasks' losses are weighted.
        train_fraction: share of the training examples used, in (0, 1].
        family: arms of one family are the trials of one method, of which validation data
            choose one; null for an arm that stands for itself.
        tunable: the key of `dropout`, or of the arm, in which the trials of its family differ.
        trial: the number of the trial, for a family whose trials differ in more than one value;
            its key is then the tunable.
        zero: the arm that is one more trial of its family, at value 0; null where none is.
        role: what it is to the claims, which ask for arms by role; arms of one role differ in
            their tasks, their share of the data or their tunable. Null where no claim asks.
        group_title: heading of the group.
        baseline: what the group is compared with, an arm or `single-task`; null for a group of
            the main table.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    label: str
    group: str
    tasks: tuple[str, ...] | None = None
    # Metadata are for `adsmtl.config`: this key says which class reads the others.
    dropout: Schedule = field(default_factory=NoDropout, metadata={"discriminator": "schedule"})
    site: Scope = "all"
    l2: float = 0.0
    weighting: Weighting = field(default_factory=Equal, metadata={"discriminator": "weighting"})
    train_fraction: float = 1.0
    family: str | None = None
    tunable: str | None = None
    trial: int | None = None
    zero: str | None = None
    role: str | None = None
    group_title: str = ""
    baseline: str | None = None

    def __post_init__(self) -> None:
        _at_least("l2", self.l2, 0)
        if self.tasks is not None and not self.tasks:
            raise UserError("tasks is empty; name at least one task or leave the key out")
        if self.tasks is not None and len(set(self.tasks)) < len(self.tasks):
            raise UserError(f"tasks is {', '.join(self.tasks)}; name every task once")
        if not 0 < self.train_fraction <= 1:
            raise UserError(f"train_fraction is {self.train_fraction}; give a value in (0, 1]")
        if self.family is not None and self.tunable is None:
            raise UserError("a family needs the key tunable: in what do its trials differ?")
        if self.tunable is not None and not isinstance(self._tuned(), int | float):
            raise UserError(f"tunable is {self.tunable!r}, which is no number of this arm")

    def _tuned(self) -> float | None:
        if self.tunable is None:
            return None
        return getattr(self.dropout, self.tunable, getattr(self, self.tunable, None))

    def names(self) -> dict[str, str | float | None]:
        """The part that people and claims ask for, on which no number of a run depends.

        `tunable` is the value here, not the key.
        """
        asked = ("label", "group", "group_title", "baseline", "role", "family", "zero")
        return {key: getattr(self, key) for key in asked} | {"tunable": self._tuned()}

    def deciding(self) -> dict[str, Any]:
        """The part that decides numbers."""
        told = {*self.names(), "trial"}
        return {key: value for key, value in asdict(self).items() if key not in told}


@dataclass(frozen=True)
class Training:
    """How every arm is trained.

    Attributes:
        epochs: passes over the training data of every task.
        batch_size: examples per step of the task with most examples. The others take
            proportionally fewer, so that one epoch is one pass over each task's data.
        learning_rate: of Adam.
        eval_train: training examples of each task that are evaluated with all units on after
            every epoch, at most, evenly spaced: for difficulty signals and the train-test gap.
        eval_val: the same of the validation examples, but for the epochs that follow.
        full_epochs: at the end of training, epochs after which all validation and test examples
            are evaluated; at least `LAST`, whose mean is reported.
        precision: `auto` is bf16 where the processor multiplies it in hardware, else fp32.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    eval_train: int = 1000
    eval_val: int = 1000
    full_epochs: int = LAST
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "eval_train", "eval_val"):
            _at_least(name, getattr(self, name), 1)
        _at_least("full_epochs", self.full_epochs, LAST)
        if self.learning_rate <= 0:
            raise UserError(f"learning_rate is {self.learning_rate}; give more than 0")


@dataclass(frozen=True)
class TestTime:
    """Which arms are also evaluated with units dropped at test time, and how (claim C6).

    Attributes:
        rate: at every site and for every task.
        passes: K, whose probabilities are averaged.
        repeats: of the whole, each with masks of its own.
        examples: test examples per task, at most, evenly spaced; null means all.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    __test__: ClassVar = False  # not a test, whatever its name begins with
    arms: tuple[str, ...]
    rate: float = 0.2
    passes: int = 20
    repeats: int = 5
    examples: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise UserError(f"rate is {self.rate}; give a rate in (0, 1)")
        for name in ("passes", "repeats"):
            _at_least(name, getattr(self, name), 1)
        if self.examples is not None:
            _at_least("examples", self.examples, 1)


@dataclass(frozen=True)
class Run:
    """One arm with one seed: what a training process is asked for.

    Attributes:
        study_tasks: by name, the study's main tasks and the arm's own; they fix the number of
            steps per epoch, so that single-task and multi-task arms take the same steps. An arm
            that trains no main task has its own alone.
        trajectory: the rates of the arm that this one follows; None until they are known, and
            where it follows none.
        leader: the arm that this one follows, which decides its rates; None where it follows
            none.
        lender: the seed whose rates of the leader it takes, where that is not its own.
        reloaded: whether its parameters are loaded again after training, to evaluate it with
            units dropped at test time.
    """

    arm_id: str
    arm: Arm
    seed: int
    preset: str
    study_tasks: Mapping[str, Task]
    training: Training
    trajectory: Trajectory | None = None
    leader: Arm | None = None
    lender: int | None = None
    reloaded: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that the arm trains, in the study's order."""
        wanted = self.arm.tasks
        return tuple(t for t in self.study_tasks if wanted is None or t in wanted)

    @property
    def follows(self) -> str | None:
        """The arm whose rates it takes, or None."""
        return self.arm.dropout.arm if isinstance(self.arm.dropout, Follow) else None

    @property
    def followed_seed(self) -> int:
        """The seed of the run whose rates it takes, where it follows an arm."""
        return self.seed if self.lender is None else self.lender

    @property
    def schedule(self) -> Schedule | Recorded:
        """The arm's schedule; where it follows another arm, the rates read from there."""
        if self.trajectory is None or self.follows is None:
            return self.arm.dropout
        return self.arm.dropout.recorded(self.trajectory)

    @property
    def name(self) -> str:
        """How messages call the run."""
        return f"{self.arm_id} seed={self.seed}"

    def config(self) -> dict[str, Any]:
        """Everything but data and machine that decides the numbers, JSON-able."""
        tasks = list(self.tasks)
        config = {
            "arm": {**self.arm.deciding(), "tasks": tasks},
            "seed": self.seed,
            "tasks": {name: task.config() for name, task in self.study_tasks.items()},
            "training": asdict(self.training),
        }
        if self.leader is not None:
            config["leader"] = {**self.leader.deciding(), "tasks": tasks}
        if self.lender is not None:
            config["lender"] = self.lender
        return config

    @property
    def config_hash(self) -> str:
        """Digest of `config`."""
        return digest(self.config())


@dataclass(frozen=True)
class Extent:
    """How an arm is run when its study is complete: with these seeds, trained in this way."""

    seeds: tuple[int, ...]
    training: Training


@dataclass(frozen=True)
class Study:
    """The runs of one preset, or of a part of its seeds.

    Attributes:
        embedded: whether it uses the data that install with the package.
        tasks: the main tasks, which arms train unless they say otherwise.
        more_tasks: those that only single arms name.
        arms: by id, in the order of tables and figures.
        seeds: that are run now; the whole study has those of `extent` and `apart`.
        extent: of every arm that `apart` does not name.
        apart: by arm, the extent of those that have their own.
        planned: by arm, the seeds of the whole study, of which this may be a part.
    """

    preset: str
    embedded: bool
    tasks: Mapping[str, Task]
    more_tasks: Mapping[str, Task]
    arms: Mapping[str, Arm]
    seeds: tuple[int, ...]
    extent: Extent
    apart: Mapping[str, Extent] = field(default_factory=dict)
    test_time: TestTime | None = None
    planned: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {**self.tasks, **self.more_tasks}
        for arm_id, arm in self.arms.items():
            for task in arm.tasks or ():
                if task not in known:
                    raise UserError(
                        f"{arm_id}.tasks names {task!r}; the study has {', '.join(known)}"
                    )
            if isinstance(arm.dropout, Follow):
                self._check_follower(arm_id, arm.dropout.arm)
            if isinstance(arm.dropout, PerTask):
                try:
                    arm.dropout.check(self._trained(arm_id))
                except UserError as error:
                    raise UserError(f"{arm_id}.dropout.{error}") from error
        for arm_id in () if self.test_time is None else self.test_time.arms:
            if arm_id not in self.arms:
                raise UserError(
                    f"test_time.arms names {arm_id!r}, which preset {self.preset!r} does not train"
                )
            if arm_id in self.apart:
                raise UserError(f"test_time.arms names {arm_id!r}; leave it out of apart")

    def extent_of(self, arm_id: str) -> Extent:
        """How an arm is run."""
        return self.apart.get(arm_id, self.extent)

    def seeds_of(self, arm_id: str) -> tuple[int, ...]:
        """The seeds with which an arm is run now."""
        return tuple(seed for seed in self.extent_of(arm_id).seeds if seed in self.seeds)

    @property
    def tested_seeds(self) -> tuple[int, ...]:
        """The seeds that are also evaluated with units dropped at test time."""
        return () if self.test_time is None else self.seeds_of(self.test_time.arms[0])

    @property
    def datasets(self) -> list[str]:
        """The data sets that its tasks use."""
        return sorted({task.dataset for task in (*self.tasks.values(), *self.more_tasks.values())})

    def _check_follower(self, arm_id: str, leader: str) -> None:
        where = f"{arm_id}.dropout.arm names {leader!r}"
        if leader not in self.arms:
            raise UserError(f"{where}, which preset {self.preset!r} does not train; add it there")
        if isinstance(self.arms[leader].dropout, Follow):
            raise UserError(f"{where}, which follows an arm itself; name that one")
        if isinstance(self.arms[leader].dropout, Concrete):
            raise UserError(f"{where}, whose rates are learned site by site; name another arm")
        if self._trained(leader) != self._trained(arm_id):
            raise UserError(f"{where}, which trains other tasks; rates are taken task by task")
        if not set(self.seeds_of(arm_id)) <= set(self.seeds_of(leader)):
            raise UserError(f"{where}, which has fewer seeds; give it as many in the preset")
        for seed in self.seeds_of(arm_id):
            own = self._lender(arm_id, seed)
            if own is not None and own not in self.seeds:
                raise UserError(
                    f"{arm_id} with seed {seed} borrows the rates of seed {own}; ask for whole "
                    f"blocks of {BLOCK} seeds, such as 0-{BLOCK - 1}"
                )

    def _lender(self, arm_id: str, seed: int) -> int | None:
        """The seed from which an arm borrows its rates; None where it does not."""
        dropout = self.arms[arm_id].dropout
        if not (isinstance(dropout, Follow) and dropout.borrows):
            return None
        try:
            return lender(seed, self.extent_of(arm_id).seeds)
        except UserError as error:
            raise UserError(f"preset {self.preset!r}, {arm_id}: {error}") from error

    def _trained(self, arm_id: str) -> set[str]:
        return set(self.arms[arm_id].tasks or self.tasks)

    def follows(self, arm_id: str) -> str | None:
        """The arm whose rates an arm takes, or None."""
        dropout = self.arms[arm_id].dropout
        return dropout.arm if isinstance(dropout, Follow) else None

    def run(self, arm_id: str, seed: int) -> Run:
        """The run of one arm and seed.

        Raises:
            UserError: the study has no such arm, or the seed is negative.
        """
        _at_least("seed", seed, 0)
        if arm_id not in self.arms:
            raise UserError(
                f"arm {arm_id!r} is not in preset {self.preset!r}; it has {', '.join(self.arms)}"
            )
        arm = self.arms[arm_id]
        more = {name: task for name, task in self.more_tasks.items() if name in (arm.tasks or ())}
        main = self.tasks if self._trained(arm_id) & set(self.tasks) else {}
        training = self.extent_of(arm_id).training
        run = Run(arm_id, arm, seed, self.preset, {**main, **more}, training)
        if self.test_time is not None and arm_id in self.test_time.arms:
            run = replace(run, reloaded=True)
        if run.follows is None:
            return run
        return replace(run, leader=self.arms[run.follows], lender=self._lender(arm_id, seed))

    def runs(self) -> list[Run]:
        """Every run, arm by arm."""
        return [self.run(arm_id, seed) for arm_id in self.arms for seed in self.seeds_of(arm_id)]
