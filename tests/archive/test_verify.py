"""`adsmtl verify` names what was tampered with, and freezing refuses it."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from collecting import collected
from fewer import draw_few
from synthetic import write_results, write_test_time

from adsmtl import cli, paths, seals
from adsmtl.archive import freeze, manifest, page, verify
from adsmtl.archive.judge import judge
from adsmtl.collected import collect, reading
from adsmtl.errors import UserError
from adsmtl.files import sha256

ARMS = ["none", "fixed-0.2"]
CLEAN = {"commit": "a" * 40, "describe": "v1", "dirty": False, "reason": None}
RUN = "runs/none/seed=0"
OTHER = "runs/none/seed=1"

Tamper = Callable[[Path], None]


_MADE: dict[str, dict[str, bytes]] = {}


def once(make: Callable[[], list[Path]], of: list[Path], target: Path) -> list[Path]:
    """Files that are slow to make and follow from others: made once, then written again."""
    key = " ".join(f"{path.name} {sha256(path)}" for path in sorted(of) if path.is_file())
    if key not in _MADE:
        _MADE[key] = {str(path.relative_to(target)): path.read_bytes() for path in make()}
    for name, content in _MADE[key].items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    return [target / name for name in _MADE[key]]


def judge_once(source: Path, target: Path) -> list[Path]:
    of = [*(source / "collected").iterdir(), source / "listing.json"]
    return once(lambda: judge(source, target), of, target)


def write_once(found: reading.Collected, target: Path) -> Path:
    of = [*(found.root / "collected").iterdir(), target / "claims.json"]
    of += (target / "figures").iterdir()
    (written,) = once(lambda: [write_page(found, target)], of, target)
    return written


write_page = page.write


def finish(root: Path) -> None:
    """Everything behind the collected tables, as the workflow makes it."""
    judge_once(root, root)
    found = reading.load(root)
    write_once(found, root)
    manifest.write(found)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished, sealed study of committed code, in a project of its own; read only."""
    with pytest.MonkeyPatch.context() as patch:
        project = tmp_path_factory.mktemp("project")
        shutil.copy(paths.CITATION, project)
        shutil.copytree("workflow", project / "workflow")
        patch.chdir(project)
        patch.setattr("adsmtl.revision.code", lambda: CLEAN)
        draw_few(patch)
        root = write_results(paths.RESULTS / "quick", 2, ARMS, epochs=3, exact=True)
        for folder in sorted(root.glob("runs/*/*")):
            content = json.loads((folder / "metrics.json").read_text())
            content |= {"code": CLEAN, "sealed": True}
            (folder / "metrics.json").write_text(json.dumps(content))
            (folder / "checkpoint.safetensors").write_bytes(f"weights of {folder}".encode())
            affinity = {"config_hash": content["config_hash"], "affinity": {"vision:speech": 0.2}}
            (folder / "affinity.json").write_text(json.dumps(affinity))
            if "fixed" in str(folder):
                write_test_time(root, folder.parent.name, content["seed"], 0.01, 0.01)
            reseal(folder)
        (root / "listing.json").write_text(json.dumps(LISTING))
        collected(root, ARMS)
        (root / "logs").mkdir()
        (root / "logs/train.log").write_text("messages\n")
        finish(root)
    return project


LISTING = {"keras": None, "reason": "Keras is not installed", "defects": []}


@pytest.fixture
def root(finished, tmp_path, monkeypatch):
    """A copy of the finished study that a test may change; its project is the working folder."""
    project = tmp_path / "project"
    shutil.copytree(finished, project)
    monkeypatch.chdir(project)
    monkeypatch.setattr("adsmtl.revision.code", lambda: CLEAN)
    monkeypatch.setattr("adsmtl.archive.verify.judge", judge_once)
    draw_few(monkeypatch)
    monkeypatch.setattr(page, "write", write_once)
    return paths.RESULTS / "quick"


