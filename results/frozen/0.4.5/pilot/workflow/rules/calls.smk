# One call of Snakemake beside others, which may have died: whose locks there are, and what is said.
import logging

from snakemake.persistence.file import FilePersistence

from adsmtl import cluster, owners
from adsmtl.running import stale

# The processes that Snakemake starts to run a job hold no locks.
LIVING = (
    owners.claim(Path(".snakemake"), lambda line: logger.info(f"adsmtl: {line}"))
    if not AGAIN
    else []
)


# When a job fails that updates its outputs, Snakemake puts the old ones back and notes them as made
# the new way. What their own files say decides: such an output is noted as not complete.
if not AGAIN:
    records = FilePersistence(nolock=True, path=Path(".snakemake"))
    for path in stale.outputs(STUDY, ROOT, PLAN.related):
        records._mark_incomplete(str(path), None)


class Said(logging.Filter):
    """Names who holds a lock, and leaves out what is no news."""

    def filter(self, record):
        text = record.getMessage()
        if LIVING and "Directory cannot be locked" in text:
            record.msg, record.args = (
                f"The folder is in use: {' '.join(LIVING)} has locked files that this call needs, "
                "and was left alone. Wait until it ends, or stop it",
                (),
            )
        # The outputs of training are updated; the first time there is nothing to go back to.
        return not (text.startswith("Cannot restore ") and text.endswith("no backup found."))


logger.addFilter(Said())


def end_jobs_left():
    """On Slurm, end what a call that was killed left in the queue."""
    if workflow.executor_plugin.name == "slurm" and not LIVING:
        try:
            cluster.end_left(Path(), lambda line: logger.info(f"adsmtl: {line}"))
        except UserError as error:
            raise WorkflowError(str(error))
