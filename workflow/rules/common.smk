# What the rules share: the settled plan of the study, and the settings of their jobs.
import json
import os
from dataclasses import asdict
from pathlib import Path

from adsmtl import config as adsmtl_config
from adsmtl import paths, planning
from adsmtl.analysis import products
from adsmtl.errors import UserError

try:
    PLAN = planning.settle(adsmtl_config.settings(config))
except UserError as error:
    raise WorkflowError(str(error))

STUDY, ROOT = PLAN.study, PLAN.root
LOGS, BENCHMARKS = ROOT / "logs", ROOT / "benchmarks"
RUN = ROOT / "runs" / "{arm}" / "seed={seed}"
PACKAGE = Path("src/adsmtl")

# With `--sdm conda`, jobs run in the environment of this name (environment.yml).
ENVIRONMENT = "adsmtl"

# The settled settings, so that every job agrees with this process about what `auto` means.
os.environ["ADSMTL_SETTINGS"] = json.dumps(asdict(PLAN.settings))


envvars:
    "ADSMTL_SETTINGS",


def sources(*parts):
    """The modules of the package that decide what a rule makes."""
    found = [path for part in parts for path in sorted(PACKAGE.glob(part))]
    return [str(path) for path in found]


def cards():
    """The prepared data that the study's tasks read."""
    return [str(paths.PREPARED / name / "card.json") for name in PLAN.datasets]


def finished():
    """What every run of the study leaves when it is done."""
    return [str(paths.run(ROOT, run.arm_id, run.seed) / "metrics.json") for run in STUDY.runs()]


onstart:
    for note in PLAN.notes:
        logger.info(f"adsmtl: {note}")
    logger.info(f"adsmtl: {len(STUDY.runs())} runs, results in {ROOT}")
