import pytest
from synthetic import write_results

from adsmtl.analysis import figures, products


def test_every_declared_file_is_written_and_nothing_else(drawn):
    assert sorted((drawn / "figures").iterdir()) == sorted(products.figures(drawn))


def test_equal_input_gives_equal_bits(tmp_path):
    arms = ["single-speech-none", "adsmtl"]
    for name in ("one", "two"):
        write_results(tmp_path / name, 2, arms, epochs=2)
        assert figures.write_all(tmp_path / name, arms) == products.figures(tmp_path / name)
    for path in products.figures(tmp_path / "one"):
        twin = tmp_path / "two" / "figures" / path.name
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_files_hold_no_dates_or_program_names(drawn):
    for path in (drawn / "figures").glob("*.pdf"):
        assert b"CreationDate" not in path.read_bytes()
    for path in (drawn / "figures").glob("*.png"):
        assert b"Software" not in path.read_bytes()


@pytest.mark.parametrize("name", products.FIGURES)
def test_captions_stand_alone(drawn, name):
    caption = (drawn / "figures" / f"{name}.caption.txt").read_text()
    for part in ("Preset quick", "synthetic vision for tests", "n = 3 seeds", "Test CPU"):
        assert part in caption


def test_one_seed_of_one_task_still_gives_figures(tmp_path):
    write_results(tmp_path, 1, ["single-vision-none"], epochs=2)
    assert all(path.stat().st_size > 0 for path in figures.write_all(tmp_path))
