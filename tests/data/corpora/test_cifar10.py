"""CIFAR-10 from its binary archive."""

import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fakes import SOURCE, cifar_files, make_tar, needs_mirror

from adsmtl.data import registry
from adsmtl.data.corpora import cifar10
from adsmtl.data.fetch import mirrors
from adsmtl.data.folds import split_indices
from adsmtl.data.prepared import load
from adsmtl.errors import UserError

FIRST = "cifar-10-batches-bin/data_batch_1.bin"


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz"])
def test_prepared_from_a_small_archive(tmp_path, small_records, suffix):
    archive = make_tar(tmp_path / f"cifar{suffix}", cifar_files())
    cifar10.prepare(archive, tmp_path / "out", SOURCE)
    data = load(tmp_path / "out", verify=True)
    assert data.inputs.shape == (240, 3, 32, 32)
    assert data.inputs.dtype == np.uint8
    label, superclass = data.targets["label"], data.targets["superclass"]
    assert (data.inputs[:, 2, 31, 31] == label + 10).all()
    vehicles = {"airplane", "automobile", "ship", "truck"}
    for number, name in enumerate(cifar10.CLASSES):
        expected = "vehicle" if name in vehicles else "animal"
        assert {cifar10.SUPERCLASSES[s] for s in superclass[label == number]} == {expected}
    split = split_indices(data, seed=3)
    assert [len(part) for part in split] == [180, 20, 40]
    assert split.test.tolist() == list(range(200, 240))
    assert data.card["counts"]["label"]["val"]["cat"] == 2
    # labels are uniform, so the training mean is that of the grey levels 10 to 19
    assert data.card["normalisation"]["mean"] == pytest.approx([14.5 / 255] * 3)
    assert data.card["normalisation"]["std"] == pytest.approx([np.arange(10).std() / 255] * 3)
    assert (data.groups == -1).all()
    assert data.card["source"]["provenance"] in (tmp_path / "out" / "card.md").read_text()


def test_unknown_label_byte(tmp_path, small_records):
    members = cifar_files()
    members[FIRST] = members[FIRST][: 7 * 3073] + b"\x0a" + members[FIRST][7 * 3073 + 1 :]
    archive = make_tar(tmp_path / "cifar.tar.gz", members)
    message = r"cifar\.tar\.gz: record 7 of data_batch_1\.bin has label 10, not 0 to 9"
    with pytest.raises(UserError, match=message):
        cifar10.prepare(archive, tmp_path / "out", SOURCE)
    assert not (tmp_path / "out").exists()


def test_wrong_number_of_records(tmp_path, small_records):
    members = cifar_files()
    members[FIRST] = members[FIRST][:-1]
    archive = make_tar(tmp_path / "cifar.tar.gz", members)
    with pytest.raises(UserError, match=r"data_batch_1\.bin has 122,919 bytes, not 40 records"):
        cifar10.prepare(archive, tmp_path / "out", SOURCE)


def test_missing_file_keeps_what_was_prepared_before(tmp_path, small_records):
    members = cifar_files()
    cifar10.prepare(make_tar(tmp_path / "a.tar.gz", members), tmp_path / "out", SOURCE)
    before = json.loads((tmp_path / "out" / "card.json").read_text())["digest"]
    del members["cifar-10-batches-bin/test_batch.bin"]
    with pytest.raises(UserError, match=r"b\.tar\.gz: it holds no test_batch\.bin"):
        cifar10.prepare(make_tar(tmp_path / "b.tar.gz", members), tmp_path / "out", SOURCE)
    assert load(tmp_path / "out", verify=True).card["digest"] == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "b.tar.gz", "out"]


def test_channel_moments_are_those_of_all_pixels():
    images = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 4), dtype=np.uint8)
    chosen = np.arange(20) % 3 > 0
    mean, std = cifar10.channel_moments([images[:7], images[7:]], chosen)
    scaled = images[chosen] / 255
    assert mean == pytest.approx(scaled.mean(axis=(0, 2, 3)))
    assert std == pytest.approx(scaled.std(axis=(0, 2, 3)))


#: Channel means of the 50,000 training images, which every CIFAR-10 recipe quotes.
MEANS = [0.49140, 0.48216, 0.44653]


def real_records(number: int) -> bytes:
    """The first records of the mirror's archive, of which only the beginning is decompressed."""
    folder = Path(os.environ[mirrors.MIRROR])
    names = cifar10.CIFAR10.raw.mirrored_as
    archive = next(folder / name for name in names if (folder / name).is_file())
    with tarfile.open(archive) as pack:
        member = next(member for member in pack if member.name.endswith(".bin"))
        return pack.extractfile(member).read(number * 3073)


@needs_mirror
def test_real_records_have_the_planes_and_classes_that_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "RECORDS", 500)
    monkeypatch.setattr(cifar10, "VALIDATION", 250)
    content = real_records(3000)
    names = list(cifar_files(1))
    parts = [content[n * 500 * 3073 : (n + 1) * 500 * 3073] for n in range(6)]
    archive = make_tar(tmp_path / "cifar.tar.gz", dict(zip(names, parts, strict=True)))
    cifar10.prepare(archive, tmp_path / "out", SOURCE)
    data = load(tmp_path / "out")
    # the mean of an image has sd 0.13: of 2,250 images 0.003; the planes differ by 0.01 and 0.035
    assert data.card["normalisation"]["mean"] == pytest.approx(MEANS, abs=0.01)
    assert min(data.card["counts"]["label"]["all"].values()) > 240


@pytest.mark.slow
@needs_mirror
def test_the_whole_real_archive_has_the_known_channel_means(tmp_path):
    data = load(registry.prepare("cifar10", tmp_path / "raw", tmp_path), verify=True)
    assert len(data) == 60_000
    mean, _ = cifar10.channel_moments([data.inputs[:50_000]], np.ones(50_000, bool))
    assert mean == pytest.approx(MEANS, abs=5e-6)
    counts = data.card["counts"]["label"]
    assert set(counts["train"].values()) == {4500}
    assert set(counts["val"].values()) == {500}
    assert set(counts["test"].values()) == {1000}
