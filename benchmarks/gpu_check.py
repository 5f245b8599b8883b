"""`python -m benchmarks.gpu_check`: does the engine compute the right numbers on this CUDA card,
and how fast? Two minutes, on made-up data of the real shapes; needs torch and NumPy alone.

Checks come first: masks have the CPU's bits, fp32 losses of three epochs are the CPU's to
rounding, replayed graphs train like eager steps, replicas like single runs. Then runs per hour at
several replicas beside the plain loop, peak memory, and the share of the product rate.
"""

import argparse
import dataclasses
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from adsmtl import rng
from adsmtl.data.prepared import Prepared, load
from adsmtl.dropout.masks import Rates, keep_mask
from adsmtl.dropout.schedules import Adsmtl, Fixed
from adsmtl.files import write_json, write_text
from adsmtl.study import Arm, Examples, Run, Task, Training
from adsmtl.training import device
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from benchmarks import flops, synthetic
from benchmarks.contenders.engine import EngineContender
from benchmarks.contenders.plain import PlainContender
from benchmarks.contenders.products import ProductsContender
from benchmarks.job import BenchTask, Job

log = logging.getLogger("benchmarks")
REPLICAS = (1, 4, 16, 64)
BATCH = 128
# One run of the preset `paper`: ten epochs of CIFAR-10's training images and of the phones of
# three quarters of the TIMIT sample. The ratio of the two is that of the data timed here.
IMAGES, PHONES, EPOCHS = 45_000, 3_128, 10
# Arms times seeds; `--runs` says another number.
PAPER_RUNS = 69 * 24
# Sums of floating-point numbers in another order, over three epochs of training.
ROUNDING = 2e-3
# Trained on in one epoch of a check.
EXAMPLES = 256

