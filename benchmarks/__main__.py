"""`python -m benchmarks`: measure, and write JSON, a table and figures.

A run that was cut off goes on where it stopped when it is called again in the same way.
"""

import argparse
import dataclasses
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adsmtl import paths
from adsmtl.data.prepared import load
from adsmtl.errors import UserError
from adsmtl.files import write_json, write_text
from adsmtl.training import device
from benchmarks import machine, plan, rounds, summary, table
from benchmarks.journal import Journal
from benchmarks.process import WorkerError

log = logging.getLogger("benchmarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 0 is success, 2 bad input, 1 a contender that failed."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        run(options)
    except UserError as error:
        log.error("error: %s", error)
        return 2
    except WorkerError as error:
        log.error("%s", error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="check that it works; no numbers")
    parser.add_argument("--embedded", action="store_true", help="use digits and synthetic speech")
    parser.add_argument("--only", nargs="+", metavar="GROUP", help="vision-32, joint-128, data, …")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<number>")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--threads", type=int, default=0, help="of every contender; 0: all cores")
    parser.add_argument("--examples", type=int, help="training images of one repetition")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--prepared", type=Path, default=paths.PREPARED)
    parser.add_argument("--results", type=Path, default=paths.RESULTS / "benchmarks")
    parser.add_argument("--name", help="of the files; by default device, mode and groups")
    return parser


def run(options: argparse.Namespace) -> None:
    """Measure every group that was asked for, and write the results.

    Raises:
        UserError: an option, the data or an unfinished run does not fit.
        WorkerError: a contender that must run failed.
    """
    chosen = device.choose(options.device, options.precision, options.threads or machine.cores())
    kind = chosen.device.type
    facts = machine.facts(chosen)
    if chosen.precision == "bf16" and not facts["bf16_hardware"]:
        raise UserError("--precision is bf16, which this processor emulates; use auto or fp32")
    size = plan.QUICK if options.quick else {"cpu": plan.CPU, "cuda": plan.CUDA}[kind]
    size = plan.smaller(size, options.examples, options.repetitions)
    planned = plan.Plan(
        options.prepared,
        options.embedded,
        size,
        str(chosen.device),
        chosen.precision,
        chosen.threads,
    )
    groups = _wanted(list(planned.groups()), options.only)
    marks = ["embedded"] * options.embedded + ["quick"] * options.quick
    name = options.name or "-".join([kind, *marks, *(options.only or ())])
    stated = {
        "machine": facts,
        "data": {name: _data(folder) for name, folder in planned.folders.items()},
    }
    journal = Journal(
        options.results, name, {**stated, "plan": _jobs(groups)}, machine.load_average()
    )
    measured = []
    for group in groups:
        log.info(group.title)
        records = rounds.measure(group.name, group.entries, group.repetitions, journal, log.info)
        _relate(records)
        measured.append(
            {"name": group.name, "title": group.title, "axis": group.axis, "records": records}
        )
    result = {
        "name": name,
        "quick": options.quick,
        "embedded": options.embedded,
        **stated,
        "load_average": {"before": journal.load_before, "after": machine.load_average()},
        "not_judged": summary.not_judged(facts, measured),
        "comparisons": [group for group in measured if group["axis"] is None],
        "series": [group for group in measured if group["axis"] is not None],
    }
    write(result, options.results)
    journal.close()


def _jobs(groups: Sequence[plan.Group]) -> Mapping[str, Any]:
    """What is measured, for comparison with what an earlier call measured."""
    return {
        group.name: {
            "repetitions": group.repetitions,
            "jobs": [dataclasses.asdict(entry.job) for entry in group.entries],
        }
        for group in groups
    }


def _wanted(groups: list[plan.Group], only: Sequence[str] | None) -> list[plan.Group]:
    known = [group.name for group in groups]
    for name in only or ():
        if name not in known:
            raise UserError(f"--only names {name!r}; there are {', '.join(known)}")
    return [group for group in groups if only is None or group.name in only]


def _relate(records: list[dict[str, Any]]) -> None:
    """Add what compares records of one group: with the fastest setting of each contender."""
    best: dict[str, dict[str, Any]] = {}
    for record in records:
        other = best.get(record["contender"])
        if other is None or _speed(record) > _speed(other):
            best[record["contender"]] = record
    products = best.get("products")
    if products is None:
        return
    rates = [one["values"] for one in products["repetitions"]]
    products["rates"] = {kind: summary.spread([one[kind] for one in rates]) for kind in rates[0]}
    for record in records:
        if record is not products:
            record["times_plain"] = summary.times_faster(record, best.get("plain"))
            record["times_keras"] = summary.times_faster(record, best.get("keras"))
            record["share_of_products"] = summary.share(record, products)


def _speed(record: dict[str, Any]) -> float:
    return record["examples_per_second"]["median"] if record["repetitions"] else 0.0


def _data(folder: Path) -> dict[str, Any]:
    card = load(folder).card
    return {"digest": card["digest"], "provenance": card["source"]["provenance"]}


def write(result: dict[str, Any], folder: Path) -> None:
    """`<name>.json`, `<name>.md` and the figures."""
    from benchmarks import figure

    name = result["name"]
    write_json(folder / f"{name}.json", result)
    write_text(folder / f"{name}.md", table.render(result))
    figure.write(result, folder, name)
    log.info(f"wrote {folder / name}.{{json,md}} and its figures")


if __name__ == "__main__":
    sys.exit(main())
