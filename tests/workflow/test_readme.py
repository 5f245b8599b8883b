"""Every command that README.md and docs/run.md name works as it is written there."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import mine
import pytest
from copies import RESULTS, ROOT, Project

NOTHING_TO_DO = "Nothing to be done"
TOOLS = "make|snakemake|dvc|adsmtl|pip|source|mlflow|git|conda|uv|python"


def commands() -> list[str]:
    """The lines of code blocks, and code within sentences that calls a tool, each once."""
    pages = ("README.md", "docs/run.md")
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in pages)
    fenced = [
        line.strip()
        for block in re.findall(r"(?ms)^```(?:sh|bash|console)\n(.*?)^```", text)
        for line in block.splitlines()
    ]
    indented = [line.strip() for line in re.findall(r"(?m)^ {4}(?=\S)(.+)$", text)]
    lines = [re.sub(r"\s+#\s.*$", "", line).strip() for line in (*fenced, *indented)]
    inline = re.findall(rf"`((?:{TOOLS}) [^`\n]+)`", text)
    return list(dict.fromkeys(line for line in (*lines, *inline) if line))


def says(*texts: str) -> Callable[[Project, str], None]:
    """The command, run as it is written, succeeds and prints these texts."""

    def test(study: Project, command: str) -> None:
        printed = study.done("bash", "-c", command)
        assert all(text in printed for text in texts), printed

    return test


def recipe(*lines: str) -> Callable[[Project, str], None]:
    """`make` would run these lines; what they do is tested elsewhere."""

    def test(study: Project, command: str) -> None:
        printed = study.done(*command.replace("make", "make -n", 1).split())
        assert all(re.search(rf"(?m)^{re.escape(line)}", printed) for line in lines), printed

    return test


def elsewhere(name: str) -> Callable[[Project, str], None]:
    """Another module of this folder runs the command."""

    def test(study: Project, command: str) -> None:
        text = (ROOT / "tests/workflow" / name).read_text()
        words = [word.split("/")[-1] for word in command.split() if word != "python"]
        assert command in text or all(f'"{word}"' in text for word in words)

    return test


def workflow_report(study: Project, command: str) -> None:
    study.done("bash", "-c", command)
    page = (study.folder / "workflow-report.html").read_text()
    (found,) = re.findall(r"(?m)^\s*var results = (\{.*\})\s*;?$", page)
    listed = {Path(path).name: result for path, result in json.loads(found).items()}
    drawn = {path.name for path in (study.folder / RESULTS / "figures").glob("*.png")}
    assert {name for name, own in listed.items() if "figure" in own["labels"]} == drawn
    assert {Path(name).suffix for name in listed} == {".png", ".csv", ".md", ".json", ".html"}
    picture, table = listed["accuracy.png"], listed["main.csv"]
    assert picture["labels"] == {"figure": "Test accuracy of every seed"}
    assert "Circles are seeds" in picture["caption"]
    assert table["labels"] == {"table": "Reference and main arms", "format": "CSV"}


def refused(text: str) -> Callable[[Project, str], None]:
    """The command ends with one message here, because the copy is no git checkout."""

    def test(study: Project, command: str) -> None:
        result = study.call("bash", "-c", command)
        assert result.returncode == 2
        assert text in result.stderr
        assert "Traceback" not in result.stderr

    return test


def extra(study: Project, command: str) -> None:
    """The extra that the command installs exists; installing it takes a package index."""
    (name,) = re.findall(r"\.\[(\w+)\]", command)
    project = tomllib.loads((study.folder / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"][name]


def makes_environment(study: Project, command: str) -> None:
    assert re.search(r"(?m)python3? -m venv \.venv$", study.done("make", "-n", "reproduce"))


def writes_what_is_committed(name: str) -> Callable[[Project, str], None]:
    def test(study: Project, command: str) -> None:
        study.done("bash", "-c", command)
        assert (study.folder / name).read_bytes() == (ROOT / name).read_bytes()

    return test


def judged_again(study: Project, command: str) -> None:
    """On the small study here; `tests/archive` judges the frozen ones, which takes longer."""
    named = command.split()[2]
    study.done("bash", "-c", command.replace(named, str(RESULTS)))
    for name in ("claims.json", "tables/main.csv", "figures/accuracy.png"):
        again = study.folder / "again" / name
        assert again.read_bytes() == (study.folder / RESULTS / name).read_bytes()


def verified(study: Project, command: str) -> None:
    """The same of the small study here; and a number that was edited is noticed."""
    command = command.replace(command.split()[-1], str(RESULTS))
    study.done("bash", "-c", command)
    study.edit(str(RESULTS / "tables/main.csv"), r"\A.", "?")
    result = study.call("bash", "-c", command)
    assert result.returncode == 2
    assert "tables/main.csv" in result.stdout + result.stderr


def summed(study: Project, command: str) -> None:
    """On one file here; `tests/archive/test_release.py` has the sums of a release."""
    digest = hashlib.sha256((study.folder / "CITATION.cff").read_bytes()).hexdigest()
    (study.folder / "SHA256SUMS").write_text(f"{digest}  CITATION.cff\n")
    study.done(*command.split())
    study.edit("CITATION.cff", r"\A.", "?")
    assert study.call(*command.split()).returncode == 1


def own_data(study: Project, command: str) -> None:
    """The study of the lines on one's own data would be made, from such data in the home folder."""
    (lines,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / "README.md").read_text())
    for name, text in re.findall(r"(?ms)^# (config/\S+)\n(.*?)(?=^# config/|\Z)", lines):
        with (study.folder / name).open("a") as stream:
            stream.write(text)
    with (study.folder / "config/presets/mine.yaml").open("a") as stream:
        stream.write("fallback: true\n")  # here the built-in tasks have embedded data
    mine.pictures(study.folder / "home/flowers")
    mine.speech(study.folder / "home/words")
    printed = study.done(*command.split(), "-n", HOME=str(study.folder / "home"))
    for text in ("prepare: flowers", "prepare: words", "tables: results/mine-embedded/tables"):
        assert text in printed, printed


