import base64
import json
import re
import shutil
from dataclasses import replace

import pytest
from collecting import collected
from markupsafe import escape
from pages import parsed
from PIL import Image
from synthetic import write_results
from wider import derive

from adsmtl.claims.ledger import judge
from adsmtl.collected import collect, provenance, reading
from adsmtl.errors import UserError
from adsmtl.figures import build as figures
from adsmtl.figures import drawing
from adsmtl.report import build as report
from adsmtl.report import claims, facts
from adsmtl.report.data_cards import DataCard
from adsmtl.report.section import Section


@pytest.fixture(scope="module")
def drawn(drawn, tmp_path_factory):
    """A copy, since pages are written there; other workers write others at the same time."""
    return shutil.copytree(drawn, tmp_path_factory.mktemp("page") / "quick")


def test_page_needs_no_other_file_and_its_links_lead_somewhere(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    balance = parsed(page)
    for reference in balance.references:
        if reference.startswith("#"):
            assert reference[1:] in balance.ids
        elif reference == "collected/runs.csv":  # data to look up, beside the page
            assert (drawn / reference).is_file()
        else:
            assert reference.startswith("data:image/png;base64,")


def rows_of(root):
    study = reading.load(root)
    return judge(study), study


def whole(root):
    """The page with its ledger, as the command line writes it."""
    rows, study = rows_of(root)
    return report.write(study, root, claims.sections(rows, study, root)).read_text()


@pytest.fixture(scope="module")
def page(drawn):
    """That of the study with all figures; judging it takes seconds."""
    return whole(drawn)


def test_every_figure_is_inlined_once_with_its_caption(drawn, page):
    parsed(page)
    rows, study = rows_of(drawn)
    source = provenance.sentence(study)
    judged = {row["id"] for row in rows if row["verdict"] != "not run"}
    shown = [
        one
        for one in drawing.of_study(study.traits)
        if not one.name.startswith("claim-") or one.section in judged
    ]
    assert any(one.name == "claim-C3" for one in shown)
    pictures = re.findall(r"base64,([^\"]+)", page)
    assert len(pictures) == len(shown)
    for one in shown:
        png = base64.b64encode((drawn / f"figures/{one.name}.png").read_bytes()).decode()
        assert png in pictures
        assert page.count(f'id="figure-{one.name}"') == 1
        caption = (drawn / f"figures/{one.name}.caption.txt").read_text().strip()
        assert caption.endswith(source)
        assert str(escape(caption.removesuffix(source).rstrip())) in page
    assert "smallest possible p is 0.25" in page
    assert "synthetic speech for tests" in page


def test_the_page_says_once_where_its_numbers_come_from(drawn, page):
    source = str(escape(provenance.sentence(reading.load(drawn))))
    assert source.startswith("Preset ")
    assert page.count(source) == 1


def test_equal_inputs_give_equal_pages(drawn, page):
    assert whole(drawn) == page


def test_claims_that_were_not_run_have_no_picture(page):
    assert 'id="C6"' in page
    assert 'id="figure-claim-C6"' not in page  # nothing was evaluated with units dropped


def test_the_page_begins_with_the_summary_and_ends_with_ways_to_go_on(page):
    ids = re.findall(r'<section id="([^"]+)">', page)
    assert ids[:3] == ["summary", "claims", "effects"]
    assert ids[-2:] == ["go-on", "cite"]
    told = page.split('<section id="go-on">')[1]
    assert "adsmtl judge results/quick" in told
    # All seeds of the preset are there, and it refuses others.
    assert "Raise <code>seeds</code> in <code>config/presets/quick.yaml</code>" in told
    assert " seeds=" not in told


def test_analyses_that_have_something_to_show_stand_among_the_results(page):
    results = page.split('<section id="results">')[1].split('<section id="figures">')[0]
    headings = re.findall(r'<h3 id="([^"]+)">', results)
    assert headings == [
        *("main", "comparisons", "folds", "variance", "dose", "calibration", "baselines"),
    ]


def part_of(drawn, root, seeds):
    """The study of the fixture as a part of one with more seeds."""
    shutil.copytree(drawn, root)
    path = root / "collected/study.json"
    study = json.loads(path.read_text())
    study["planned"] = {arm: list(seeds) for arm in study["planned"]}
    path.write_text(json.dumps(study))
    return root


def test_a_study_that_is_not_complete_says_so_at_once(drawn, page, tmp_path):
    part = whole(part_of(drawn, tmp_path / "quick", range(8)))
    assert "<h2>Claims and verdicts: interim, 3 of 8 seeds" in part
    assert part.index("Interim, 3 of 8 seeds") < part.index("<nav")
    assert "interim, " not in page


def test_groups_that_have_other_seeds_are_told_apart(drawn, tmp_path):
    root = shutil.copytree(drawn, tmp_path / "quick")
    whole_study = reading.load(root)
    main = whole_study.runs["group"] == "main"
    fewer = whole_study.runs[main | (whole_study.runs["seed"] < 2)]
    collect.save(replace(whole_study, runs=fewer))
    page = whole(root)
    assert "2 to 3 seeds per arm" in page
    assert "(0-1 for Reference: each task alone; 0-2 for Main arms: the tasks together" in page


def test_examples_that_folds_change_are_told_as_a_range(drawn):
    runs = reading.load(drawn).runs
    more = runs["examples_test"].where(runs["seed"] != 1, 1500)
    table = facts.tasks(replace(reading.load(drawn), runs=runs.assign(examples_test=more)))
    assert {row[-1] for row in table.rows} == {f"1,500 to {runs['examples_test'].max():,}"}


def test_a_study_that_is_not_complete_names_the_next_block_that_it_lacks(drawn, tmp_path):
    told = whole(part_of(drawn, tmp_path / "rest", range(8))).split('id="go-on"')[1]
    assert "preset=quick seeds=3</code>" in told  # of seeds 0 to 3, that have every fold once
    assert "adsmtl pool A B" in told
    told = whole(part_of(drawn, tmp_path / "more", [0, 1, 2, 8, 10, 11, 12])).split('id="go-on"')[1]
    assert "preset=quick seeds=8,10-11</code>" in told


def test_commands_and_names_in_a_sentence_are_set_as_code(drawn, page):
    card = DataCard("cifar10", lacking="Not <here>: `adsmtl prepare cifar10` adds them.")
    told = report.write(reading.load(drawn), drawn, cards=[card]).read_text()
    assert "Not &lt;here&gt;: <code>adsmtl prepare cifar10</code> adds them." in told
    assert "`" not in page


def test_the_comparisons_of_single_tasks_are_folded_below_those_of_their_mean(page):
    shown, folded = page.split('id="comparisons"')[1].split("<h3")[0].split("<details>")
    assert "mean over tasks" in shown
    assert "mean over tasks" not in folded
    rows = shown.count("<tr")  # the heading is one of them
    assert f"The same on each task: {2 * (rows - 1)} comparisons" in folded
    assert folded.count("<tr") == 2 * (rows - 1) + 1


def test_dark_mode_and_narrow_screens_have_rules_of_their_own(page):
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media (max-width: 40rem)" in page
    # Whatever is wider than a screen scrolls by itself.
    outside = re.sub(r'<div class="wide">.*?</div>', "", page, flags=re.DOTALL)
    assert "<table" not in outside
    assert "<img" not in outside


def test_a_section_can_come_first(drawn):
    ledger = Section("ledger", "Claims & verdicts", "<p>C1 <b>supported</b></p>")
    page = report.write(reading.load(drawn), drawn, first=[ledger]).read_text()
    parsed(page)
    assert page.index("C1 <b>supported</b>") < page.index("What was claimed</h2>")
    assert "Claims &amp; verdicts" in page


def test_labels_are_escaped_and_stand_in_data_announced(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    path = tmp_path / "runs/none/seed=0/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["label"] = "<script>alert"
    for data in metrics["data"].values():
        data["embedded"] = True
    path.write_text(json.dumps(metrics))
    figures.write_all(collected(tmp_path), tmp_path)
    page = report.write(collected(tmp_path), tmp_path).read_text()
    assert "<script>alert" not in page
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


def test_an_arm_in_a_table_leads_to_its_runs(drawn):
    study = reading.load(drawn)
    page = report.write(study, drawn).read_text()
    balance = parsed(page)
    for arm, own in study.runs.groupby("arm"):
        assert f"#runs-{arm}" in balance.references
        for seed in own["seed"].unique():
            assert f"<code>{arm}/seed={seed}</code>" in page
    (section,) = re.findall(r'(?s)<section id="runs">.*?</section>', page)
    assert section.count("<code>") > len(study.per_run)


def test_the_citation_is_that_of_the_file_and_names_the_preset(drawn):
    page = report.write(reading.load(drawn), drawn).read_text()
    cited = page.split('id="cite"')[1]
    assert "The adsmtl maintainers (2026). adsmtl: a reproducible replication" in cited
    assert "results of preset quick" in cited
    assert "@software{adsmtl-" in cited


def test_figures_have_one_scale(drawn, page):
    found = re.findall(r'id="figure-([^"]+)">.*?--width: (\d+)px', page, flags=re.DOTALL)
    assert len(found) == page.count("<img")
    for name, width in found:
        with Image.open(drawn / f"figures/{name}.png") as picture:
            assert int(width) == round(0.7 * picture.width)


def test_missing_figures_are_named(tmp_path):
    write_results(tmp_path, 1, ["none"], epochs=1)
    with pytest.raises(UserError, match=r"\.png is missing; draw the figures"):
        report.write(collected(tmp_path), tmp_path)
