"""What prepared data hold, in numbers, on data whose numbers are known."""

import numpy as np
import pytest

from adsmtl.data import cards, pictures, statistics
from adsmtl.data.prepared import load
from adsmtl.data.speech.segments import INPUT, Index, Segment

SPEAKERS = ("a", "b", "c")
FOLDS = [{"test": [own], "val": [other]} for own, other in zip("abc", "bca", strict=True)]


@pytest.fixture(params=["folds", "fixed"])
def folder(tmp_path, request, monkeypatch):
    """Three speakers: n segments of 50 ms and one of 200 ms for speaker n."""
    monkeypatch.setattr(cards, "PIECE", 2)  # so that pieces are joined
    monkeypatch.setattr(statistics, "PIECE", 2)
    index = Index(("x", "y", "z"), SPEAKERS, tmp_path)
    for number, speaker in enumerate(SPEAKERS, start=1):
        short = [Segment(800 * place, 800 * (place + 1), "x") for place in range(number)]
        end = 800 * number
        index.add(speaker, end + 3200, [*short, Segment(end, end + 3200, "y")])
    card = {
        **{"dataset": "made", "title": "Made", "kind": "sequence", "embedded": False},
        **{"input": INPUT, "targets": {"phone": {"classes": ["x", "y", "z"]}}},
        **{"groups": list(SPEAKERS), "audio": index.audio()},
        "source": dict.fromkeys(("name", "origin", "sha256", "provenance", "licence"), "-"),
    }
    fixed = request.param == "fixed"
    if not fixed:
        card["folds"] = FOLDS
    frames = np.random.default_rng(0).normal(size=(index.frames, 3, 40)).astype(np.float32)
    cards.write(
        tmp_path,
        card,
        inputs=[frames],
        targets={"phone": index.phones},
        groups=index.groups,
        spans=index.spans,
        split=index.groups.through(np.arange(3, dtype=np.int8)) if fixed else None,
    )
    return tmp_path


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
