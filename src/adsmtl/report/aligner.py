"""How good the phones are that come from an aligner, as a table of the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adsmtl import paths
from adsmtl.data.speech.agreement import TOLERANCES
from adsmtl.files import read_json
from adsmtl.tables.render import TextTable

MEASURED = paths.DOCS / "aligner.json"


def table(path: Path = MEASURED) -> TextTable | None:
    """The last and best way of aligning, which is used; None where it has not been measured."""
    if not path.is_file():
        return None
    found: Mapping[str, Any] = read_json(path)
    used = found["rows"][-1]
    named = {
        "nearest": "to the nearest hand boundary",
        "own": "where the phone's counterpart starts",
        "same": "where a phone of the same class starts",
    }
    return TextTable(
        name="aligner",
        caption=(
            "The labels of these data come from an aligner, not from people. On the "
            f"{found['utterances']} utterances of the TIMIT sample, which people have labelled, so"
            " many percent of the aligner's boundaries"
            f" (n = {used['boundaries']:,}) lie within a number of milliseconds, and"
            f" {100 * used['right_time']:.1f} % of the time has the right one of 39 phones. What is"
            " estimated was estimated on other speakers than those that it is measured on."
        ),
        columns=["Measured", *(f"{within} ms (%)" for within in TOLERANCES)],
        rows=[
            [words, *(f"{100 * used['shares'][measure][str(within)]:.1f}" for within in TOLERANCES)]
            for measure, words in named.items()
        ],
        left=1,
    )
