"""What MLflow says of a study and of its arms, and which of their values it shows first."""

import pandas as pd

from adsmtl import outputs
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.files import read_json

MEAN = "test_accuracy"  # over the tasks, of runs that train several
HEADLINES = ("test_accuracy", "test_loss")  # by task


def of_arm(runs: pd.DataFrame) -> str:
    """The description of an arm, Markdown.

    Args:
        runs: those of the arm, one row per seed.
    """
    first, n = runs.iloc[0], len(runs)
    return (
        f"**{first['label']}** ({first['group_title']}), {n} seed{'s' * (n > 1)}.\n\n"
        "The metrics are means over seeds after the last epoch; `with_interval/` has the same with "
        f"95 % intervals. The runs of the seeds: filter by `tags.kind = 'seed' and "
        f"tags.arm = '{first['arm']}'`. Artifacts: learning curves, and the configuration."
    )


def of_study(collected: Collected) -> str:
    """The description of an experiment, Markdown: what it is, what came out, how to read it."""
    arms, interim = len(collected.arms), provenance.interim(collected)
    tasks = ", ".join(collected.runs["task"].unique()[:6])
    paragraphs = [
        f"**Preset {provenance.preset(collected)}**: {arms} arms, tasks {tasks}."
        + (f" {interim[0].upper()}{interim[1:]}." if interim else ""),
        "Every run of kind `summary` is an arm, with means over its seeds; those of kind `seed` "
        f"are single runs, with curves. `{MEAN}` is the mean over tasks, `{MEAN}/<task>` that of "
        "one, `test_loss` the NLL in nats. Values with 95 % intervals are below `with_interval/`. "
        "The run `report` holds tables, figures, the ledger of claims and the page to read.",
    ]
    ledger = outputs.claims(collected.root)[0]
    if ledger.is_file():
        judged = ", ".join(f"{row['id']} {row['verdict']}" for row in read_json(ledger))
        paragraphs.insert(1, f"Claims of the paper: {judged}.")
    return "\n\n".join(paragraphs)
