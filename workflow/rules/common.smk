# What the rules share: the settled plan of the study, and what its jobs are told.
from pathlib import Path

from adsmtl import config as adsmtl_config
from adsmtl import identity, outputs, paths, planning, revision
from adsmtl.errors import UserError

try:
    PLAN = planning.settle(adsmtl_config.settings(config))
except UserError as error:
    raise WorkflowError(str(error))

STUDY, ROOT = PLAN.study, PLAN.root
TRAITS = outputs.traits(STUDY)
LOGS, BENCHMARKS = ROOT / "logs", ROOT / "benchmarks"
RUN = ROOT / "runs" / "{arm}" / "seed={seed}"
PACKAGE = Path("src/adsmtl")

# With `--sdm conda` Snakemake builds the jobs' environment from this file.
ENVIRONMENT = "../../environment.yml"

# Every job agrees with this process about what `auto` means, and finds this package.
planning.share(PLAN.settings)


def sources(*parts):
    """The modules of the package that decide what a rule makes."""
    found = [path for part in parts for path in sorted(PACKAGE.glob(part))]
    return [str(path) for path in found]


def cards():
    """The prepared data that the study's tasks read."""
    return [str(paths.PREPARED / name / "card.json") for name in PLAN.datasets]


def finished():
    """What every run of the study leaves when it is done."""
    policy = STUDY.test_time
    dropping = [] if policy is None else policy.arms
    return [
        str(paths.run(ROOT, run.arm_id, run.seed) / name)
        for run in STUDY.runs()
        for name in ["metrics.json", *(["test-time.json"] if run.arm_id in dropping else [])]
    ]


def measured_speeds():
    """Results of `make bench`, where there are any; the report shows them."""
    return [str(path) for path in sorted((paths.RESULTS / "benchmarks").glob("*.json"))]


onstart:
    for note in PLAN.notes:
        logger.info(f"adsmtl: {note}")
    logger.info(f"adsmtl: {len(STUDY.runs())} runs, results in {ROOT}")