TESTS = {
    "snakemake --cores all --config preset=mine": own_data,
    "make reproduce": recipe("snakemake --cores all"),
    "make test": recipe(
        *("ruff check .", "ruff format --check .", "snakefmt --check Snakefile workflow"),
        *("snakemake --lint --config preset=smoke embedded=always", "python -m pytest"),
    ),
    "make test-faults": recipe("python -m pytest --numprocesses auto --maxprocesses 2 -m faults"),
    "make release": recipe("python -m adsmtl.archive.release"),
    "make verify": recipe("for study in"),
    "sha256sum --check --quiet SHA256SUMS": summed,
    "make test-browser": recipe("python -m pytest -m browser tests/browser"),
    "make ui": recipe("adsmtl ui --port"),
    "make bench": recipe(
        "snakemake --cores all data/prepared/cifar10/card.json", "python -m benchmarks"
    ),
    "make scale": recipe("python -m benchmarks.scale"),
    "make test-cluster": recipe("python -m pytest -m cluster tests/cluster"),
    "make simulation": recipe("python -m adsmtl.claims.error_rates"),
    "make lock": recipe("rm .full.lock"),
    "make check-citation": recipe("rm -rf build/release"),
    "make clean-env": recipe("rm -rf .venv"),
    "adsmtl --help": says("presets", "verify", "freeze"),
    "make docs": recipe("NO_MKDOCS_2_WARNING=1 python -m mkdocs build"),
    "make gpu-check": recipe("PYTHONPATH=src python3 -m benchmarks.gpu_check"),
    "source .venv/bin/activate": makes_environment,
    "snakemake -n": says(NOTHING_TO_DO),
    "snakemake --cores all": says(NOTHING_TO_DO),
    "snakemake --cores all data": says(NOTHING_TO_DO),
    "snakemake --cores all --config preset=smoke": says(NOTHING_TO_DO),
    "snakemake --unlock": says("Unlocked"),
    "adsmtl why adsmtl-0.2/seed=0": says("kept"),
    "snakemake --report workflow-report.html": workflow_report,
    "dvc repro; dvc metrics show; dvc plots show": elsewhere("test_versioning.py"),
    "dvc push": elsewhere("test_versioning.py"),
    "pip install -e '.[listing]'": extra,
    "python examples/digits.py": elsewhere("../library/test_examples.py"),
    'eval "$(adsmtl completion bash)"': says(),
    'eval "$(adsmtl completion zsh)"': elsewhere("../test_completion.py"),
    "adsmtl completion fish | source": elsewhere("../test_completion.py"),
    "adsmtl arms": writes_what_is_committed("docs/arms.md"),
    "adsmtl presets": says("smoke: ", "quick: ", "study: ", "paper: "),
    "adsmtl verify results/frozen/0.4.5/pilot": verified,
    "adsmtl judge results/frozen/0.4.5/pilot --out again": judged_again,
    "adsmtl freeze": refused("cannot be traced to a commit"),
}


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_works(study, command):
    assert command in TESTS, "say in TESTS how this command is tested"
    # Here the choice that a person makes stands in the file, not on the command line.
    study.edit("config/config.yaml", r"(?m)^preset: .*", "preset: smoke")
    study.edit("config/config.yaml", r"(?m)^embedded: .*", "embedded: always")
    TESTS[command](study, command)


def test_the_workflow_passes_its_own_linter(finished):
    linted = finished.done("snakemake", "--lint", "--config", "preset=smoke", "embedded=always")
    assert "good condition" in linted
