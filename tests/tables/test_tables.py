import math
import shutil

import pandas as pd
import pytest
from collecting import collected
from synthetic import ORDER, write_results

from adsmtl import outputs
from adsmtl.analysis import measures, statistics, summary
from adsmtl.collected import collect, reading
from adsmtl.report import template
from adsmtl.tables import build as tables
from adsmtl.tables import numbers, render


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    root = tmp_path_factory.mktemp("tables") / "quick"
    shutil.copytree(results, root)
    study = collected(root, ORDER)
    assert tables.write_all(study, root) == outputs.tables(root, study.traits)
    return root


def read(written, name):
    return pd.read_csv(written / "tables" / name)


def test_csv_keeps_full_precision(written):
    runs = collected(written, ORDER).runs
    final = measures.with_chosen(runs, measures.choose_on_other_seeds)
    pd.testing.assert_frame_equal(
        read(written, "main.csv"), summary.per_arm(final), check_exact=True, check_dtype=False
    )
    pd.testing.assert_frame_equal(
        read(written, "comparisons.csv"),
        summary.comparisons(final, summary.planned(final)),
        check_exact=True,
        check_dtype=False,
    )


def test_main_table_holds_means_of_the_runs(written):
    final = collected(written, ORDER).runs
    values = final.query("arm == 'adsmtl-0.2' and task == 'speech'")["test_accuracy_39"]
    rows = read(written, "main.csv").set_index(["arm", "task", "measure"])
    row = rows.loc["adsmtl-0.2", "speech", "test_accuracy_39"]
    assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
    half = 4.302652729911275 * values.std() / math.sqrt(3)
    assert row["ci_high"] - row["mean"] == pytest.approx(half, rel=1e-9)
    text = f"{100 * values.mean():.1f} [{100 * (values.mean() - half):.1f}"
    line = next(x for x in (written / "tables/main.md").read_text().splitlines() if "ADSMTL" in x)
    assert text in line


def test_arms_keep_their_order_and_references_have_one_task(written):
    lines = (written / "tables/main.md").read_text().splitlines()
    labels = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert labels[0] == "Arm"
    assert labels[2:5] == [
        "single-task vision, no dropout",
        "single-task speech, no dropout",
        "no dropout",
    ]
    assert labels[-1] == "fixed, chosen on validation"
    assert numbers.MISSING in lines[4]


def test_comparisons_are_the_planned_ones(written):
    frame = read(written, "comparisons.csv")
    assert set(frame["task"]) == {"all", "vision", "speech"}
    pairs = list(
        zip(*(frame.query("task == 'all'")[key] for key in ("first", "second")), strict=True)
    )
    main = [arm for arm in ORDER[2:] if arm != "none"]
    assert pairs == [*((arm, "none") for arm in main), ("adsmtl-0.2", "fixed-0.2")]
    vision = frame.query("task == 'vision'")
    assert list(vision["p_holm"]) == statistics.holm(list(vision["p"]))


def test_comparisons_use_the_seeds_that_both_arms_have(tmp_path):
    write_results(tmp_path, 3, ["none"])
    write_results(tmp_path, 2, ["adsmtl-0.2"])
    final = collected(tmp_path).runs
    assert set(summary.comparisons(final, [("adsmtl-0.2", "none")])["n"]) == {2}


@pytest.mark.parametrize("name", outputs.TABLES)
@pytest.mark.parametrize("kind", ["md", "tex"])
def test_captions_state_preset_provenance_n_and_device(written, name, kind):
    text = (written / "tables" / f"{name}.{kind}").read_text()
    for part in ("Preset quick", "synthetic vision for tests", "n = 3 seeds", "Test CPU"):
        assert part in text


def test_too_few_seeds_for_the_exact_test_are_said_so(written):
    text = (written / "tables/comparisons.md").read_text()
    assert "With n = 3 the exact test cannot reach 0.05: its smallest possible p is 0.25" in text


def test_six_seeds_need_no_warning(tmp_path):
    write_results(tmp_path, 6, ["none", "adsmtl-0.2"], epochs=1)
    tables.write_all(collected(tmp_path, ["none", "adsmtl-0.2"]), tmp_path)
    text = (tmp_path / "tables/comparisons.md").read_text()
    assert "cannot reach" not in text
    assert "no Holm p" not in text


def test_so_many_comparisons_that_none_can_be_found_are_said_so(tmp_path):
    arms = ["none", "fixed-0.2", "adsmtl-0.2"]  # three comparisons, each with 2/64 at best
    write_results(tmp_path, 6, arms, epochs=1)
    tables.write_all(collected(tmp_path, arms), tmp_path)
    text = (tmp_path / "tables/comparisons.md").read_text()
    assert "With n = 6 no Holm p can be below 0.094" in text