def digest_of(path: Path) -> str:
    path.write_text("another file\n")
    return sha256(path)


def reseal(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()} - {seals.FILE}
    seals.write(folder, {name: sha256(folder / name) for name in names})


def flip(name: str) -> Tamper:
    def tamper(root: Path) -> None:
        content = bytearray((root / name).read_bytes())
        content[len(content) // 2] ^= 1
        (root / name).write_bytes(content)

    return tamper


def cut(name: str) -> Tamper:
    return lambda root: (root / name).write_bytes((root / name).read_bytes()[:-20])


def delete(name: str) -> Tamper:
    return lambda root: (root / name).unlink()


def append(name: str) -> Tamper:
    def tamper(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with (root / name).open("ab") as stream:
            stream.write(b"\n")

    return tamper


def swap(name: str, one: str = RUN, other: str = OTHER) -> Tamper:
    def tamper(root: Path) -> None:
        first, second = root / one / name, root / other / name
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)

    return tamper


def edit(name: str, change: Callable[[dict], object]) -> Tamper:
    def tamper(root: Path) -> None:
        content = json.loads((root / name).read_text())
        change(content)
        (root / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    return tamper


def cell(column: str, value: str, name: str = "runs.csv") -> Tamper:
    """Write a value into the first row of a collected table."""

    def tamper(root: Path) -> None:
        path = root / "collected" / name
        packed = path.suffix == ".gz"
        text = gzip.decompress(path.read_bytes()).decode() if packed else path.read_text()
        lines = text.splitlines()
        place, row = lines[0].split(",").index(column), lines[1].split(",")
        row[place] = value
        text = "\n".join([lines[0], ",".join(row), *lines[2:]]) + "\n"
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if packed else text.encode())

    return tamper


def after(*tampers: Tamper) -> Tamper:
    """Make the manifest again, as a forger would who edits a product."""

    def tamper(root: Path) -> None:
        for own in tampers:
            own(root)
        manifest.write(reading.load(root))

    return tamper


def sealed(*tampers: Tamper) -> Tamper:
    """Make the seals of two runs again, as a forger would who edits them."""

    def tamper(root: Path) -> None:
        for own in tampers:
            own(root)
        for name in (RUN, OTHER):
            reseal(root / name)

    return tamper


def archived(*tampers: Tamper) -> Tamper:
    """Edit collected tables, and make all that follows from them again; the runs are gone."""

    def tamper(root: Path) -> None:
        shutil.rmtree(root / "runs")
        shutil.rmtree(root / "logs")
        for own in tampers:
            own(root)
        finish(root)

    return tamper


def accuracy(value: float | None, split: str = "test") -> Tamper:
    def change(metrics: dict) -> None:
        metrics["tasks"]["vision"]["final"][split]["accuracy"] = value

    return edit(f"{RUN}/metrics.json", change)


RUN_FILES = (
    *("metrics.json", "history.jsonl", "predictions.npz", "checkpoint.safetensors"),
    "affinity.json",
)
TABLES = (
    *("runs.csv", "epochs.csv.gz", "test_time.csv", "configs.json", "environments.json"),
    *("study.json", "predictions.npz"),
)
PRODUCTS = (
    *("tables/main.csv", "tables/main.md", "tables/summary.json", "figures/accuracy.png"),
    *("figures/accuracy.pdf", "figures/accuracy.caption.txt", "claims.json", "claims.md"),
    *("report.html", "listing.json"),
)
# What is done, and a file of those that must be named.
TAMPERED: dict[str, tuple[Tamper, str]] = {
    **{f"a bit of a run's {name}": (flip(f"{RUN}/{name}"), f"{RUN}/{name}") for name in RUN_FILES},
    **{
        f"a run's {name} cut": (cut(f"{RUN}/{name}"), f"{RUN}/{name}")
        for name in ("history.jsonl", "checkpoint.safetensors", "predictions.npz")
    },
    **{
        f"a run's {name} deleted": (delete(f"{RUN}/{name}"), f"{RUN}/{name}")
        for name in ("metrics.json", "history.jsonl", "predictions.npz", "affinity.json")
    },
    "a seal deleted": (delete(f"{RUN}/{seals.FILE}"), f"{RUN}/metrics.json"),
    "a seal that is none": (append(f"{RUN}/{seals.FILE}"), f"{RUN}/{seals.FILE}"),
    "an evaluation edited": (
        append("runs/fixed-0.2/seed=0/test-time.json"),
        "runs/fixed-0.2/seed=0/test-time.json",
    ),
    "two runs' histories exchanged": (swap("history.jsonl"), f"{OTHER}/history.jsonl"),
    "the same, sealed": (sealed(swap("history.jsonl")), "collected/runs.csv"),
    "two runs exchanged": (
        lambda root: [swap(name)(root) for name in (*RUN_FILES, seals.FILE)],
        f"{RUN}/metrics.json",
    ),
    "a foreign file in a run": (append(f"{RUN}/notes.txt"), f"{RUN}/notes.txt"),
    "a run that is not of the study": (
        lambda root: shutil.copytree(root / RUN, root / "runs/none/seed=7"),
        "runs/none/seed=7/metrics.json",
    ),
    "a run's accuracy, sealed": (sealed(accuracy(0.6)), "collected/runs.csv"),
    "a run's accuracy of 1.75, sealed": (sealed(accuracy(1.75)), f"{RUN}/metrics.json"),
    "a run's accuracy that is none, sealed": (
        sealed(accuracy(float("nan"), "val")),
        f"{RUN}/metrics.json",
    ),
    **{f"a bit of {name}": (flip(f"collected/{name}"), f"collected/{name}") for name in TABLES},
    **{f"{name} deleted": (delete(f"collected/{name}"), f"collected/{name}") for name in TABLES},
    "an accuracy of 1.75": (cell("test_accuracy", "1.75"), "collected/runs.csv"),
    "no accuracy": (cell("test_accuracy", ""), "collected/runs.csv"),
    "an accuracy that is no number": (cell("test_accuracy", "nan"), "collected/runs.csv"),
    "an infinite loss": (cell("val_loss", "inf", "epochs.csv.gz"), "collected/epochs.csv.gz"),
    "an accuracy, digests made again": (
        after(cell("test_accuracy", "0.6")),
        "collected/runs.csv",
    ),
    **{f"{name} edited": (append(name), name) for name in PRODUCTS},
    **{
        f"{name} edited, digests made again": (after(append(name)), name)
        for name in PRODUCTS
        if name != "listing.json"
    },
    "a figure deleted": (delete("figures/gap.png"), "figures/gap.png"),
    "the report deleted": (delete("report.html"), "report.html"),
    "a foreign file": (append("figures/better.png"), "figures/better.png"),
    "the manifest's arms": (
        edit("manifest.json", lambda own: own["arms"].update(none="another")),
        "manifest.json",
    ),
    "the manifest's data": (
        edit("manifest.json", lambda own: own["data"]["cifar10"].update(origin="upstream")),
        "manifest.json",
    ),
    "a digest struck out": (
        edit("manifest.json", lambda own: own["files"].pop("tables/main.csv")),
        "manifest.json",
    ),
    "a manifest that names a file elsewhere": (
        lambda root: edit(
            "manifest.json",
            lambda own: own["files"].update({"../other.txt": digest_of(root.parent / "other.txt")}),
        )(root),
        "manifest.json",
    ),
    "a manifest that is none": (
        lambda root: (root / "manifest.json").write_text("[]"),
        "manifest.json",
    ),
    "the manifest deleted": (delete("manifest.json"), "manifest.json"),
    # Without runs, and with all that follows made again: the tables contradict each other.
    "archived, an accuracy": (archived(cell("test_accuracy", "0.6")), "collected/runs.csv"),
    "archived, a loss": (archived(cell("test_loss", "0.6")), "collected/runs.csv"),
    "archived, a mean": (archived(cell("val_accuracy_last3", "0.6")), "collected/runs.csv"),
    "archived, a gap": (archived(cell("gap", "0.01")), "collected/runs.csv"),
    "archived, a best epoch": (archived(cell("best_val_accuracy", "0.99")), "collected/runs.csv"),
    "archived, a configuration": (
        archived(edit("collected/configs.json", lambda own: own["none"]["arm"].update(l2=0.1))),
        "collected/configs.json",
    ),
    "archived, a device": (
        archived(
            edit(
                "collected/environments.json",
                lambda own: next(iter(own.values()))["device"].update(name="A better one"),
            )
        ),
        "collected/environments.json",
    ),
    "archived, a plan of fewer seeds": (
        archived(edit("collected/study.json", lambda own: own["planned"].update(none=[0]))),
        "collected/study.json",
    ),
}


def test_an_untouched_study_is_verified(root, capsys):
    assert verify.verify(root).wrong == {}
    assert cli.main(["verify", str(root)]) == 0
    assert "files verified" in capsys.readouterr().out


def test_its_archive_its_block_and_its_runs_are_verified(root, capsys):
    archive = freeze.freeze(root)
    for path in (archive, root / RUN):
        assert verify.verify(path).wrong == {}, path
    shutil.copytree(root / "collected", paths.BLOCKS / "quick/all/collected")
    assert verify.verify(paths.BLOCKS / "quick/all").wrong == {}
    flip("tables/main.csv")(archive)
    assert cli.main(["verify", str(archive)]) == 2
    assert "tables/main.csv: was changed" in capsys.readouterr().out


@pytest.mark.faults("tamperings with results")
@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_named_and_not_frozen(name, root):
    """Freezing names what `verify` finds."""
    tamper, expected = TAMPERED[name]
    tamper(root)
    before = sorted(paths.FROZEN.rglob("*"))
    with pytest.raises(UserError, match="not what they must be") as refused:
        freeze.freeze(root)
    assert f"{root / expected}: " in str(refused.value)
    assert sorted(paths.FROZEN.rglob("*")) == before


def test_the_report_says_how_many_kinds_of_tampering_are_tried():
    """`docs/trust.md` states the number."""
    text = (Path(__file__).parents[2] / "docs/trust.md").read_text()
    assert f"{len(TAMPERED)} kinds" in text


def test_a_forgery_from_the_predictions_on_is_not_noticed(root):
    """What nobody can see from the files alone; `docs/trust.md` says so."""
    shutil.rmtree(root / "runs")
    other = write_results(Path("forged"), 2, ARMS, epochs=3, exact=True, accuracy=BETTER)
    for path in other.glob("runs/*/*/metrics.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "code": CLEAN}))
    shutil.rmtree(root / "collected")
    shutil.copytree(collected(other, ARMS).root / "collected", root / "collected")
    shutil.rmtree(root / "logs")
    finish(root)
    assert verify.verify(root).wrong == {}


BETTER = {"none": {"vision": 0.8, "speech": 0.8}}


def test_planned_runs_that_are_not_collected_yet_are_not_foreign(tmp_path):
    root = write_results(tmp_path / "quick", 4, ["none"], epochs=3, exact=True)
    plan = {"none": range(4)}
    for planned, foreign in ((plan, set()), ({"none": range(2, 4)}, {"0", "1"})):
        collect.write(root, {"none": [2, 3]}, planned=planned)
        named = {name for name, fault in verify.verify(root).wrong.items() if "is foreign" in fault}
        assert {name.split("seed=")[1][0] for name in named} == foreign


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(UserError, match="name results, an archive"):
        verify.verify(tmp_path)
