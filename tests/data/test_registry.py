"""A data set is a module of `corpora` and a line of the table."""

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from adsmtl.data import cards, registry
from adsmtl.data.dataset import DataSet, Folder
from adsmtl.data.prepared import load
from adsmtl.errors import UserError
from adsmtl.files import atomic_folder

HELD = Folder("sounds_path", "Sounds", "theirs", "a copy held by the user")


def write(corpus, folder, source):
    """Prepare a corpus whose classes are the names of its files."""
    classes = sorted(path.name for path in corpus.iterdir())
    targets = np.arange(len(classes))
    card = {
        "dataset": "sounds",
        "title": "Sounds",
        "kind": "image",
        "embedded": False,
        "input": {"shape": [3, 2, 2], "dtype": "uint8", "units": "none"},
        "targets": {"label": {"classes": classes}},
        "groups": [],
        "source": source,
    }
    images = np.zeros((len(classes), 3, 2, 2), np.uint8)
    with atomic_folder(folder) as temporary:
        cards.write(
            temporary,
            card,
            inputs=[images],
            targets={"label": targets},
            groups=np.full(len(classes), -1),
            split=targets,
        )


@pytest.fixture
def sounds(monkeypatch):
    """A new data set: its module and its line."""
    module = ModuleType("adsmtl.data.corpora.sounds")
    module.SOUNDS = DataSet(HELD, write)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.DATASETS, "sounds", "sounds:SOUNDS")


def test_a_module_and_a_line_make_a_data_set(sounds, tmp_path):
    (tmp_path / "corpus").mkdir()
    for name in ("bark", "mew"):
        (tmp_path / "corpus" / name).touch()
    # the setting of another corpus does not lead here
    settings = {"timit_path": "/elsewhere", "sounds_path": str(tmp_path / "corpus")}
    data = load(registry.prepare("sounds", tmp_path / "raw", tmp_path, settings), verify=True)
    assert data.card["targets"]["label"]["classes"] == ["bark", "mew"]
    assert data.card["source"] == {
        "name": "Sounds",
        "origin": "local",
        "sha256": "",
        "provenance": "a copy held by the user",
        "licence": "theirs",
    }


@pytest.mark.parametrize("name", registry.DATASETS)
def test_every_data_set_is_declared_where_the_table_says(name, tmp_path):
    assert callable(registry.lookup(name).prepare)


def test_to_look_for_data_loads_no_library_for_arrays():
    heavy = ["torch", "torchvision", "torchaudio", "sklearn"]
    code = (
        "import sys\nfrom adsmtl.data import registry\n"
        "for name in registry.DATASETS: registry.lookup(name)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_an_unknown_name_is_told_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="no data set 'mnist'; there are cifar10, digits"):
        registry.prepare("mnist", tmp_path, tmp_path)


def test_a_corpus_that_the_user_holds_is_where_the_setting_says(tmp_path, monkeypatch):
    assert registry.locate("digits", tmp_path, {}).origin.kind == "embedded"
    given = {"timit_path": str(tmp_path)}
    assert registry.locate("timit", tmp_path, given).origin.where == str(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    given = {"timit_path": f"~/{tmp_path.name}"}
    assert registry.locate("timit", tmp_path, given).origin.where == str(tmp_path)
    absent = {"timit_path": str(tmp_path / "absent")}
    assert "absent" in registry.locate("timit", tmp_path, absent).refused[0]
    with pytest.raises(UserError, match="timit cannot be had:\n  - timit_path"):
        registry.prepare("timit", tmp_path, tmp_path)
