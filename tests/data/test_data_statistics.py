"""What prepared data hold, in numbers, on data whose numbers are known."""

import pytest
from made_speech import make

from adsmtl.data import cards, pictures, statistics
from adsmtl.data.prepared import load
from adsmtl.data.speech import segments


@pytest.fixture(params=["folds", "fixed"])
def folder(tmp_path, request, monkeypatch):
    monkeypatch.setattr(cards, "PIECE", 2)  # so that pieces are joined
    monkeypatch.setattr(statistics, "PIECE", 2)
    monkeypatch.setattr(segments, "_WAITING", 4)
    return make(tmp_path / "made", fixed=request.param == "fixed")


def test_numbers_of_parts_and_classes(folder):
    data = load(folder, verify=True)
    found = statistics.of(data)
    names = list(found["parts"])
    if data.split is None:
        assert names == ["test of fold 0", "test of fold 1", "test of fold 2", "all"]
    else:
        assert names == ["train", "val", "test", "all"]
        assert data.card["counts"]["phone"]["val"] == {"x": 2, "y": 1, "z": 0}
    assert [own["examples"] for own in found["parts"].values()] == [2, 3, 4, 9]
    assert [own["speakers"] for own in found["parts"].values()] == [1, 1, 1, 3]
    seconds = [0.25, 0.30, 0.35, 0.90]
    hours = [own["hours"] for own in found["parts"].values()]
    assert hours == pytest.approx([own / 3600 for own in seconds], abs=1e-4)
    assert list(found["classes"]["x"]["counts"].values()) == [1, 2, 3, 6]
    assert found["classes"]["x"]["ms"] == {"p5": 50.0, "median": 50.0, "p95": 50.0}
    assert found["classes"]["y"]["ms"]["median"] == 200.0
    assert found["classes"]["z"]["ms"] is None
    assert found["parts"]["all"]["ms"] == {"p5": 50.0, "median": 50.0, "p95": 200.0}


def test_pictures_are_drawn_and_equal_for_equal_data(folder):
    statistics.write(folder)
    first = [path.read_bytes() for path in pictures.write(folder)]
    assert all(own.startswith(b"\x89PNG") for own in first)
    assert [path.read_bytes() for path in pictures.write(folder)] == first


def test_a_mean_is_never_that_of_a_few(folder):
    data, numbers = load(folder), statistics.of(load(folder))
    for fewest, shown in ((1, ["x", "y"]), (4, ["x"]), (pictures.FEWEST, [])):
        _, tiles = pictures._grid(data, numbers, fewest)
        assert [ax.get_title() for ax, _ in tiles] == shown
        assert all(len(members) >= fewest for _, members in tiles)
