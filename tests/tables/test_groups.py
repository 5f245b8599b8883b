import pandas as pd
import pytest
from collecting import collected
from synthetic import write_results
from wider import derive, plain_frame, write_wide

from adsmtl import outputs
from adsmtl.tables import build as tables
from adsmtl.tables import groups, numbers


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = write_wide(tmp_path_factory.mktemp("wide") / "quick", seeds=3)
    assert tables.write_all(collected(root), root) == outputs.tables(root, collected(root).traits)
    return root


def lines(written, name):
    text = (written / "tables" / f"{name}.md").read_text().splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text if line[:1] == "|"]


def test_the_text_of_main_leaves_other_groups_to_their_tables(written):
    labels = [line[0] for line in lines(written, "main")]
    assert "ADSMTL, p0 0.2" in labels
    assert "swapped" not in labels
    assert not any("sex" in heading for heading in lines(written, "main")[0])
    arms = set(pd.read_csv(written / "tables/main.csv")["arm"])
    assert {"swapped", "pair-speech-sex", "adsmtl-0.2", "fixed-chosen"} <= arms


def test_the_choice_is_told_where_the_chosen_arm_has_another_table(tmp_path):
    arms = ["none", "adsmtl-0.2", "adsmtl-0.1", "adsmtl-0.3"]
    root = write_results(tmp_path / "quick", 2, arms)
    tables.write_all(collected(root), root)
    (note,) = [
        line for line in (root / "tables/main.md").read_text().splitlines() if "(seed" in line
    ]
    assert note.startswith("ADSMTL, ")
    assert "adsmtl-" not in note  # labels, not ids


def test_controls_are_compared_with_adsmtl(written):
    heading, _, first, second = lines(written, "group-controls")
    column = heading.index("vs ADSMTL, p0 0.2 (pp)")
    assert (first[0], second[0]) == ("ADSMTL, p0 0.2", "swapped")
    assert first[column] == numbers.MISSING
    assert second[column] == "\N{MINUS SIGN}2.00 [\N{MINUS SIGN}2.00, \N{MINUS SIGN}2.00]"


def test_less_data_is_compared_with_one_task_on_as_much(written):
    table = lines(written, "group-data")
    column = table[0].index("vs single-task (pp)")
    final = collected(written).runs
    accuracy = final.groupby("arm")["test_accuracy"].mean()
    alone = accuracy[["single-vision-10pct", "single-speech-10pct"]].mean()
    expected = 100 * (accuracy["none-10pct"] - alone)
    row = next(line for line in table if line[0] == "none 10pct")
    assert row[column].split()[0] == f"{expected:+.2f}"
    assert "delta_m (%)" not in table[0]


def test_many_tasks_share_one_column_of_gaps(written):
    table = lines(written, "group-relatedness")
    assert {"vision acc. (%)", "sex acc. (%)", "mean gap (pp)"} <= set(table[0])
    final = collected(written).runs
    gap = 100 * final.loc[final["arm"] == "pair-speech-sex", "gap"].mean()
    row = next(line for line in table if line[0] == "pair speech sex")
    assert row[table[0].index("mean gap (pp)")] == numbers.minus(f"{gap:.1f}")


def test_the_csv_has_the_difference_at_full_precision(written):
    frame = pd.read_csv(written / "tables/group-controls.csv").query("measure == 'difference'")
    assert list(frame["arm"]) == ["swapped"]
    assert frame["mean"].item() == pytest.approx(-0.02, abs=1e-12)
    assert frame["n"].item() == 3


def test_a_group_without_its_baseline_says_so(tmp_path):
    write_results(tmp_path, 2, ["none"], epochs=1)
    derive(tmp_path, "none", "borrowed", "controls", {"schedule": "follow"})
    tables.write_all(collected(tmp_path), tmp_path)
    text = (tmp_path / "tables/group-controls.md").read_text()
    assert "The arm adsmtl-0.2, which these are compared with, has no finished run" in text


def test_a_group_is_compared_with_the_baseline_that_its_arms_state():
    frame = plain_frame()
    frame.loc[frame["arm"] == "none-10pct", ["group", "baseline"]] = "new", "none"
    found = groups.differences(frame, "new")
    assert list(found["arm"]) == ["none-10pct"]
    assert found["mean"].item() == pytest.approx(-0.1 + 0.03)


def test_captions_say_what_is_compared_and_with_what(written):
    text = (written / "tables/group-schedules.md").read_text()
    assert "to multi-task training without dropout at the same seed" in text
    assert "Preset quick" in text
    assert "n = 3 seeds" in text
