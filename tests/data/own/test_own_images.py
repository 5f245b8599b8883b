"""The kind `image-folder`: what becomes of images, and who trains on them."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import mine
import numpy as np
import pytest
from PIL import Image

from adsmtl.data import registry, samples, verification
from adsmtl.data.own.images import load as load_image
from adsmtl.data.own.kinds import ImageFolder, data_set
from adsmtl.data.prepared import Prepared, load


def prepare(tmp_path: Path, out: str = "out", **keys: Any) -> Prepared:
    declared = {"mine": data_set("mine", ImageFolder(**keys), "config/datasets.yaml: mine")}
    folder = registry.prepare("mine", tmp_path / "raw", tmp_path / out, {}, 1, declared)
    samples.write(folder)
    return load(folder, verify=True)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return mine.pictures(tmp_path / "pictures")


def counts(data: Prepared) -> dict[str, list[int]]:
    """Images of each class, by part of the split."""
    of_parts = data.card["counts"]["label"]
    return {part: list(of_parts[part].values()) for part in ("train", "val", "test")}


def test_a_folder_for_each_class(tmp_path, pictures):
    data = prepare(tmp_path, path=str(pictures), title="Two colours", licence="mine")
    assert data.card["targets"] == {"label": {"classes": ["blue", "red"]}}
    assert data.inputs.shape == (24, 3, 32, 32)
    means = [data.inputs[data.targets["label"] == label].mean((0, 2, 3)) for label in (0, 1)]
    assert means[0] == pytest.approx(mine.COLOURS["blue"], abs=6)
    assert means[1] == pytest.approx(mine.COLOURS["red"], abs=6)
    # 15 % of 24 are four: two of each class
    assert counts(data) == {"train": [8, 8], "val": [2, 2], "test": [2, 2]}
    assert data.card["source"]["licence"] == "mine"
    assert str(tmp_path) not in (tmp_path / "out/mine/card.json").read_text()


def test_files_that_are_no_images_of_a_class_are_named(tmp_path, pictures):
    (pictures / "stray.png").write_bytes((pictures / "blue/00.png").read_bytes())
    (pictures / "blue/notes.pdf").write_bytes(b"%PDF-1.4")
    data = prepare(tmp_path, path=str(pictures))
    assert data.card["left_out"] == [
        "stray.png: in no folder of a class",
        "blue/notes.pdf: not called like an image",
    ]


def test_links_to_folders_are_followed_once(tmp_path, pictures):
    shutil.move(pictures / "red", tmp_path / "elsewhere")
    (pictures / "red").symlink_to(tmp_path / "elsewhere")
    (pictures / "red" / "again").symlink_to(tmp_path / "elsewhere")
    assert len(prepare(tmp_path, path=str(pictures))) == 24


def test_a_channel_without_variation_is_not_scaled(tmp_path, pictures):
    for path in pictures.glob("*/*"):
        pixels = np.array(Image.open(path))
        pixels[..., 0] = 0
        Image.fromarray(pixels).save(path.with_suffix(".png"))
        if path.suffix == ".jpg":
            path.unlink()
    data = prepare(tmp_path, path=str(pictures))
    assert data.card["normalisation"]["mean"][0] == 0
    assert data.card["normalisation"]["std"][0] == 1
    assert "without any variation: R, which are not scaled" in data.card["notes"]
    assert verification.verify(tmp_path / "out/mine") is None


def test_equal_files_give_equal_arrays_and_another_file_another_digest(tmp_path, pictures):
    first = prepare(tmp_path, path=str(pictures)).card
    again = prepare(tmp_path, "again", path=str(pictures)).card
    assert again == first
    mine.picture(pictures / "red/00.png", (0, 255, 0))
    other = prepare(tmp_path, "other", path=str(pictures)).card
    assert other["digest"] != first["digest"]
    assert other["source"]["sha256"] != first["source"]["sha256"]


def test_an_archive_gives_the_same_as_the_folder(tmp_path, pictures):
    (pictures / ".DS_Store").touch()
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as pack:
        for path in pictures.rglob("*"):
            pack.write(path, path.relative_to(tmp_path))
        pack.writestr("__MACOSX/pictures/._x", b"")
    packed = prepare(tmp_path, "packed", path=str(archive))
    assert packed.card["digest"] == prepare(tmp_path, path=str(pictures)).card["digest"]
    assert packed.card["source"]["name"] == "pictures.zip"


def test_folders_of_a_split_are_taken_as_they_are(tmp_path, pictures):
    root = tmp_path / "split"
    for part, numbers in (("train", range(8)), ("valid", range(8, 10)), ("test", range(10, 12))):
        for path in pictures.glob("*/*"):
            if int(path.stem) in numbers:
                (root / part / path.parent.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, root / part / path.parent.name)
    assert counts(prepare(tmp_path, path=str(root))) == {
        "train": [8, 8],
        "val": [2, 2],
        "test": [2, 2],
    }
    shutil.rmtree(root / "valid")
    drawn = prepare(tmp_path, "drawn", path=str(root))
    assert counts(drawn) == {"train": [7, 7], "val": [1, 1], "test": [2, 2]}
    assert "2 training examples were drawn to validate" in str(drawn.card["notes"])


def test_a_table_with_names_of_its_own(tmp_path, pictures):
    lines = [
        [f"{path.parent.name}/{path.name}", path.parent.name.upper(), part, "note, with a comma"]
        for path in pictures.glob("*/*")
        for part in ["train" if int(path.stem) < 9 else "dev" if int(path.stem) < 10 else "test"]
    ]
    mine.write_table(pictures / "t.csv", lines, ("file", "species", "part", "remark"))
    columns = {"path": "file", "label": "species", "split": "part"}
    data = prepare(tmp_path, path=str(pictures / "t.csv"), columns=columns, target="species")
    assert data.card["targets"] == {"species": {"classes": ["BLUE", "RED"]}}
    assert np.bincount(data.split).tolist() == [18, 2, 4]


def test_classes_in_an_order_of_its_own_and_a_label_that_is_left_out(tmp_path, pictures):
    mine.picture(pictures / "green/1.png", (0, 200, 0))
    keys = {"classes": ("red", "blue"), "ignore": ("green",)}
    data = prepare(tmp_path, path=str(pictures), **keys)
    assert data.card["targets"]["label"]["classes"] == ["red", "blue"]
    assert data.inputs[data.targets["label"] == 0, 0].mean() > 150
    assert data.card["left_out"] == ["green: 1 images of an ignored label"]


def test_broken_and_foreign_files_are_left_out_and_counted(tmp_path, pictures):
    (pictures / "red/00.png").write_bytes(b"broken")
    (pictures / "red/notes.txt").write_text("not an image")
    data = prepare(tmp_path, path=str(pictures), broken="skip")
    assert len(data) == 23
    assert data.card["left_out"] == [
        "red/notes.txt: not called like an image",
        "red/00.png is no image that can be read",
    ]
    assert "left out: 2" in (tmp_path / "out/mine/card.md").read_text()


@pytest.mark.parametrize(("fit", "corner"), [("crop", 255), ("pad", 0), ("stretch", 255)])
def test_how_a_wide_image_becomes_a_square(tmp_path, fit, corner):
    pixels = np.full((20, 60, 3), 255, np.uint8)
    pixels[:, :20] = (255, 0, 0)  # the left third
    Image.fromarray(pixels).save(tmp_path / "x.png")
    image = load_image(tmp_path / "x.png", 20, fit)
    assert image.shape == (3, 20, 20)
    assert image[0, 0, 0] == corner
    red = (image[0] > 200) & (image[1] < 60)
    share = {"crop": 0, "pad": 0.1, "stretch": 1 / 3}[fit]
    assert red.mean() == pytest.approx(share, abs=0.04)


def saved(tmp_path: Path, image: Image.Image, **how: Any) -> np.ndarray:
    image.save(tmp_path / "x.png", **how)
    return load_image(tmp_path / "x.png", 8, "crop")


def test_every_kind_of_pixels_becomes_rgb(tmp_path):
    grey = saved(tmp_path, Image.new("L", (9, 9), 100))
    assert np.array_equal(grey, np.full((3, 8, 8), 100))
    assert np.array_equal(saved(tmp_path, Image.new("RGBA", (9, 9), (9, 9, 9, 0))), grey * 0 + 255)
    palette = Image.new("RGB", (9, 9), (10, 20, 30)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert saved(tmp_path, palette)[:, 0, 0].tolist() == [10, 20, 30]
    assert saved(tmp_path, Image.new("1", (9, 9), 1)).min() == 255


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = 255  # bright above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image = saved(tmp_path, Image.fromarray(pixels), exif=exif)
    assert image[:, :4].max() == 0
    assert image[:, 4:].min() == 255
