import pytest
from collecting import collected
from layout import faults
from matplotlib.figure import Figure
from synthetic import ORDER, write_results
from wider import write_whole

from adsmtl import outputs
from adsmtl.figures import build as figures
from adsmtl.figures import drawing

NINE_ARMS = (
    *("claim-C3", "claim-C6", "claim-C7", "forest", "dose", "accuracy", "gap", "rate-heatmap"),
    *("rates", "calibration", "learning-curves"),
)


def names(root):
    return outputs.figure_names(collected(root).traits)


def test_every_declared_file_is_written_and_nothing_else(drawn):
    traits = collected(drawn, ORDER).traits
    assert sorted((drawn / "figures").iterdir()) == sorted(outputs.figures(drawn, traits))
    assert names(drawn) == NINE_ARMS


def test_a_study_of_all_kinds_of_arms_has_all_figures(tmp_path, monkeypatch):
    found = []
    save = Figure.savefig

    def saved(figure, *args, **options):
        save(figure, *args, **options)
        if options["format"] == "png":
            found.extend(faults(figure))

    monkeypatch.setattr(Figure, "savefig", saved)
    root = write_whole(tmp_path / "quick")
    assert names(root) == tuple(one.name for one in drawing.drawings())
    written = figures.write_all(collected(root), root)
    assert found == []
    assert sorted((root / "figures").iterdir()) == sorted(written)
    caption = (root / "figures/relatedness.caption.txt").read_text()
    assert "n = 2 seeds" in caption


def test_equal_input_gives_equal_bits(tmp_path):
    arms = ["single-speech-none", "adsmtl-0.2"]
    for name in ("one", "two"):
        write_results(tmp_path / name, 2, arms, epochs=2)
        written = figures.write_all(collected(tmp_path / name, arms), tmp_path / name)
    assert {path.stem for path in written if path.suffix == ".pdf"} == {
        *("accuracy", "gap", "rates", "calibration", "learning-curves")
    }
    for path in (tmp_path / "one" / "figures").iterdir():
        twin = tmp_path / "two" / "figures" / path.name
        assert path.read_bytes() == twin.read_bytes(), path.name


def test_files_hold_no_dates_or_program_names(drawn):
    for path in (drawn / "figures").glob("*.pdf"):
        assert b"CreationDate" not in path.read_bytes()
    for path in (drawn / "figures").glob("*.png"):
        assert b"Software" not in path.read_bytes()


@pytest.mark.parametrize("name", NINE_ARMS)
def test_captions_stand_alone(drawn, name):
    caption = (drawn / "figures" / f"{name}.caption.txt").read_text()
    for part in ("Preset quick", "synthetic vision for tests", "n = 3 seeds", "Test CPU"):
        assert part in caption


def test_one_seed_of_one_task_still_gives_figures(tmp_path):
    write_results(tmp_path, 1, ["single-vision-none"], epochs=2)
    assert all(path.stat().st_size > 0 for path in figures.write_all(collected(tmp_path), tmp_path))
