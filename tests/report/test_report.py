import base64
import json
import re

import pytest
from collecting import collected
from markupsafe import escape
from pages import parsed
from PIL import Image
from synthetic import write_results
from wider import derive

from adsmtl import outputs
from adsmtl.collected import reading
from adsmtl.errors import UserError
from adsmtl.figures import build as figures
from adsmtl.figures import drawing
from adsmtl.report import build as report


def test_page_needs_no_other_file_and_its_links_lead_somewhere(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    balance = parsed(page)
    for reference in balance.references:
        if reference.startswith("#"):
            assert reference[1:] in balance.ids
        else:
            assert reference.startswith("data:image/png;base64,")


def test_every_figure_is_inlined_with_its_caption(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    pictures = re.findall(r"base64,([^\"]+)", page)
    names = outputs.figure_names(reading.load(drawn).traits)
    shown = {one.name: one for one in drawing.drawings()}
    for name, picture in zip(names, pictures, strict=True):
        assert base64.b64decode(picture) == (drawn / f"figures/{name}.png").read_bytes()
        title = shown[name].title
        assert page.count(f"{title}</a>") == page.count(f"<h3>{title}</h3>") == 1
        assert str(escape(shown[name].reading)) in page
    assert page.count("<figcaption>") == len(names)
    assert "smallest possible p is 0.25" in page
    assert "synthetic speech for tests" in page
    assert report.write(reading.load(drawn), drawn).read_text() == page


def test_a_section_can_come_first(drawn):
    ledger = report.Section("ledger", "Claims & verdicts", "<p>C1 <b>supported</b></p>")
    page = report.write(reading.load(drawn), drawn, first=[ledger]).read_text()
    parsed(page)
    assert page.index("C1 <b>supported</b>") < page.index("What was claimed</h2>")
    assert "Claims &amp; verdicts" in page


def test_labels_are_escaped_and_stand_in_data_announced(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    path = tmp_path / "runs/none/seed=0/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["label"] = "<script>"
    for data in metrics["data"].values():
        data["embedded"] = True
    path.write_text(json.dumps(metrics))
    figures.write_all(collected(tmp_path), tmp_path)
    page = report.write(collected(tmp_path), tmp_path).read_text()
    assert "<script>" not in page
    assert "Stand-in data." in page
    caption = (tmp_path / "figures/gap.caption.txt").read_text()
    assert "stand-in data that install with the package" in caption


def test_other_groups_of_arms_have_tables_and_times(tmp_path):
    write_results(tmp_path, 2, ["none", "adsmtl-0.2"], epochs=1)
    derive(tmp_path, "adsmtl-0.2", "swapped", "controls", {"schedule": "follow"}, gain=-0.02)
    figures.write_all(collected(tmp_path), tmp_path)
    page = report.write(collected(tmp_path), tmp_path).read_text()
    parsed(page)
    contents, body = page.split("</nav>")
    assert '<a href="#group-controls">' in contents
    assert '<h3 id="group-controls">Controls: which part of the adaptation matters?' in body
    assert "\N{MINUS SIGN}2.00 [\N{MINUS SIGN}2.00" in body
    # Two runs of 29 seconds each.
    row = "<td>1</td><td>2</td><td>0.02</td><td>29</td>"
    assert row in body.split('id="time"')[1]


def test_the_citation_is_that_of_the_file_and_names_the_preset(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    cited = page.split('id="cite"')[1]
    assert "The adsmtl maintainers (2026). adsmtl: a reproducible replication" in cited
    assert "results of preset quick" in cited
    assert "@software{adsmtl-" in cited


def test_figures_have_one_scale(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    widths = re.findall(r"--width: (\d+)px", page)
    names = outputs.figure_names(reading.load(drawn).traits)
    for name, width in zip(names, widths, strict=True):
        with Image.open(drawn / f"figures/{name}.png") as picture:
            assert int(width) == round(0.7 * picture.width)


def test_missing_figures_are_named(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    with pytest.raises(UserError, match=r"accuracy\.png is missing; draw the figures"):
        report.write(collected(tmp_path), tmp_path)
