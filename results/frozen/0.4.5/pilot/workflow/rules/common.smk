# What the rules share: the settled plan of the study, and what its jobs are told.
import re
from dataclasses import replace
from pathlib import Path

from snakemake_interface_executor_plugins.settings import ExecMode

from adsmtl import config as adsmtl_config
from adsmtl import identity, modules, outputs, paths, planning, revision, stopping
from adsmtl.archive import newest
from adsmtl.data import registry
from adsmtl.errors import UserError

# Where Snakemake runs again for a single job, on another machine perhaps: it keeps to what was settled.
AGAIN = workflow.exec_mode != ExecMode.DEFAULT

try:
    PLAN = planning.settle(
        adsmtl_config.settings({**config, **(planning.shared() if AGAIN else {})})
    )
except UserError as error:
    raise WorkflowError(str(error))

STUDY, ROOT = PLAN.study, PLAN.root
TRAITS = outputs.traits(STUDY)
COLLECTED = outputs.collected(ROOT)
LOGS, BENCHMARKS = ROOT / "logs", ROOT / "benchmarks"
RUN = ROOT / "runs" / "{arm}" / "seed={seed}"

# With `--sdm conda` Snakemake builds the jobs' environment from this file.
ENVIRONMENT = "../../environment.yml"


def processes():
    """Training processes at once, as far as this call says; only the estimate of time uses it."""
    limits = workflow.global_resources
    count = {
        name: limits[name].value if name in limits else None for name in ("_cores", "_nodes", "gpu")
    }
    # The limit is that of one machine; on a cluster it is not used (profiles/slurm).
    spread = workflow.resource_scopes.is_local("gpu")
    devices = PLAN.settings.gpus if spread else count["gpu"] or 1
    return PLAN.processes(count["_cores"] or count["_nodes"] or 1, devices)


def memory(wildcards, attempt):
    """MB that a training job asks a cluster for: 4.1 GB at most were resident at the size of
    `study`. More after a failure, which may have been for memory."""
    return 5000 * attempt


def minutes(runs):
    """Likewise its minutes. A job that is ended by its limit goes on after its last epoch."""
    return lambda wildcards, attempt: attempt * (60 + 15 * runs)


# Every job agrees with this process about what `auto` means, and finds this package.
planning.share(PLAN.settings, processes())


# A rule that reads or writes many files has a message, which stands in the log in their place. Its
# code is one parameter, a digest. Two things are never used: the number of cores in a parameter,
# which would make a rule stale for another number and fail where none is given, as in reports; and
# ancient() on a file that a rule makes, because Snakemake looks at nothing behind a stale job.
def cards():
    """The prepared data that the study's tasks read."""
    return [str(paths.PREPARED / name / "card.json") for name in PLAN.datasets]


def baselines():
    """A known method, measured on the corpora of speech that the study's tasks read."""
    spoken = [name for name in PLAN.datasets if name in registry.speech_corpora()]
    return [str(paths.PREPARED / name / "baseline.json") for name in spoken]


# Arms that are also evaluated with units dropped at test time.
DROPPING = () if STUDY.test_time is None else STUDY.test_time.arms


def finished():
    """What every run of the study leaves for those who read it."""
    return [
        str(paths.run(ROOT, run.arm_id, run.seed) / name)
        for run in STUDY.runs()
        for name in [
            *("metrics.json", "history.jsonl", "predictions.npz"),
            *(["test-time.json"] if run.arm_id in DROPPING else []),
            *(["affinity.json"] if run.arm_id in PLAN.related else []),
        ]
    ]


def policy():
    """How arms are evaluated with units dropped, whichever arms this call is about."""
    return None if STUDY.test_time is None else replace(STUDY.test_time, arms=())


def beside():
    """The ledger of the study that the report shows beside this one, where there is one."""
    other = adsmtl_config.preset(STUDY.preset).beside
    found = None if other is None else newest.ledger(other.preset)
    return [] if found is None else [found]


def measured_speeds():
    """Results of `make bench`, where there are any; the report shows them."""
    return [str(path) for path in sorted((paths.RESULTS / "benchmarks").glob("*.json"))]


onstart:
    stopping.pass_on_sigterm()
    end_jobs_left()
    for note in PLAN.notes:
        logger.info(f"adsmtl: {note}")
    logger.info(f"adsmtl: {len(STUDY.runs())} runs, results in {ROOT}")
