import shutil

import pytest
from synthetic import ORDER, write_results

from adsmtl.analysis import figures, products


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    root = tmp_path_factory.mktemp("figures") / "quick"
    shutil.copytree(results, root)
    assert figures.write_all(root, ORDER) == products.figures(root)
    return root


def test_every_declared_file_is_written_and_nothing_else(written):
    assert sorted((written / "figures").iterdir()) == sorted(products.figures(written))


def test_equal_input_gives_equal_bits(written, tmp_path):
    again = tmp_path / "quick"
    shutil.copytree(written / "runs", again / "runs")
    for path in figures.write_all(again, ORDER):
        assert path.read_bytes() == (written / "figures" / path.name).read_bytes(), path.name


def test_files_hold_no_dates_or_program_names(written):
    for path in (written / "figures").glob("*.pdf"):
        assert b"CreationDate" not in path.read_bytes()
    for path in (written / "figures").glob("*.png"):
        assert b"Software" not in path.read_bytes()


@pytest.mark.parametrize("name", products.FIGURES)
def test_captions_stand_alone(written, name):
    caption = (written / "figures" / f"{name}.caption.txt").read_text()
    for part in ("Preset quick", "synthetic vision for tests", "n = 3 seeds", "Test CPU"):
        assert part in caption


def test_one_seed_and_no_changing_rates_still_give_figures(tmp_path):
    write_results(tmp_path, 1, ["none", "fixed-0.1"], epochs=2)
    assert all(path.stat().st_size > 0 for path in figures.write_all(tmp_path))


def test_single_task_arms_alone_still_give_figures(tmp_path):
    write_results(tmp_path, 2, ["single-vision-none"], epochs=2)
    assert all(path.stat().st_size > 0 for path in figures.write_all(tmp_path))
