"""The command line, for people and for the workflow alike: `adsmtl --help`."""

import argparse
import importlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from adsmtl import __version__, arms, config, outputs, paths, planning, stopping
from adsmtl.errors import UserError
from adsmtl.files import write_text

Command = Callable[[argparse.Namespace], int | None]
DIVERGED = 3  # what a command exits with when all is done, but a run diverged

log = logging.getLogger("adsmtl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 2 bad input (one message), 1 a fault of the package.

    3 says that all is done, but that a run diverged; 130 and 143 that SIGINT or SIGTERM stopped it.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        _start_log(options.log)
    except OSError as error:
        parser.error(f"argument --log: cannot write {options.log}: {error.strerror}")
    try:
        with stopping.interruptible():
            return options.command(options) or 0
    except UserError as error:
        log.error("error: %s", error)
        return 2
    except KeyboardInterrupt as stop:
        log.error("stopped; run again to continue")
        # as a shell counts them: 128 and the number of the signal
        return 128 + (signal.SIGTERM if isinstance(stop, stopping.Terminated) else signal.SIGINT)
    except Exception:
        log.exception("a fault in adsmtl, please report it with this text:")
        return 1


def _start_log(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, mode="w", encoding="utf-8"))
    log.setLevel(logging.INFO)
    log.handlers = handlers
    log.propagate = False
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(message)s"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="adsmtl", description="A replication of ADSMTL, step by step."
    )
    parser.add_argument("--version", action="version", version=f"adsmtl {__version__}")
    parser.add_argument("--log", type=Path, help="also write messages to this file")
    parser.add_argument(
        "--settings",
        type=_mapping,
        default=os.environ.get(planning.SETTINGS, "{}"),
        metavar="JSON",
        help='values over those of config/config.yaml, such as \'{"preset": "smoke"}\' '
        f"(default: the variable {planning.SETTINGS}, which Snakemake sets for its jobs)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        own = commands.add_parser(name, help=text, description=text)
        own.set_defaults(command=command)
        return own

    add("presets", _presets, "list the presets, each a file in config/presets")
    add("show", _show, "print the study that the settings describe")
    own = add("prepare", _prepare, "fetch and prepare a data set")
    own.add_argument("dataset")
    own.add_argument(
        "--processes",
        type=_count,
        default=1,
        metavar="N",
        help="that align speech at once, where it has no labels of its own (default: 1)",
    )
    own = add("baseline", _baseline, "measure a support vector machine on prepared speech")
    own.add_argument("dataset")
    add("measure-aligner", _measure_aligner, "measure the aligner of speech on hand labels")
    own = add("estimate", _estimate, "measure a few steps and say how long the study still takes")
    _add_processes(own, "that train at once")
    own = add("train", _train, "train arms with some seeds; finished runs are kept")
    own.add_argument("--arms", required=True, nargs="+", metavar="ARM")
    own.add_argument("--seeds", required=True, type=int, nargs="+")
    _add_processes(own, "that train the study at once: its time is said, not that of these runs")
    own = add("why", _why, "say whether a run would be trained again, and why")
    own.add_argument("run", metavar="RUN", help="<arm>/seed=<number>, or the folder of a run")
    own = add("test-time", _test_time, "evaluate finished runs with units dropped at test time")
    own.add_argument("--arm", required=True)
    own.add_argument("--seeds", required=True, type=int, nargs="+")
    own = add("affinity", _affinity, "measure how far the gradients of the tasks of runs agree")
    own.add_argument("--arms", required=True, nargs="+", metavar="ARM")
    own.add_argument("--seeds", required=True, type=int, nargs="+")
    add("collect", _collect, "turn finished runs into the tables that all later steps read")
    add("diverged", _diverged, "say which runs diverged; exits with 3 where any did")
    tables = _product("adsmtl.tables.build", "write_all")
    add("tables", tables, "write the tables of a finished study")
    figures = _product("adsmtl.figures.build", "write_all")
    add("figures", figures, "write the figures of a finished study")
    add("listing", _listing, "run the paper's listing against Keras, where it is installed")
    claims = _product("adsmtl.claims.write", "write")
    add("claims", claims, "judge the paper's claims from a finished study")
    own = add("judge", _judge, "make tables, figures and ledger again from collected tables")
    own.add_argument("folder", type=Path, help="a results folder or a frozen archive")
    own.add_argument("--out", type=Path, help="where to write instead of there")
    add("report", _report, "write report.html from tables, figures and claims")
    add("manifest", _manifest, "write manifest.json: where every number comes from")
    own = add("track", _track, "import every results folder into MLflow")
    own.add_argument("--only", type=Path, help="one results folder instead of all")
    own = add("keep", _keep, "keep a trained part of a study below results/blocks, to be pooled")
    own.add_argument("name", help="of the block, such as seeds-0-3")
    own = add("pool", _pool, "join blocks of one study, or take up an archive, and judge it")
    own.add_argument("blocks", type=Path, nargs="+", help="results folders or archives")
    own.add_argument("--out", type=Path, required=True, help="results folder to write")
    own = add("freeze", _freeze, "keep a finished study below results/frozen, to be cited")
    own.add_argument("folder", type=Path, nargs="?", help="default: that of the settings' study")
    own = add("verify", _verify, "check results from the ground up, and name what is wrong")
    own.add_argument("path", type=Path, help="results, archive, block, run or prepared data")
    own = add("compare", _compare, "say of two results what is equal and what differs")
    own.add_argument("first", type=Path, help="a results folder, an archive or a block")
    own.add_argument("second", type=Path, help="another")
    add("arms", _arms, "write docs/arms.md, the table of every arm of config/arms.yaml")
    add("schema", _schema, "write the schema of config/config.yaml for the workflow")
    return parser


def _add_processes(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument(
        "--processes",
        type=_count,
        default=os.environ.get(planning.PROCESSES),
        metavar="N",
        help=f"{text} (default: the variable {planning.PROCESSES}, where it is set)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes; give at least 1")
    return int(text)


def _mapping(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("give an object, such as {}")
    return value


def _plan(options: argparse.Namespace) -> planning.Plan:
    return planning.settle(config.settings(options.settings))


def _presets(options: argparse.Namespace) -> None:
    for name in config.presets():
        print(f"{name}: {config.preset(name).description}")


def _show(options: argparse.Namespace) -> None:
    plan = _plan(options)
    for note in plan.notes:
        log.info(note)
    print(f"preset {plan.study.preset}, results in {plan.root}")
    print(f"seeds {', '.join(map(str, plan.study.seeds))}")
    for name, task in plan.tasks.items():
        labels = task.view.labels or task.target
        print(f"task {name}: {labels} of {task.dataset}, branch {task.branch}")
    for name, arm in plan.study.arms.items():
        print(f"arm {name} [{arm.group}]: {arm.label}")


def _prepare(options: argparse.Namespace) -> None:
    from adsmtl.data import pictures, registry, samples, statistics

    settings = vars(config.settings(options.settings))
    folder = registry.prepare(
        options.dataset,
        paths.RAW,
        paths.PREPARED,
        settings,
        options.processes,
        config.datasets(),
    )
    statistics.write(folder)
    pictures.write(folder)
    log.info(f"prepared {folder}, with examples to look at in {samples.write(folder)}")


def _baseline(options: argparse.Namespace) -> None:
    from adsmtl.baselines import svm

    log.info(f"wrote {svm.write(paths.PREPARED / options.dataset)}")


def _measure_aligner(options: argparse.Namespace) -> None:
    import tempfile

    from adsmtl.data import registry
    from adsmtl.data.fetch import records
    from adsmtl.data.fetch.extract import extract
    from adsmtl.data.speech import aligner_quality

    settings = vars(config.settings(options.settings))
    archive = registry.archive("timit-sample", paths.RAW, settings)
    with tempfile.TemporaryDirectory() as scratch:
        with records.judged():
            extract(archive, Path(scratch) / "files")
        aligner_quality.write(aligner_quality.measure(Path(scratch) / "files"), paths.DOCS)
    log.info(f"wrote {paths.DOCS / 'aligner.md'} and the same for programs in aligner.json")


def _inputs(plan: planning.Plan, where: str) -> tuple[dict[str, Any], Any]:
    """The prepared data by task, verified, and the machine on the device `where`."""
    from adsmtl.data import verification, views
    from adsmtl.running import sizes
    from adsmtl.training import device

    for name in plan.datasets:
        if unverified := verification.verify(paths.PREPARED / name):
            log.info(unverified)
    prepared = {
        name: views.load(paths.PREPARED / task.dataset, task) for name, task in plan.tasks.items()
    }
    for remark in sizes.remarks(plan.study.runs(), prepared):
        log.info(f"note: {remark}")
    return prepared, device.choose(where, plan.settings.precision, plan.settings.threads)


def _estimate(options: argparse.Namespace) -> None:
    from adsmtl.running import estimate

    plan = _plan(options)
    for note in plan.notes:
        log.info(note)
    prepared, machine = _inputs(plan, plan.settings.device)
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

    plan = _plan(options)
    runs = [plan.study.run(arm, seed) for arm in options.arms for seed in options.seeds]
    prepared, machine = _inputs(plan, plan.settings.device)
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


def _diverged(options: argparse.Namespace) -> int:
    from adsmtl.collected import diverged

    said = diverged.sentence(_collected(options))
    if said is None:
        log.info("no run diverged")
        return 0
    log.error(f"{said} All else is done. To have them too, change how they are trained")
    return DIVERGED


def _why(options: argparse.Namespace) -> None:
    from adsmtl.running import why

    plan = _plan(options)
    run = plan.study.run(*why.named(options.run, plan.root))
    if not why.begun(run, plan.root):
        print(f"{run.name}: not trained yet")
        return
    chosen = plan.settings.device
    # The first device stands for all: it is not used, so other processes may be training on it.
    where = "cuda:0" if plan.gpus and chosen in ("auto", "cuda") else chosen
    print(why.explain(plan.study, run, *_inputs(plan, where), plan.root))


def _test_time(options: argparse.Namespace) -> None:
    from adsmtl.data.fetch import progress
    from adsmtl.running import dropping

    plan = _plan(options)
    if plan.study.test_time is None:
        raise UserError(f"preset {plan.study.preset!r} has no test_time; see config/presets")
    prepared, machine = _inputs(plan, plan.settings.device)
    for seed in progress.track(options.seeds, f"{options.arm} with units dropped"):
        run = plan.study.run(options.arm, seed)
        path = dropping.evaluate(run, plan.study.test_time, prepared, machine, plan.root)
        log.info(f"wrote {path}")


def _affinity(options: argparse.Namespace) -> None:
    from adsmtl.data.fetch import progress
    from adsmtl.running import measuring

    plan = _plan(options)
    how = config.preset(plan.study.preset).affinity
    if how is None:
        raise UserError(f"preset {plan.study.preset!r} has no affinity; see config/presets")
    prepared, machine = _inputs(plan, plan.settings.device)
    runs = [plan.study.run(arm, seed) for arm in options.arms for seed in options.seeds]
    for run in progress.track(runs, "affinity of tasks"):
        measuring.measure(run, how.examples, prepared, machine, plan.root, log.info)


def _collected(options: argparse.Namespace) -> Any:
    from adsmtl.collected import reading

    return reading.load(_plan(options).root)


def _collect(options: argparse.Namespace) -> None:
    from adsmtl.collected import collect, whole

    plan = _plan(options)
    study = plan.study
    wanted = {arm: study.seeds_of(arm) for arm in study.arms}
    collect.write(plan.root, wanted, planned=study.planned)
    runs = [paths.run(plan.root, arm, seed) for arm, seeds in wanted.items() for seed in seeds]
    if unsealed := whole.seal(runs):
        log.info(f"sealed {unsealed} runs of a version that sealed none, as they are")


def _product(module: str, function: str) -> Command:
    """The command that hands the collected tables to a function; it loads the module when run."""

    def command(options: argparse.Namespace) -> None:
        collected = _collected(options)
        getattr(importlib.import_module(module), function)(collected, collected.root)

    return command


def _listing(options: argparse.Namespace) -> None:
    from adsmtl.claims import listing

    path = _plan(options).root / outputs.LISTING
    found = listing.check(path)
    log.info(f"wrote {path}: {found['reason'] or found['keras']}")


def _judge(options: argparse.Namespace) -> None:
    from adsmtl.archive.judge import judge

    target = options.out or options.folder
    written = judge(options.folder, target)
    log.info(f"wrote {len(written)} files below {target}: tables, figures and the ledger")


def _keep(options: argparse.Namespace) -> None:
    from adsmtl.archive.freeze import keep

    log.info(f"kept {keep(_plan(options).root, options.name)}; commit it")


def _pool(options: argparse.Namespace) -> None:
    from adsmtl.archive import manifest, page
    from adsmtl.archive.judge import judge
    from adsmtl.archive.pool import pool
    from adsmtl.collected import provenance, reading

    pool(options.blocks, options.out)
    judge(options.out, options.out)
    collected = reading.load(options.out)
    page.write(collected, options.out)
    manifest.write(collected)
    log.info(f"wrote {options.out}: {provenance.interim(collected) or 'all seeds are there'}")


def _report(options: argparse.Namespace) -> None:
    from adsmtl.archive import page

    collected = _collected(options)
    log.info(f"wrote {page.write(collected, collected.root)}")


def _manifest(options: argparse.Namespace) -> None:
    from adsmtl.archive import manifest

    manifest.write(_collected(options))


def _track(options: argparse.Namespace) -> None:
    from adsmtl.tracking import importing

    every = sorted(p.parent for p in paths.RESULTS.glob("*/manifest.json"))
    wanted = every if options.only is None else [options.only]
    if not wanted:
        raise UserError("there are no results to import; run snakemake first")
    importing.track(wanted, every, paths.TRACKING, paths.ARTIFACTS, log.info)


def _freeze(options: argparse.Namespace) -> None:
    from adsmtl.archive.freeze import freeze

    log.info(f"froze {freeze(options.folder or _plan(options).root)}; commit it")


def _verify(options: argparse.Namespace) -> None:
    from adsmtl.archive.verify import verify

    found = verify(options.path)
    for note in found.notes:
        print(f"note: {note}")
    for name, fault in sorted(found.wrong.items()):
        print(f"{name}: {fault}")
    if found.wrong:
        raise UserError(f"{options.path}: {len(found.wrong)} files are not what they must be")
    print(f"{options.path}: {found.checked} files verified")


def _compare(options: argparse.Namespace) -> None:
    from adsmtl.archive import compare
    from adsmtl.collected import reading

    roots = options.first, options.second
    found = compare.compare(*map(reading.load, roots))
    print("\n".join(compare.lines(found, roots)))
    if not found.rows:
        raise UserError(f"{roots[0]} and {roots[1]} have no arm in common")
    if not found.agree:
        raise UserError(
            f"{roots[0]} and {roots[1]} differ by more than seeds do, or too few seeds tell"
        )


def _arms(options: argparse.Namespace) -> None:
    write_text(paths.ARMS, arms.as_markdown(config.arms()))


def _schema(options: argparse.Namespace) -> None:
    write_text(paths.SCHEMA, json.dumps(config.schema(), indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
