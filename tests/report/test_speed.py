"""The section on speed, from benchmarks' files alone."""

import base64
import copy
import json
import re
from pathlib import Path

import pytest

from adsmtl.errors import UserError
from adsmtl.report import speed

PICTURE = b"\x89PNG picture"


def _spread(median: float) -> dict[str, float]:
    ends = {"q1": median, "q3": median, "min": median / 2, "max": 2 * median}
    return {"median": median, **ends, "n": 5}


def _record(contender: str, label: str, rate: float, **more) -> dict:
    return {
        "contender": contender, "label": label, "reason": None, "replicas": 1, "steps": 8,
        "value": None, "seconds": _spread(1024 / rate), "examples_per_second": _spread(rate),
        "times_plain": _spread(rate / 400), "times_keras": _spread(rate / 500),
        "share_of_products": _spread(0.5), "facts": {"device": "CPU"},
        "peak_memory": {"rss_mib": 612.4, "device_mib": None}, **more,
    }  # fmt: skip


def _products() -> dict:
    return {
        "contender": "products", "label": "large products", "reason": None,
        "facts": {"sizes": {"fp32": 2048}}, "rates": {"fp32": _spread(9e10)},
    }  # fmt: skip


RESULT = {
    "name": "cpu",
    "quick": False,
    "embedded": False,
    "machine": {"name": "A <fast> chip", "threads": 2, "precision": "fp32"},
    "load_average": {"before": 0.25, "after": 1.0},
    "data": {"cifar10": {}, "timit-sample": {}},
    "not_judged": ["bf16 cannot be judged here."],
    "comparisons": [
        {
            "name": name,
            "title": title,
            "axis": None,
            "records": [
                {"contender": "keras", "label": "Keras", "reason": "not run: absent"},
                _record("plain", "plain PyTorch loop", 400),
                _record("engine", "this engine, R = 1", rate),
                _products(),
            ],
        }
        for name, title, rate in (
            ("vision-32", "vision, batch 32", 600),
            ("vision-128", "vision, batch 128", 700),
        )
    ],
    "series": [
        {
            "name": "replicas",
            "title": "replicas R",
            "axis": "replicas",
            "records": [_record("engine", f"this engine, R = {r}", 700, value=r) for r in (2, 1)],
        }
    ],
}


def _write(folder: Path, name: str = "cpu", **changes) -> dict:
    result = copy.deepcopy(RESULT) | {"name": name} | changes
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result))
    for figure in speed.FIGURES:
        (folder / f"{name}-{figure}.png").write_bytes(PICTURE)
        (folder / f"{name}-{figure}.caption.txt").write_text(f"The {figure} & more.\n")
    return result


def test_no_folder_no_result_or_quick_mode_alone_gives_no_section(tmp_path):
    assert speed.section(tmp_path / "absent") is None
    assert speed.section(tmp_path) is None
    (tmp_path / "cpu.unfinished").write_text("{}")
    _write(tmp_path, "cpu-quick", quick=True)
    assert speed.section(tmp_path) is None


def test_section_has_sentences_tables_and_both_pictures(tmp_path):
    _write(tmp_path)
    section = speed.section(tmp_path)
    assert (section.id, section.title) == ("speed", "Speed")
    assert "A &lt;fast&gt; chip, 2 threads for every contender" in section.html
    assert (
        "On vision, batch 128, the engine with R = 1 trained 1.75 (0.875 to 3.5) times as fast as "
        "the plain PyTorch loop and 1.4 (0.7 to 2.8) times as fast as Keras."
    ) in section.html
    assert "bf16 cannot be judged here." in section.html
    assert section.html.count('<table class="numbers">') == len(RESULT["comparisons"])
    pictures = re.findall(r"base64,([^\"]+)", section.html)
    assert [base64.b64decode(one) for one in pictures] == [PICTURE] * 2
    assert "<figcaption>The growth &amp; more.</figcaption>" in section.html


def test_every_finished_result_has_its_part_and_stand_in_data_are_named(tmp_path):
    _write(tmp_path)
    _write(tmp_path, "cpu-embedded", embedded=True, series=[])
    html = speed.section(tmp_path).html
    assert html.index("<code>cpu-embedded</code>") < html.index("<code>cpu</code>")
    assert html.count("(stand-in data)") == 1
    assert html.count("<img") == 3


def test_a_missing_picture_is_named(tmp_path):
    _write(tmp_path)
    (tmp_path / "cpu-growth.png").unlink()
    with pytest.raises(UserError, match=r"cpu-growth\.png is missing"):
        speed.section(tmp_path)


@pytest.mark.parametrize("content", ['{"quick": false}', "[]", '{"quick": false, "machine": 1}'])
def test_a_file_that_is_no_result_is_named(tmp_path, content):
    (tmp_path / "cpu.json").write_text(content)
    with pytest.raises(UserError, match=r"cpu\.json is no result of the benchmarks"):
        speed.section(tmp_path)


def test_headline_leaves_out_who_did_not_run_and_takes_what_there_is():
    result = copy.deepcopy(RESULT)
    del result["comparisons"][1]
    result["comparisons"][0]["records"][2]["times_keras"] = None
    (sentence,) = speed.headline(result)
    assert sentence.startswith("On vision, batch 32,")
    assert "Keras" not in sentence
    assert speed.headline(result | {"comparisons": []}) == []
    alone = copy.deepcopy(result)
    for record in alone["comparisons"][0]["records"]:
        record |= {"times_plain": None, "times_keras": None}
    assert speed.headline(alone) == []


def test_comparison_has_a_row_per_contender_and_the_products_below():
    table = speed.comparison(RESULT["comparisons"][1])
    assert [row[0] for row in table.rows] == ["Keras", "plain PyTorch loop", "this engine, R = 1"]
    assert table.rows[0][1] == "not run: absent"
    engine = dict(zip(table.columns, table.rows[2], strict=True))
    assert engine["examples/s"] == "700 (350 to 1400)"
    assert engine["share of products"] == "50 % (25 to 100)"
    assert engine["memory (MiB)"] == "612"
    assert table.notes == [
        "Products of square matrices: fp32 90 GFLOP/s (45 to 180) at 2048 x 2048."
    ]


def test_series_is_ordered_by_what_is_varied():
    table = speed.series(RESULT["series"][0])
    assert [row[1] for row in table.rows] == ["1", "2"]
    assert table.columns[1] == "R"
    assert table.rows[0][3] == "183"  # 1024 / 700 s in 8 steps
