"""Checkpoints: what was saved is loaded, or nothing."""

import resource
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from adsmtl.errors import UserError
from adsmtl.running import checkpoint


def test_tensors_and_facts_come_back_bit_by_bit(tmp_path: Path) -> None:
    tensors = {"a": torch.tensor([1.5, -0.0, float("nan")]), "b": torch.arange(6).view(2, 3)}
    facts = {"history": [{"loss": 0.1 + 0.2}], "seed": 3}
    checkpoint.save(tmp_path / "folder" / "x.safetensors", tensors, facts)
    loaded, found = checkpoint.load(tmp_path / "folder" / "x.safetensors")
    assert found == facts
    assert set(loaded) == {"a", "b"}
    for name, value in tensors.items():
        assert loaded[name].dtype == value.dtype
        assert loaded[name].numpy().tobytes() == value.numpy().tobytes()


def test_nothing_is_loaded_where_nothing_is(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path / "absent.safetensors") is None


def test_a_file_of_another_programs_is_no_checkpoint(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "plain.safetensors")
    assert checkpoint.load(tmp_path / "plain.safetensors") is None


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.save(path, {"a": torch.ones(1)}, {"n": 1})
    with pytest.raises(TypeError):
        checkpoint.save(path, {"a": torch.ones(1)}, {"n": object()})
    assert checkpoint.load(path)[1] == {"n": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        checkpoint.save(tmp_path / "file" / "x.safetensors", {"a": torch.ones(1)}, {})


def test_a_full_disk_is_bad_luck_and_no_fault(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(UserError, match=r"cannot write .*x\.safetensors"):
            checkpoint.save(tmp_path / "x.safetensors", {"a": torch.zeros(10_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
