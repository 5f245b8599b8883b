# One call of Snakemake beside others, which may have died: whose locks there are, and what is said.
import logging

from snakemake_interface_executor_plugins.settings import ExecMode

from adsmtl import owners

# The processes that Snakemake starts to run a job hold no locks.
LIVING = (
    owners.claim(Path(".snakemake"), lambda line: logger.info(f"adsmtl: {line}"))
    if workflow.exec_mode == ExecMode.DEFAULT
    else []
)


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
