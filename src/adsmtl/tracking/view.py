"""How MLflow's page shows an experiment when it is opened: a table of its arms."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from adsmtl.tracking import words

# The page's mode for training; else it opens on traces of language models.
KIND = {"mlflow.experimentKind": "custom_model_development"}
MODE = "machine_learning"
SHARE = "arms"
WIDTH = 155  # pixels that the name of a metric needs


def tags(tasks: Sequence[str]) -> dict[str, str]:
    """The tags of an experiment that set the mode and keep the view under a key.

    The form is that of the page's own "share view"; a tag holds its state.

    Args:
        tasks: those whose accuracy gets a column, in this order.
    """
    metrics = [words.MEAN, *(f"{name}/{task}" for name in words.HEADLINES for task in tasks)]
    columns = [*(f"metrics.`{name}`" for name in metrics), "tags.`label`"]
    state = {
        "searchFilter": "tags.kind = 'summary'",
        "orderByKey": f"metrics.`{words.MEAN}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "columnWidths": dict.fromkeys(columns, WIDTH),
    }
    return {**KIND, f"mlflow.sharedViewState.{SHARE}": json.dumps(state)}


def link(experiment: str, port: int) -> str:
    """The address of an experiment's table of arms, best first."""
    query = urlencode({"workflowType": MODE, "viewStateShareKey": SHARE})
    return f"http://127.0.0.1:{port}/#/experiments/{experiment}/runs?{query}"
