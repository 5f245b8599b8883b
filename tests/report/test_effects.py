import pandas as pd
import pytest

from adsmtl.claims.outcome import ACCURACY, NLL
from adsmtl.claims.wanted import MAIN
from adsmtl.report import baselines, effects
from adsmtl.report.data_cards import DataCard
from adsmtl.tables.numbers import minus


def part(comparison="a minus b", **changes):
    return {
        "comparison": comparison,
        "unit": "percentage points",
        "values": [1.0, 3.0, 5.0, 7.0],
        "folds": [0, 1, 0, 1],
        "fold_low": -8.0,
        "fold_high": 16.0,
    } | changes


def aside(outcome, task, value):
    name = f"a minus b: {outcome.name} on {task}"
    known = {"name": name, "unit": outcome.unit, "value": value}
    return known | {"ci_low": value - 1, "ci_high": value + 1}


def test_a_part_is_shown_on_each_task_and_outcome():
    beside = [
        aside(o, t, 2.0 * k)
        for k, (o, t) in enumerate((o, t) for o in (ACCURACY, NLL) for t in MAIN)
    ]
    other = part("only one outcome")
    table = effects.by_task([{"id": "C4", "parts": [part(), other], "beside": beside}])
    assert [row[:2] for row in table.rows] == [["C4", "a minus b"]]
    assert table.rows[0][2:] == [
        *(minus("0.00 [-1.00, +1.00]"), "+2.00 [+1.00, +3.00]"),
        *("+4.000 [+3.000, +5.000]", "+6.000 [+5.000, +7.000]"),
    ]
    assert table.columns[2:] == [
        *("vision accuracy (pp)", "speech accuracy (pp)", "vision NLL (nats)", "speech NLL (nats)"),
    ]


def on_vision(value):
    """A ledger of a part over both tasks, one on vision alone, and one without such numbers."""
    alone = part("c on vision", tasks=["vision"], effect=value, ci_low=None, ci_high=None)
    own = {"tasks": ["vision", "speech"], "n": 4}
    beside = [aside(ACCURACY, "vision", value), aside(NLL, "vision", value + 4)]
    return [
        {"id": "C4", "parts": [part(**own), part("a gap", **own)], "beside": beside},
        {"id": "C8", "parts": [alone | {"n": 4}], "beside": []},
    ]


def test_a_part_is_shown_on_all_examples_and_on_some():
    call = on_vision(2.0), on_vision(3.0)
    table = effects.on_examples(*call, "vision", range(50000, 51000), "Source.")
    assert [row[:3] for row in table.rows] == [["C4", "a minus b", "4"], ["C8", "c on vision", "4"]]
    assert table.rows[0][3:] == [
        *("+2.00 [+1.00, +3.00]", "+3.00 [+2.00, +4.00]"),
        *("+6.000 [+5.000, +7.000]", "+7.000 [+6.000, +8.000]"),
    ]
    assert table.rows[1][3:5] == ["+2.00", "+3.00"]
    assert table.columns[4] == "accuracy (pp), 50000\N{EN DASH}50999"
    assert table.notes[-1].endswith("stored predictions: C4 (a gap).")
    assert table.notes[0].startswith("C8 names no direction")
    at_test = [[{**on_vision(1.0)[0], "id": "C6"}]] * 2
    shown = effects.on_examples(*at_test, "vision", range(9), "Source.")
    assert shown.rows == []  # not of these examples, but of those that were evaluated so
    empty = effects.on_examples(*call, "speech", range(9), "Source.")
    assert empty.notes == ["No contrast of the claims has outcomes on speech."]


def test_folds_have_the_mean_of_their_seeds():
    table = effects.by_fold([{"id": "C1", "parts": [part()]}])
    assert table.columns[3:] == ["fold 0", "fold 1", "over folds"]
    assert table.rows == [
        ["C1", "a minus b", "percentage points", "+3.00", "+5.00", minus("[-8.00, +16.00]")]
    ]


@pytest.mark.parametrize("parts", [[], [part(folds=[0] * 4)], [part(values=[], folds=[])]])
def test_without_two_folds_there_is_no_table_of_folds(parts):
    assert effects.by_fold([{"id": "C1", "parts": parts}]) is None


MEASURED = {
    **{"target": "phone", "classes": 61, "model": "support vector machine", "scikit-learn": "1.7"},
    **{"train": [3000, 3200], "test": [1200, 1300], "accuracy": [0.5, 0.52]},
}


def single_task_runs(**changes):
    known = {"task": "speech", "tasks": "speech", "dataset": "timit-sample", "role": "no-dropout"}
    known |= {"target": "phone", "classes": 61, "train_fraction": 1.0, "examples_train": 3700}
    return pd.DataFrame(known | {"test_accuracy": a} | changes for a in (0.5, 0.6))


def test_a_measured_baseline_stands_beside_the_task_trained_alone():
    card = DataCard("timit-sample", baseline=MEASURED, sequence=True)
    rows = baselines.table(single_task_runs(), [card]).rows
    assert rows[0][1] == "support vector machine, same segments, 61 classes"
    assert rows[0][2:4] == ["3,100", "51.0 (50.0 to 52.0)"]
    assert "mean of 2 folds, tested on 1,250; scikit-learn 1.7" in rows[0][4]
    assert rows[-1][2] == "3,700"
    assert rows[-1][3].startswith("55.0 [")
    assert not any(row[0] == "vision" for row in rows)


def test_a_baseline_of_other_classes_does_not_stand_beside_a_task():
    card = DataCard("timit-sample", baseline=MEASURED, sequence=True)
    assert baselines.table(single_task_runs(classes=39), [card]) is None


def test_a_baseline_that_was_not_measured_is_said_to_be_missing():
    vision = single_task_runs(task="vision", tasks="vision", dataset="cifar10")
    notes = baselines.table(vision, [DataCard("timit-sample", sequence=True)]).notes
    assert "`adsmtl baseline timit-sample` measures it" in notes[0]


def test_other_data_have_no_baselines():
    frame = pd.DataFrame([{"task": "vision", "dataset": "digits"}])
    assert baselines.table(frame) is None