def test_arms_with_fewer_seeds_do_not_speak_for_the_others(tmp_path):
    arms = ["none", "fixed-0.1", "fixed-0.2"]
    write_results(tmp_path, 8, arms, epochs=1)
    write_results(tmp_path, 6, ["fixed-0.3"], epochs=1)
    every = {arm: range(8) for arm in arms} | {"fixed-0.3": range(6)}
    collect.write(tmp_path, every)
    tables.write_all(reading.load(tmp_path), tmp_path)
    # Of three comparisons, that with 2/64 at best comes last, so nothing multiplies it.
    assert "no Holm p" not in (tmp_path / "tables/comparisons.md").read_text()


def test_trials_of_other_numbers_are_not_compared_and_named(tmp_path):
    arms = ["none", "fixed-0.1", "fixed-0.2", "adsmtl-0.1", "adsmtl-0.2", "adsmtl-0.3"]
    write_results(tmp_path, 4, arms, epochs=1)
    tables.write_all(collected(tmp_path, arms), tmp_path)
    text = (tmp_path / "tables/comparisons.md").read_text()
    assert "had other numbers of trials: ADSMTL, chosen on validation." in text
    assert "ADSMTL, chosen on validation vs" not in text


def test_one_seed_gives_means_without_intervals(tmp_path):
    write_results(tmp_path, 1, epochs=1)
    tables.write_all(collected(tmp_path, ORDER), tmp_path)
    main = read(tmp_path, "main.csv")
    assert main["ci_low"].isna().all()
    assert main["mean"].notna().all()
    assert "[" not in (tmp_path / "tables/main.md").read_text()


def test_a_single_arm_has_no_comparisons(tmp_path):
    write_results(tmp_path, 2, ["none"], epochs=1)
    tables.write_all(collected(tmp_path), tmp_path)
    assert read(tmp_path, "comparisons.csv").empty
    assert "have not been trained" in (tmp_path / "tables/comparisons.md").read_text()


def test_latex_escapes_what_latex_reads_as_commands():
    assert render.latex_escape(r"a_b & 50 % {x} \y #1 $ ^ ~") == (
        r"a\_b \& 50 \% \{x\} \textbackslash{}y \#1 \$ \textasciicircum{} \textasciitilde{}"
    )
    table = render.TextTable(
        "t", "50 % of a_b", ["A", "b"], [["x & y", "\N{MINUS SIGN}1"]], ["n_1"]
    )
    text = render.latex(table)
    assert r"\caption{50 \% of a\_b}" in text
    assert r"x \& y & $-$1 \\" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1


def test_a_latex_table_that_is_too_wide_stands_in_parts_below_each_other():
    wide = [f"measure {number} of a task (%)" for number in range(12)]
    rows = [[name, "16", *["58.7 [57.9, 59.5]"] * 12] for name in ("no dropout", "fixed 0.2")]
    text = render.latex(render.TextTable("t", "Words.", ["Arm", "n", *wide], rows, breaks=[1]))
    assert text.count(r"\begin{table*}") == text.count(r"\caption{") == 1
    assert text.count(r"\begin{tabular}") == text.count("fixed 0.2 & ") == 3
    assert text.count("[57.9, 59.5]") == 2 * 12
    assert r"\shortstack[r]{measure 0 of a \\ task (\%)}" in text
    body = [line for line in text.splitlines() if line.startswith("no dropout")]
    assert all(len(line) < 140 for line in body)
    narrow = render.TextTable("t", "", ["Arm", *wide[:3]], [row[:4] for row in rows])
    assert render.latex(narrow).count(r"\begin{tabular}") == 1


def test_latex_of_real_tables_is_ascii(written):
    for name in outputs.TABLES:
        assert (written / "tables" / f"{name}.tex").read_text().isascii()


def test_markdown_escapes_pipes():
    assert r"x\|y" in render.markdown(render.TextTable("t", "", ["A"], [["x|y"]]))


def test_html_escapes_cells_and_marks_groups_and_the_left_column():
    table = render.TextTable("t", "a < b", ["", "n"], [["x", "1"], ["<y>", "2"]], ["& so"], [1])
    text = template.render("effects.html.j2", tables=[table])
    assert '<p class="caption">a &lt; b</p>' in text
    assert '<tr class="break"><td class="left">&lt;y&gt;</td><td>2</td></tr>' in text
    assert '<tr><td class="left">x</td><td>1</td></tr>' in text
    assert '<p class="note">&amp; so</p>' in text
