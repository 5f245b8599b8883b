"""What the page shows of the data, and what it must not pass on."""

import base64
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile
from made_speech import make
from pages import parsed

from adsmtl.baselines import svm
from adsmtl.collected import reading
from adsmtl.data import pictures, statistics
from adsmtl.files import read_json, write_json
from adsmtl.report import aligner, data_cards
from adsmtl.report import build as report

ROOT = Path(__file__).parents[2]

CREDIT = "Somebody, CC BY 4.0"


def study(**digests):
    """What is asked of collected tables: the data that the runs saw."""
    data = {name: {"digest": digest} for name, digest in digests.items()}
    return SimpleNamespace(environments={"one": {"data": data}})


def prepared(tmp_path, credit=None):
    folder = make(tmp_path / "made", fixed=False, credit=credit)
    statistics.write(folder)
    pictures.write(folder)
    return read_json(folder / "card.json")["digest"]


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


def test_examples_and_sound_of_data_that_may_be_passed_on(tmp_path, drawn):
    (card,) = data_cards.read(study(made=prepared(tmp_path, CREDIT)), tmp_path)
    page = report.write(reading.load(drawn), drawn, cards=[card]).read_text()
    parsed(page)
    assert encoded(tmp_path / "made/examples.png") in page
    assert f"Credit: {CREDIT}." in page
    assert "Made &lt;speech&gt;" in page
    assert "<td>6</td>" in page  # six times x
    assert "Half of the segments are longer than 50 ms; 90 % last 50 to 200 ms." in page
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(card.sound)))
    assert (len(samples), rate) == (16_000, 16_000)
    assert f"data:audio/flac;base64,{card.sound}" in page
    assert "<q>x x y</q>" in page


def test_a_page_holds_no_example_without_somebody_to_credit(tmp_path, drawn):
    (card,) = data_cards.read(study(made=prepared(tmp_path)), tmp_path)
    page = report.write(reading.load(drawn), drawn, cards=[card]).read_text()
    parsed(page)
    assert encoded(tmp_path / "made/examples.png") not in page
    assert "<audio" not in page
    assert "made/examples.png</code> shows one of each class" in page
    for statistic in ("means.png", "classes.png"):  # these may be passed on
        assert encoded(tmp_path / "made" / statistic) in page


@pytest.mark.parametrize(("digest", "reason"), [("0", "are not those of the runs"), (None, "hand")])
def test_other_data_or_none_are_said_to_be_so(tmp_path, digest, reason):
    if digest:
        prepared(tmp_path)
    (card,) = data_cards.read(study(made="1" * 64), tmp_path)
    assert reason in card.lacking
    assert card.parts is None


def test_a_baseline_counts_for_the_data_that_it_was_measured_on(tmp_path):
    digest = prepared(tmp_path)
    for own, there in ((digest, True), ("0" * 64, False)):
        write_json(tmp_path / "made" / svm.NAME, {"digest": own, "target": "phone"})
        (card,) = data_cards.read(study(made=digest), tmp_path)
        assert (card.baseline is not None) == there


def test_labels_of_an_aligner_say_how_good_they_are():
    """The numbers that stand in the documentation; those of the sample's people have none."""
    table = aligner.table(ROOT / "docs/aligner.json")
    text = (ROOT / "docs/aligner.md").read_text()
    last = [line for line in text.splitlines() if line.startswith("| ")][-1]
    shown = [cell for row in table.rows for cell in row[1:]]
    assert shown == [cell.strip() for cell in last.split("|")[3:12]]
    assert last.split("|")[12].strip() in table.caption
    assert aligner.table(ROOT / "nothing.json") is None
