import base64
import json
import re

import pytest
from pages import parsed
from synthetic import ORDER, write_results

from adsmtl.analysis import figures, products, report
from adsmtl.errors import UserError


def test_page_needs_no_other_file_and_its_links_lead_somewhere(drawn):
    page = report.write(drawn, ORDER).read_text()
    balance = parsed(page)
    for reference in balance.references:
        if reference.startswith("#"):
            assert reference[1:] in balance.ids
        else:
            assert reference.startswith("data:image/png;base64,")


def test_every_figure_is_inlined_with_its_caption(drawn):
    page = report.write(drawn, ORDER).read_text()
    pictures = re.findall(r"base64,([^\"]+)", page)
    for name, picture in zip(products.FIGURES, pictures, strict=True):
        assert base64.b64decode(picture) == (drawn / f"figures/{name}.png").read_bytes()
    assert page.count("<figcaption>") == len(products.FIGURES)
    assert "smallest possible p is 0.25" in page
    assert "synthetic speech for tests" in page
    assert report.write(drawn, ORDER).read_text() == page


def test_a_section_can_come_first(drawn):
    ledger = report.Section("ledger", "Claims & verdicts", "<p>C1 <b>supported</b></p>")
    page = report.write(drawn, ORDER, first=[ledger]).read_text()
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
    figures.write_all(tmp_path)
    page = report.write(tmp_path).read_text()
    assert "<script>" not in page
    assert "Stand-in data." in page
    caption = (tmp_path / "figures/gap.caption.txt").read_text()
    assert "stand-in data that install with the package" in caption


def test_missing_figures_are_named(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    with pytest.raises(UserError, match=r"accuracy\.png is missing; draw the figures"):
        report.write(tmp_path)
