"""What pages state of the code, beside commands and links: claims, layers, keys of a preset."""

import math
import re
from dataclasses import fields
from pathlib import Path

from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.listing import verdict
from adsmtl.config.preset_files import Preset
from adsmtl.tasks.speech import LstmBranch
from adsmtl.tasks.vision import CnnBranch

DOCS = Path(__file__).parents[1] / "docs"


def rows(page: str, pattern: str) -> list[list[str]]:
    """The cells of a page's table rows that begin with what the pattern matches."""
    found = re.findall(rf"^ *\| ({pattern})(.*)\|$", (DOCS / page).read_text(), flags=re.MULTILINE)
    return [[cell.strip() for cell in (first + rest).split("|")] for first, rest in found]


def test_every_claim_is_listed_as_the_ledger_says_it():
    stated = {claim.id: claim.claim for claim in CLAIMS} | {verdict.ID: verdict.CLAIM}
    assert {row[0]: row[1] for row in rows("reading.md", r"C\d+ ") if len(row) == 2} == stated


def test_the_layers_have_the_parameters_that_the_protocol_counts():
    branches = CnnBranch((32, 30, 30), 10), LstmBranch((32, 9, 38), 61)
    layers = {"shared": 3 * 32 * 9 + 32}
    for branch in branches:
        for name, parameter in branch.parameters().items():
            layer = f"{type(branch).__name__} {name.split('.')[0]}"
            layers[layer] = layers.get(layer, 0) + math.prod(parameter.shape)
    counts = [
        int(row[3].replace(",", "")) for row in rows("protocol.md", "(?:shared|vision|speech): ")
    ]
    assert sorted(counts) == sorted(layers.values())
    assert f"{sum(counts):,} parameters" in (DOCS / "protocol.md").read_text()


def test_every_key_of_a_preset_is_explained():
    page = (DOCS / "extend.md").read_text().partition("## A preset, key by key")[2]
    stated = set(re.findall(r"^\| `(\w+)` ", page, flags=re.MULTILINE))
    assert stated == {field.name for field in fields(Preset)}
