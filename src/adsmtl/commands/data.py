"""Commands about data: prepare them, and measure what is known about them."""

import argparse
from pathlib import Path

from adsmtl import config, files, paths
from adsmtl.commands.shared import Add, count, log


def register(add: Add) -> None:
    """Add the commands to the parser."""
    own = add("prepare", _prepare, "fetch and prepare a data set")
    own.add_argument("dataset", help="a data set, named as in config/tasks.yaml")
    own.add_argument(
        "--processes",
        type=count,
        default=1,
        metavar="N",
        help="how many processes align speech that has no labels of its own (default: 1)",
    )
    own = add("baseline", _baseline, "measure a support vector machine on prepared speech")
    own.add_argument("dataset", help="a data set, named as in config/tasks.yaml")
    add("measure-aligner", _measure_aligner, "measure the aligner of speech on hand labels")


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
    if left_out := files.read_json(folder / "card.json").get("left_out"):
        log.info(f"left out: {len(left_out)}, such as {left_out[0]}; all are in card.json")
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
