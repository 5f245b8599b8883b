"""Commands that make tables, figures, ledger, report and records of a finished study."""

import argparse
import importlib
from pathlib import Path

from adsmtl import outputs, paths
from adsmtl.commands.shared import Add, Command, collected_of, log, plan_of
from adsmtl.errors import UserError


def register(add: Add) -> None:
    """Add the commands to the parser."""
    tables = _product("adsmtl.tables.build", "write_all")
    add("tables", tables, "write the tables of a finished study")
    figures = _product("adsmtl.figures.build", "write_all")
    add("figures", figures, "write the figures of a finished study")
    add("listing", _listing, "run the paper's listing against Keras, where it is installed")
    claims = _product("adsmtl.claims.write", "write")
    add("claims", claims, "judge the paper's claims from a finished study")
    own = add("judge", _judge, "make tables, figures and ledger again from collected tables")
    own.add_argument("folder", type=Path, help="a results folder or a frozen archive")
    own.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: there)")
    own = add("contrasts", _contrasts, "show the claims' contrasts on some test examples of a task")
    own.add_argument("folder", type=Path, help="a results folder or a frozen archive")
    own.add_argument("--task", required=True, help="vision or speech")
    own.add_argument(
        "--examples", type=_span, required=True, metavar="A-B", help="their numbers, both included"
    )
    add("report", _report, "write report.html from tables, figures and claims")
    add("manifest", _manifest, "write manifest.json: where every number comes from")
    own = add("track", _track, "import every results folder into MLflow")
    own.add_argument("--only", type=Path, metavar="FOLDER", help="this results folder, not all")
    own = add("ui", _ui, "import all results, frozen ones too, and open MLflow on the newest")
    own.add_argument("--port", type=_port, default=5000, help="of the page (default: 5000)")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port; give a number from 1 to 65535")
    return int(text)


def _product(module: str, function: str) -> Command:
    """The command that hands the collected tables to a function; it loads the module when run."""

    def command(options: argparse.Namespace) -> None:
        collected = collected_of(options)
        getattr(importlib.import_module(module), function)(collected, collected.root)

    return command


def _listing(options: argparse.Namespace) -> None:
    from adsmtl.claims import listing

    path = plan_of(options).root / outputs.LISTING
    found = listing.check(path)
    log.info(f"wrote {path}: {found['reason'] or found['keras']}")


def _judge(options: argparse.Namespace) -> None:
    from adsmtl.archive.judge import judge

    if options.out is None and paths.FROZEN.resolve() in options.folder.resolve().parents:
        raise UserError(f"{options.folder} is frozen and does not change; say --out FOLDER")
    target = options.out or options.folder
    written = judge(options.folder, target)
    log.info(f"wrote {len(written)} files below {target}: tables, figures and the ledger")


def _contrasts(options: argparse.Namespace) -> None:
    from adsmtl.claims import ledger
    from adsmtl.collected import examples, provenance, reading
    from adsmtl.report import effects
    from adsmtl.tables import render

    whole = reading.load(options.folder)
    some = examples.restricted(whole, options.task, options.examples)
    judged = ledger.judge(whole), ledger.judge(some)
    source = provenance.sentence(whole)
    table = effects.on_examples(*judged, options.task, options.examples, source)
    print(render.markdown(table), end="")


def _span(text: str) -> range:
    """The whole numbers from A to B, as the argument `A-B`."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text} is no span such as 50000-50999")
    return range(int(first), int(last) + 1)


def _report(options: argparse.Namespace) -> None:
    from adsmtl.archive import page

    collected = collected_of(options)
    log.info(f"wrote {page.write(collected, collected.root)}")


def _manifest(options: argparse.Namespace) -> None:
    from adsmtl.archive import manifest

    manifest.write(collected_of(options))


def _track(options: argparse.Namespace) -> None:
    refused = _import([options.only] if options.only else _studies())
    if refused:
        raise UserError("\n".join(refused))


def _ui(options: argparse.Namespace) -> int:
    from adsmtl.tracking import page

    studies = [*_studies(), *sorted(p.parent for p in paths.FROZEN.glob("*/*/manifest.json"))]
    if not studies:
        raise UserError("there are no results to show; run snakemake first")
    refused = _import(studies)
    if len(refused) == len(studies):
        raise UserError("\n".join(refused))
    for reason in refused:
        log.error(f"not shown: {reason}")
    # What was made last is what a person wants to see.
    newest = max(studies, key=lambda root: (root in _studies(), _made(root)))
    link = page.address(newest, paths.TRACKING, options.port)
    started = page.command(paths.TRACKING, options.port)
    return page.serve(started, link, options.port, log.info)


def _studies() -> list[Path]:
    return sorted(path.parent for path in paths.RESULTS.glob("*/manifest.json"))


def _made(root: Path) -> float:
    return (root / outputs.MANIFEST).stat().st_mtime


def _import(wanted: list[Path]) -> list[str]:
    """Import results folders that can be read; what is wrong with the others."""
    from adsmtl.collected import reading
    from adsmtl.tracking import importing

    if not wanted:
        raise UserError("there are no results to import; run snakemake first")
    refused = {}
    for root in {*wanted, *(every := _studies())}:
        try:
            reading.load(root)
        except UserError as error:
            refused[root] = str(error)
    here, there = ([root for root in own if root not in refused] for own in (wanted, every))
    if here:
        importing.track(here, there, paths.TRACKING, paths.ARTIFACTS, log.info)
    return [refused[root] for root in wanted if root in refused]
