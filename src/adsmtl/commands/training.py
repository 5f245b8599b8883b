"""Commands that train runs, measure them, and say what became of them."""

import argparse
import os

from adsmtl import config, paths, planning
from adsmtl.commands.shared import (
    DIVERGED,
    Add,
    add_processes,
    collected_of,
    inputs,
    log,
    plan_of,
)
from adsmtl.errors import UserError


def register(add: Add) -> None:
    """Add the commands to the parser."""
    own = add("estimate", _estimate, "measure a few steps and say how long the study still takes")
    add_processes(own, "how many processes train at once")
    own = add("train", _train, "train arms with some seeds; finished runs are kept")
    _add_arms(own)
    _add_seeds(own)
    add_processes(
        own,
        "how many processes train the study at once; its time is then said, not these runs' alone",
    )
    own = add("why", _why, "say whether a run would be trained again, and why")
    own.add_argument("run", metavar="RUN", help="<arm>/seed=<number>, or the folder of a run")
    own = add("test-time", _test_time, "evaluate finished runs with units dropped at test time")
    own.add_argument("--arm", required=True, help="one arm of the study")
    _add_seeds(own)
    own = add("affinity", _affinity, "measure how far the gradients of the tasks of runs agree")
    _add_arms(own)
    _add_seeds(own)
    add("collect", _collect, "turn finished runs into the tables that all later steps read")
    add("diverged", _diverged, "say which runs diverged; exits with 3 where any did")


def _add_arms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--arms",
        required=True,
        nargs="+",
        metavar="ARM",
        help="arms of the study; see docs/arms.md",
    )


def _add_seeds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds",
        required=True,
        type=int,
        nargs="+",
        metavar="SEED",
        help="seeds of the study, whole numbers",
    )


def _estimate(options: argparse.Namespace) -> None:
    from adsmtl.running import estimate

    plan = plan_of(options)
    for note in plan.notes:
        log.info(note)
    prepared, machine = inputs(plan, plan.settings.device)
    left = estimate.remaining(plan.study.runs(), prepared, machine, plan.root)
    if not left:
        log.info(f"{plan.root}: every run is finished")
        return
    processes = options.processes or plan.processes(os.cpu_count() or 1, planning.cuda_devices())
    costs = estimate.seconds(left, prepared, machine, plan.settings.replicas)
    log.info(f"{plan.root}: {estimate.sentence(left, costs, machine, processes)}")


def _train(options: argparse.Namespace) -> int:
    from adsmtl.running import estimate, names, progress, session
    from adsmtl.running.course import Course

    plan = plan_of(options)
    runs = [plan.study.run(arm, seed) for arm in options.arms for seed in options.seeds]
    for run in runs:
        if run.seed not in (known := plan.study.seeds_of(run.arm_id)):
            raise UserError(
                f"{run.arm_id} has no seed {run.seed}; it has {known[0]} to {known[-1]}"
            )
    prepared, machine = inputs(plan, plan.settings.device)
    replicas = plan.settings.replicas
    wanted = plan.study.runs() if options.processes else runs
    left = estimate.remaining(wanted, prepared, machine, plan.root)
    costs, processes = {}, options.processes or 1
    if {run.name for run in left} & {run.name for run in runs}:
        costs = estimate.seconds(left, prepared, machine, replicas)
        log.info(f"{plan.root}: {estimate.sentence(left, costs, machine, processes)}")
    course = Course(wanted, costs, plan.root, processes)
    lost = session.train(runs, prepared, machine, plan.root, log.info, replicas, course)
    if lost:
        log.error(
            f"{progress.fitted([run.name for run in lost], ', ')}: diverged, and kept with the "
            f"reason in {names.METRICS}; all other runs are finished"
        )
    return DIVERGED if lost else 0


def _why(options: argparse.Namespace) -> None:
    from adsmtl.running import why

    plan = plan_of(options)
    run = plan.study.run(*why.named(options.run, plan.root))
    if not why.begun(run, plan.root):
        print(f"{run.name}: not trained yet")
        return
    chosen = plan.settings.device
    # The first device stands for all: it is not used, so other processes may be training on it.
    where = "cuda:0" if plan.gpus and chosen in ("auto", "cuda") else chosen
    print(why.explain(plan.study, run, *inputs(plan, where), plan.root))


def _test_time(options: argparse.Namespace) -> None:
    from adsmtl.data.fetch import progress
    from adsmtl.running import dropping

    plan = plan_of(options)
    if plan.study.test_time is None:
        raise UserError(f"preset {plan.study.preset!r} has no test_time; see config/presets")
    prepared, machine = inputs(plan, plan.settings.device)
    for seed in progress.track(options.seeds, f"{options.arm} with units dropped"):
        run = plan.study.run(options.arm, seed)
        path = dropping.evaluate(run, plan.study.test_time, prepared, machine, plan.root)
        log.info(f"wrote {path}")


def _affinity(options: argparse.Namespace) -> None:
    from adsmtl.data.fetch import progress
    from adsmtl.running import measuring

    plan = plan_of(options)
    how = config.preset(plan.study.preset).affinity
    if how is None:
        raise UserError(f"preset {plan.study.preset!r} has no affinity; see config/presets")
    prepared, machine = inputs(plan, plan.settings.device)
    runs = [plan.study.run(arm, seed) for arm in options.arms for seed in options.seeds]
    for run in progress.track(runs, "affinity of tasks"):
        measuring.measure(run, how.examples, prepared, machine, plan.root, log.info)


def _collect(options: argparse.Namespace) -> None:
    from adsmtl.collected import collect, whole

    plan = plan_of(options)
    study = plan.study
    wanted = {arm: study.seeds_of(arm) for arm in study.arms}
    collect.write(plan.root, wanted, planned=study.planned)
    runs = [paths.run(plan.root, arm, seed) for arm, seeds in wanted.items() for seed in seeds]
    if unsealed := whole.seal(runs):
        log.info(f"sealed {unsealed} runs of a version that sealed none, as they are")


def _diverged(options: argparse.Namespace) -> int:
    from adsmtl.collected import diverged

    said = diverged.sentence(collected_of(options))
    if said is None:
        log.info("no run diverged")
        return 0
    log.error(f"{said} All else is done. To have them too, change how they are trained")
    return DIVERGED
