"""Two studies side by side: the same contrasts, and how far apart they are."""

import json

import numpy as np
import pytest
from scipy import stats

from adsmtl import paths
from adsmtl.analysis.paired import Paired
from adsmtl.archive import newest
from adsmtl.report import beside
from adsmtl.tables.numbers import minus

READING = "Does the answer depend on the corpus?"


def row(*parts, id="C4", verdict="negligible", qualifier=None):
    more = {"claim": f"{id} holds.", "verdict": verdict, "qualifier": qualifier}
    return {"id": id, "parts": list(parts), **more}


def part(comparison, values, folds=None):
    own = list(folds or [0] * len(values))
    return {"comparison": comparison, "unit": "nats", "values": values, "folds": own}


def test_the_interval_of_the_difference_is_that_of_welch():
    draw = np.random.default_rng(0)
    one, two = draw.normal(1, 1, 12), draw.normal(0, 3, 16)
    found = beside.difference(*(Paired(tuple(own), (0,) * len(own)) for own in (one, two)))
    expected = stats.ttest_ind(one, two, equal_var=False).confidence_interval()
    assert found == pytest.approx(tuple(expected))


def test_without_spread_there_is_no_interval():
    single, flat = Paired((1.0,), (0,)), Paired((1.0, 1.0), (0, 0))
    assert beside.difference(single, flat) == (None, None)
    assert beside.difference(flat, flat) == (None, None)


def test_contrasts_that_both_have_stand_effect_beside_effect():
    here = [row(part("a minus b", [1.0, 3.0]), part("only here", [1.0, 2.0]))]
    there = [row(part("a minus b", [0.0, 0.0, 3.0])), row(part("a minus b", [9.0, 9.0]), id="C5")]
    table = beside.contrasts(here, there, "second", "study")
    (shown,) = table.rows
    assert shown[:3] == ["C4", "a minus b", "nats"]
    assert [cell.split()[0] for cell in shown[3:6]] == ["+2.000", "+1.000", "+1.000"]
    assert shown[6] == "2, 3"
    assert table.columns[3:5] == ["second", "study"]


def test_what_is_measured_over_pairs_of_tasks_is_left_out():
    table = beside.contrasts([row(part("slope", []))], [row(part("slope", []))], "a", "b")
    assert (table.rows, table.notes) == ([], ["The two studies have no contrast in common."])


def test_the_section_says_where_the_other_study_has_not_been_judged():
    rows = [row(part("a minus b", [1.0, 3.0]))]
    html = beside.section(rows, None, "second", "study", READING).html
    assert "names study to stand beside it" in html
    assert "<table" not in html


def test_the_section_holds_both_tables():
    rows = [row(part("a minus b", [-1.0, -3.0]))]
    html = beside.section(rows, rows, "second", "study", READING).html
    assert READING in html
    assert minus("-2.00") in html
    assert html.count("<tr>") == 4  # two tables of a head and a row


def test_verdicts_stand_beside_each_other_where_both_studies_have_judged():
    here = [row(verdict="supported"), row(id="C5"), row(id="C8", verdict="not run")]
    there = [row(qualifier="equivalent"), row(id="C5", verdict="not run"), row(id="C8")]
    table = beside.verdicts(here, there, "full", "study")
    assert table.rows == [["C4", "C4 holds.", "supported", "negligible (equivalent)"]]
    assert table.columns == ["", "Claim", "full", "study"]
    assert beside.verdicts(here, [], "full", "study").notes


def test_a_frozen_study_is_preferred_and_the_newest_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert newest.ledger("study") is None
    made = [paths.RESULTS / "study", *(paths.FROZEN / v / "study" for v in ("0.9.0", "0.10.0"))]
    for folder in made:
        folder.mkdir(parents=True)
        (folder / "claims.json").write_text(json.dumps([]))
        assert newest.ledger("study") == folder / "claims.json"
    assert newest.ledger("full") is None
    for other in ("old-0.9.0/full", "0.9.0/.full-x1y2"):  # a person's, and that of a killed freeze
        (paths.FROZEN / other).mkdir(parents=True)
        (paths.FROZEN / other / "claims.json").write_text("[]")
    assert newest.ledger("full") is None
    assert newest.ledger(".full-x1y2") is None
