"""A prepared folder is whole, or refused with the file's name."""

import errno
import json
import subprocess
import sys

import numpy as np
import pytest
from written import utterances

from adsmtl.data import cards
from adsmtl.data.prepared import load
from adsmtl.errors import UserError


def test_what_is_written_is_loaded_without_a_copy(tmp_path):
    data = load(utterances(tmp_path / "tiny"), verify=True)
    assert isinstance(data.inputs, np.memmap)
    assert data.inputs.shape == (7, 3, 40)
    assert data.inputs[:4].all()
    assert not data.inputs[4:].any()
    assert data.spans.dtype == data.groups.dtype == data.targets["phone"].dtype == np.int64
    assert data.split is None
    assert data.card["counts"] == {"phone": {"all": {"a": 1, "b": 2}}}
    assert (len(data), data.dataset) == (3, "tiny")


def test_missing_card_and_missing_array(tmp_path):
    with pytest.raises(UserError, match="holds no prepared data"):
        load(tmp_path)
    folder = utterances(tmp_path / "tiny")
    (folder / "groups.npy").unlink()
    with pytest.raises(UserError, match=r"groups\.npy is damaged: it is missing; delete .*tiny"):
        load(folder)


@pytest.mark.parametrize("name", ["inputs.npy", "spans.npy", "target.phone.npy"])
def test_truncated_array(tmp_path, name):
    folder = utterances(tmp_path / "tiny")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-8])
    with pytest.raises(UserError, match=f"{name} is damaged"):
        load(folder)


def test_a_changed_byte_is_found_by_verify_alone(tmp_path):
    folder = utterances(tmp_path / "tiny")
    content = bytearray((folder / "inputs.npy").read_bytes())
    content[-1] ^= 1
    (folder / "inputs.npy").write_bytes(bytes(content))
    load(folder)
    with pytest.raises(UserError, match=r"inputs\.npy is damaged: SHA-256 is .* the card says"):
        load(folder, verify=True)


def test_card_that_disagrees_with_the_arrays(tmp_path):
    folder = utterances(tmp_path / "tiny")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "examples": 4}))
    with pytest.raises(UserError, match=r"shape is \[3, 2\], the card says \[4, 2\]"):
        load(folder)
    del card["targets"]
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(UserError, match=r"card\.json is damaged: it lacks 'targets'"):
        load(folder)


def test_full_disk_names_the_folder_and_keeps_the_old_data(tmp_path, monkeypatch):
    folder = utterances(tmp_path / "tiny")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cards, "save", full)
    with pytest.raises(UserError, match="tiny: No space left on device"):
        utterances(folder)
    load(folder, verify=True)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_saved_arrays_are_what_numpy_would_write(tmp_path):
    array = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    cards.save(tmp_path / "ours.npy", [array[:1], array[1:]])
    np.save(tmp_path / "numpy.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()


def test_loading_and_splitting_need_numpy_alone():
    heavy = "torch torchaudio requests soundfile pydantic rich sklearn yaml"
    code = (
        "import sys, adsmtl.data.prepared, adsmtl.data.folds\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_stream_is_saved_block_by_block_and_must_be_as_long_as_it_says(tmp_path):
    array = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    blocks = (array[start : start + 2] for start in (0, 2))
    cards.save(tmp_path / "ours.npy", cards.Stream(blocks, array.shape, np.float32))
    assert (np.load(tmp_path / "ours.npy") == array).all()
    short = cards.Stream(iter([array[:2]]), array.shape, np.float32)
    with pytest.raises(ValueError, match=r"short\.npy has 2 rows, not 4"):
        cards.save(tmp_path / "short.npy", short)
