"""Commands about what is kept: blocks of studies, frozen studies, and whether they are sound."""

import argparse
import shutil
from pathlib import Path

from adsmtl import outputs
from adsmtl.commands.shared import Add, log, plan_of
from adsmtl.errors import UserError


def register(add: Add) -> None:
    """Add the commands to the parser."""
    own = add("keep", _keep, "keep a trained part of a study below results/blocks, to be pooled")
    own.add_argument("name", help="what to call the block, such as seeds-0-3")
    own = add("pool", _pool, "join blocks of one study, or take up an archive, and judge it")
    own.add_argument("blocks", type=Path, nargs="+", help="results folders or archives")
    own.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="results folder to write"
    )
    own = add("freeze", _freeze, "keep a finished study below results/frozen, to be cited")
    own.add_argument(
        "folder", type=Path, nargs="?", help="results (default: those of the settings' study)"
    )
    own = add("verify", _verify, "check results from the ground up, and name what is wrong")
    own.add_argument("path", type=Path, help="results, archive, block, run or prepared data")
    own = add("compare", _compare, "say of two results what is equal and what differs")
    own.add_argument("first", type=Path, help="a results folder, an archive or a block")
    own.add_argument("second", type=Path, help="another, to compare with it")


def _keep(options: argparse.Namespace) -> None:
    from adsmtl.archive.freeze import keep

    log.info(f"kept {keep(plan_of(options).root, options.name)}; commit it")


def _pool(options: argparse.Namespace) -> None:
    from adsmtl.archive import manifest, page
    from adsmtl.archive.judge import judge
    from adsmtl.archive.pool import pool
    from adsmtl.collected import provenance, reading

    folder = options.out / outputs.COLLECTED
    before = folder.exists()
    try:
        pool(options.blocks, options.out)
        judge(options.out, options.out)
        collected = reading.load(options.out)
        page.write(collected, options.out)
        manifest.write(collected)
    except BaseException:
        if not before:  # so that the same call can be made again
            shutil.rmtree(folder, ignore_errors=True)
        raise
    log.info(f"wrote {options.out}: {provenance.interim(collected) or 'all seeds are there'}")


def _freeze(options: argparse.Namespace) -> None:
    from adsmtl.archive.freeze import freeze

    log.info(f"froze {freeze(options.folder or plan_of(options).root)}; commit it")


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