Say = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and measure; 0 if every check passed, 1 if one failed, 2 without a CUDA device."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description=__doc__)
    parser.add_argument("--runs", type=int, default=PAPER_RUNS, help="of the preset paper")
    parser.add_argument("--results", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print("error: torch sees no CUDA device, so there is nothing to check", file=sys.stderr)
        return 2
    result = examine(device.choose("cuda", "auto"), options.runs, 8192, REPLICAS, print)
    write_json(options.results / "gpu-check.json", result)
    write_text(options.results / "gpu-check.md", page(result))
    print(page(result))
    return int(any(not one["passed"] for one in result["checks"]))


def examine(
    machine: Machine, paper_runs: int, images: int, replicas: Sequence[int], say: Say
) -> dict[str, Any]:
    """Everything that is checked and measured, JSON-able.

    Args:
        images: trained on in one timed repetition; sequences in the ratio of the real data.
        replicas: trained at once, one row each.
    """
    with tempfile.TemporaryDirectory() as root:
        folders = Path(root) / "images", Path(root) / "sequences"
        synthetic.images(folders[0], images)
        synthetic.sequences(folders[1], max(1, images * PHONES // IMAGES))
        tasks = {
            "vision": BenchTask(str(folders[0]), "label", "cnn", images),
            "speech": BenchTask(
                str(folders[1]), "phone", "lstm", max(1, images * PHONES // IMAGES)
            ),
        }
        checks = [_outcome(check, machine, tasks, say) for check in CHECKS]
        speed = list(_measured(machine, tasks, replicas, say))
    best = max((one["runs_per_hour"] for one in speed if one["runs_per_hour"]), default=None)
    return {
        "machine": {**machine.describe(), "torch": torch.__version__, "cuda": torch.version.cuda},
        "checks": checks,
        "speed": speed,
        "paper": {"runs": paper_runs, "hours": None if best is None else paper_runs / best},
    }


def _outcome(
    check: Callable[..., dict[str, Any]], machine: Machine, tasks: dict[str, BenchTask], say: Say
) -> dict[str, Any]:
    """What a check tells; one that breaks off has failed, and the others still run."""
    try:
        return check(machine, tasks, say)
    except Exception as error:
        log.exception("while checking:")
        name = check.__name__.replace("_", " ")
        return _told(name, False, f"{type(error).__name__}: {str(error).splitlines()[0]}", say)


def _run(tasks: dict[str, BenchTask], seed: int, adapts: bool) -> Run:
    """A small run with dropout at every site."""
    own = {
        name: Task(
            Path(t.folder).name, t.target, t.branch, examples=Examples(min(EXAMPLES, t.examples))
        )
        for name, t in tasks.items()
    }
    arm = Arm("check", "check", dropout=Adsmtl() if adapts else Fixed(0.3))
    return Run("check", arm, seed, "check", own, Training(epochs=3, batch_size=32, eval_train=64))


def _losses(
    runs: Sequence[Run], data: dict[str, Prepared], machine: Machine, graphed: bool | None = None
) -> torch.Tensor:
    """Training and validation losses, float64 `[epochs, runs, tasks, 2]`."""
    engine = Engine(runs, data, machine)
    if graphed is not None:
        engine._stepper._graphed = graphed
    for _ in range(3):
        engine.run_epoch()
    return torch.tensor(
        [
            [[(t["loss"], t["val"]["loss"]) for t in record["tasks"].values()] for record in epoch]
            for epoch in zip(*engine.history, strict=True)
        ],
        dtype=torch.float64,
    )


def _compared(name: str, one: torch.Tensor, other: torch.Tensor, say: Say) -> dict[str, Any]:
    worst = float(((one - other).abs() / other.abs()).max())
    passed = worst <= ROUNDING  # NaN is not
    return _told(name, passed, f"losses differ by {worst:.1e} at most, {ROUNDING:.0e} allowed", say)


def _told(name: str, passed: bool, detail: str, say: Say) -> dict[str, Any]:
    say(f"{'passed' if passed else 'FAILED'}: {name} ({detail})")
    return {"name": name, "passed": passed, "detail": detail}


def _data(tasks: dict[str, BenchTask]) -> dict[str, Prepared]:
    return {name: load(Path(task.folder)) for name, task in tasks.items()}


def masks_are_the_cpus(machine: Machine, tasks: dict[str, BenchTask], say: Say) -> dict[str, Any]:
    """Every bit of the masks of three replicas at the shapes of every site."""
    rates = Rates.quantised(torch.tensor([0.1, 0.3, 0.7]))
    there = Rates(rates.threshold.to(machine.device), rates.scale.to(machine.device), True)
    keys = torch.tensor([rng.key(seed, "gpu-check") for seed in range(3)])
    wrong = compared = 0
    for inner in ((32, 30, 30), (64, 14, 14), (128,), (32, 11, 38)):
        shape = torch.Size((3, BATCH, *inner))
        own = keep_mask(keys.to(machine.device), there, shape).cpu()
        wrong += int((own != keep_mask(keys, rates, shape)).sum())
        compared += own.numel()
    detail = f"{wrong:,} of {compared:,} units differ"
    return _told("masks have the bits of the CPU", wrong == 0, detail, say)


def losses_are_the_cpus(machine: Machine, tasks: dict[str, BenchTask], say: Say) -> dict[str, Any]:
    """Three epochs in fp32 on both."""
    runs, data = [_run(tasks, 0, True)], _data(tasks)
    exact = dataclasses.replace(machine, precision="fp32")
    cpu = Machine(torch.device("cpu"), "fp32", machine.threads)
    name = "fp32 losses of three epochs are those of the CPU"
    return _compared(name, _losses(runs, data, exact), _losses(runs, data, cpu), say)


def graphs_train_like_eager_steps(
    machine: Machine, tasks: dict[str, BenchTask], say: Say
) -> dict[str, Any]:
    """The same runs with every step replayed, and with every step launched from Python."""
    runs, data = [_run(tasks, seed, seed == 1) for seed in range(2)], _data(tasks)
    exact = dataclasses.replace(machine, precision="fp32")
    replayed, eager = (_losses(runs, data, exact, graphed) for graphed in (True, False))
    return _compared("replayed graphs train like eager steps", replayed, eager, say)


def replicas_train_like_single_runs(
    machine: Machine, tasks: dict[str, BenchTask], say: Say
) -> dict[str, Any]:
    """Three runs at once, and one after the other."""
    runs, data = [_run(tasks, seed, seed == 1) for seed in range(3)], _data(tasks)
    exact = dataclasses.replace(machine, precision="fp32")
    alone = torch.cat([_losses([run], data, exact) for run in runs], dim=1)
    return _compared("replicas train like single runs", _losses(runs, data, exact), alone, say)


CHECKS = (
    masks_are_the_cpus,
    losses_are_the_cpus,
    graphs_train_like_eager_steps,
    replicas_train_like_single_runs,
)


def _measured(
    machine: Machine, tasks: dict[str, BenchTask], replicas: Sequence[int], say: Say
) -> Iterator[dict[str, Any]]:
    """A row for the plain loop and for each number of replicas."""
    place = {"device": str(machine.device), "precision": machine.precision}
    job = Job("plain", tasks, BATCH, threads=machine.threads, **place)
    products = ProductsContender(job)
    products.repetition()
    rate = products.repetition()[machine.precision]
    yield _timed("plain PyTorch loop", PlainContender, job, rate, say)
    for count in replicas:
        own = dataclasses.replace(job, contender="engine", replicas=count)
        yield _timed(f"this engine, R = {count}", EngineContender, own, rate, say)


def _timed(label: str, contender: type, job: Job, rate: float, say: Say) -> dict[str, Any]:
    """The faster of two repetitions after one to warm up; what failed where one did not run."""
    row: dict[str, Any] = {"label": label, "runs_per_hour": None, "reason": None}
    with _own_peak(job.device) as peak:
        try:
            trained = contender(job)
            trained.repetition()
            seconds = min(_seconds(trained) for _ in range(2))
        except torch.OutOfMemoryError:
            say(f"{label}: out of memory")
            return {**row, "reason": "out of memory"}
        memory = peak()
    # An epoch has IMAGES images, a repetition fewer, and phones in proportion.
    of_run = seconds * EPOCHS * IMAGES / job.tasks["vision"].examples
    row["runs_per_hour"] = 3600 * job.replicas / of_run
    row["examples_per_second"] = job.examples / seconds
    row["share_of_products"] = job.replicas * _operations(job) / seconds / rate
    row["peak_mib"] = memory
    say(f"{label}: {row['runs_per_hour']:.1f} runs per hour")
    return row


def _seconds(contender: Any) -> float:
    began = time.perf_counter()
    contender.repetition()
    return time.perf_counter() - began


@contextmanager
def _own_peak(name: str) -> Iterator[Callable[[], float | None]]:
    """The most memory that tensors took on the device since the beginning, in MiB."""
    cuda = torch.device(name).type == "cuda"
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(name)
    yield lambda: torch.cuda.max_memory_allocated(name) / 2**20 if cuda else None


def _operations(job: Job) -> float:
    """Of one repetition of one replica."""
    vision = job.tasks["vision"].examples * flops.cnn_forward(3, 32, 32, 10)
    speech = job.tasks["speech"].examples * flops.lstm_forward(3, synthetic.MEAN_FRAMES, 40, 61)
    return flops.TRAINING * (vision + speech)


def page(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    machine, paper = result["machine"], result["paper"]
    lines = [
        f"# GPU check: {machine['name']}",
        "",
        f"torch {machine['torch']}, CUDA {machine['cuda']}, products in {machine['precision']}; "
        "made-up data of the real shapes, batch 128, training alone (no evaluation of a split).",
        "",
        *(
            f"- {'passed' if one['passed'] else '**FAILED**'}: {one['name']} ({one['detail']})"
            for one in result["checks"]
        ),
        "",
        "| | runs per hour | examples/s | share of products | peak MiB |",
        "|---|---|---|---|---|",
    ]
    for row in result["speed"]:
        if row["reason"]:
            lines.append(f"| {row['label']} | {row['reason']} | | | |")
            continue
        peak = "" if row["peak_mib"] is None else f"{row['peak_mib']:,.0f}"
        lines.append(
            f"| {row['label']} | {row['runs_per_hour']:.1f} | {row['examples_per_second']:,.0f} "
            f"| {100 * row['share_of_products']:.0f} % | {peak} |"
        )
    if paper["hours"] is not None:
        lines += ["", f"Preset `paper`, {paper['runs']:,} runs: about {paper['hours']:.1f} hours."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
