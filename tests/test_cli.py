"""The command line: exit codes, and messages where people and workflow look for them."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from collecting import collected
from synthetic import write_results

from adsmtl import __version__, cli, config, paths, planning
from adsmtl.data import registry
from adsmtl.errors import UserError

SMOKE = '{"preset": "smoke", "embedded": "always"}'
pytestmark = pytest.mark.usefixtures("project")


def raising(error: BaseException) -> Callable:
    def call(*arguments: object) -> None:
        raise error

    return call


def test_a_command_that_succeeds_exits_with_0(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["--settings", SMOKE, "show"]) == 0
    out = capsys.readouterr().out
    assert "preset smoke, results in results/smoke-embedded" in out
    assert "seeds 0, 1" in out
    assert "task speech: phone of espeak, branch lstm" in out
    assert "arm adsmtl-0.2 [main]: ADSMTL" in out


def test_show_names_the_auxiliary_tasks_of_the_arms(
    capsys: pytest.CaptureFixture, project: Path
) -> None:
    preset = project / "config/presets/smoke.yaml"
    preset.write_text("seeds: 1\narms: [pair-with-parity]\ntraining: {}\nfallback: true\n")
    parity = "dataset: cifar10, target: superclass, branch: cnn, main: false"
    embedded = "embedded: {dataset: digits, target: parity}"
    with (project / "config/tasks.yaml").open("a") as tasks:
        tasks.write(f"parity: {{{parity}, {embedded}}}\n")
    with (project / "config/arms.yaml").open("a") as arms:
        pair = "{label: with parity, tasks: [vision, parity]}"
        arms.write(f"mine: {{title: Mine, arms: {{pair-with-parity: {pair}}}}}\n")
    assert cli.main(["--settings", SMOKE, "show"]) == 0
    out = capsys.readouterr().out
    assert "task parity: parity of digits, branch cnn" in out
    assert "task cifar-a" not in out
    assert "arm pair-with-parity [mine]: with parity" in out


def test_an_unknown_leader_is_one_message_with_file_arm_and_key(
    capsys: pytest.CaptureFixture, project: Path
) -> None:
    arms = project / "config/arms.yaml"
    follow = "{schedule: follow, arm: nine, keep: swapped}"
    late = f"late: {{title: Late, arms: {{late-one: {{label: x, dropout: {follow}}}}}}}\n"
    arms.write_text(arms.read_text() + late)
    preset = project / "config/presets/smoke.yaml"
    preset.write_text("seeds: 1\narms: [late-one]\ntraining: {}\nfallback: true\n")
    assert cli.main(["--settings", SMOKE, "show"]) == 2
    assert capsys.readouterr().err == (
        "error: config/presets/smoke.yaml and config/arms.yaml: late-one.dropout.arm names "
        "'nine', which preset 'smoke' does not train; add it there\n"
    )


def test_bad_input_exits_with_2_and_one_message_everywhere(
    capsys: pytest.CaptureFixture, project: Path
) -> None:
    log = project / "logs" / "show.log"
    assert cli.main(["--log", str(log), "--settings", '{"preset": "huge"}', "show"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: config/config.yaml: preset is")
    assert "Traceback" not in err
    assert log.read_text() == err


def test_a_fault_of_the_package_exits_with_1_and_its_traceback(
    capsys: pytest.CaptureFixture, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "settle", raising(RuntimeError("broken inside")))
    log = project / "show.log"
    assert cli.main(["--log", str(log), "show"]) == 1
    err = capsys.readouterr().err
    for text in (err, log.read_text()):
        assert "a fault in adsmtl" in text
        assert "Traceback" in text
        assert "RuntimeError: broken inside" in text


def test_an_interruption_exits_with_130_and_says_how_to_go_on(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "settle", raising(KeyboardInterrupt()))
    assert cli.main(["show"]) == 130
    err = capsys.readouterr().err
    assert "run again" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("value", "reason"),
    [("{preset: smoke}", "not JSON"), ("[1]", "give an object"), ("", "not JSON")],
)
def test_settings_that_are_no_json_object_exit_with_2(
    value: str, reason: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--settings", value, "show"])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert reason in err
    assert "--settings" in err


@pytest.mark.parametrize("count", ["0", "-1", "2.5", "many"])
def test_a_number_of_processes_that_is_none_exits_with_2(
    count: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["estimate", f"--processes={count}"])
    assert caught.value.code == 2
    assert f"{count} is no number of processes" in capsys.readouterr().err


@pytest.mark.parametrize("span", ["7", "a-b", "9-3", "-4", "1-2-3"])
def test_examples_that_are_no_span_exit_with_2(capsys: pytest.CaptureFixture, span: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["contrasts", "results/none", "--task", "vision", f"--examples={span}"])
    assert ended.value.code == 2
    assert f"{span} is no span such as 50000-50999" in capsys.readouterr().err


def test_settings_come_from_the_workflows_variable_unless_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv(planning.SETTINGS, SMOKE)
    assert cli.main(["show"]) == 0
    assert "preset smoke" in capsys.readouterr().out
    quick = '{"preset": "quick", "embedded": "always"}'
    assert cli.main(["--settings", quick, "show"]) == 0
    assert "preset quick" in capsys.readouterr().out
    monkeypatch.setenv(planning.SETTINGS, "not json")
    with pytest.raises(SystemExit) as caught:
        cli.main(["show"])
    assert caught.value.code == 2


def test_a_log_that_cannot_be_written_exits_with_2(
    project: Path, capsys: pytest.CaptureFixture
) -> None:
    (project / "file").write_text("")
    with pytest.raises(SystemExit) as caught:
        cli.main(["--log", str(project / "file" / "x.log"), "show"])
    assert caught.value.code == 2
    assert "x.log" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["train", "--arm", "none"]])
def test_an_incomplete_command_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: adsmtl" in capsys.readouterr().err


def test_why_says_of_a_run_without_results_that_it_is_not_trained(
    capsys: pytest.CaptureFixture,
) -> None:
    """Before its data are there, too."""
    assert cli.main(["--settings", SMOKE, "why", "adsmtl-0.2/seed=0"]) == 0
    assert capsys.readouterr().out == "adsmtl-0.2 seed=0: not trained yet\n"


@pytest.mark.parametrize(
    "command", [["train", "--arm", "nine", "--seeds", "0"], ["why", "nine/seed=0"]]
)
def test_an_arm_that_the_study_lacks_exits_with_2(
    command: list[str], capsys: pytest.CaptureFixture
) -> None:
    assert cli.main(["--settings", SMOKE, *command]) == 2
    assert "'nine'" in capsys.readouterr().err


def test_a_negative_seed_exits_with_2(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["--settings", SMOKE, "train", "--arm", "none", "--seeds", "-1"]) == 2
    assert "seed is -1" in capsys.readouterr().err


def test_data_that_are_not_prepared_are_asked_for(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["--settings", SMOKE, "train", "--arm", "none", "--seeds", "0"]) == 2
    err = capsys.readouterr().err
    assert "data/prepared/digits" in err
    assert "adsmtl prepare" in err


def test_a_data_set_that_is_not_known_exits_with_2(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["prepare", "mnist"]) == 2
    assert "cifar10" in capsys.readouterr().err


def test_prepare_passes_the_persons_corpus_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def prepare(*given: object) -> Path:
        calls.append(given)
        raise UserError("asked for")

    monkeypatch.setattr(registry, "prepare", prepare)
    asked = ["prepare", "timit", "--processes", "3"]
    assert cli.main(["--settings", '{"timit_path": "/corpora/timit"}', *asked]) == 2
    ((*where, settings, processes, own),) = calls
    assert own == {}
    assert where == ["timit", paths.RAW, paths.PREPARED]
    assert processes == 3
    assert settings["timit_path"] == "/corpora/timit"


def test_the_schema_is_written_where_the_workflow_reads_it(project: Path) -> None:
    assert cli.main(["schema"]) == 0
    assert json.loads((project / paths.SCHEMA).read_text()) == config.schema()


def test_the_version_is_printed(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == f"adsmtl {__version__}"


def test_a_process_exits_with_the_code_and_keeps_its_streams_apart(project: Path) -> None:
    """Messages go to stderr, so that what a command prints can be piped on."""

    def call(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "adsmtl.cli", *arguments],
            capture_output=True,
            text=True,
            cwd=project,
            timeout=60,
            check=False,
        )

    bad = call("--settings", '{"threads": 0}', "show")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == (
        "error: config/config.yaml: threads is 0; give at least 1 per training process\n"
    )
    good = call("--settings", SMOKE, "show")
    assert (good.returncode, good.stderr) == (0, "")


def test_a_message_is_one_that_a_person_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever command raises it, a `UserError` is not a fault."""
    monkeypatch.setattr(planning, "settle", raising(UserError("buy a larger disk")))
    for command in ("show", "estimate"):
        assert cli.main([command]) == 2


HEAVY = ["torch", "pandas", "scipy", "sklearn", "matplotlib", "mlflow", "shtab"]


def test_help_loads_nothing_that_is_slow_to_load(project: Path) -> None:
    script = (
        "import sys, adsmtl.cli\n"
        "try: adsmtl.cli.main(['--help'])\n"
        "except SystemExit as stop: print(stop.code)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]


def test_affinity_in_a_preset_that_does_not_ask_for_it_exits_with_2(
    capsys: pytest.CaptureFixture,
) -> None:
    settings = '{"preset": "quick", "embedded": "always"}'
    assert cli.main(["--settings", settings, "affinity", "--arms", "none", "--seeds", "0"]) == 2
    assert capsys.readouterr().err == "error: preset 'quick' has no affinity; see config/presets\n"


def test_a_project_is_where_the_command_is_run(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert cli.main(["--project", str(project), "--log", "said.log", "schema"]) == 0
    assert json.loads((project / paths.SCHEMA).read_text()) == config.schema()
    assert (project / "said.log").is_file()
    assert Path.cwd() == project.resolve()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("elsewhere", "is no project: it has no config/config.yaml"),
        ("absent", "cannot be entered: No such file or directory"),
        ("file", "cannot be entered: Not a directory"),
    ],
)
def test_a_folder_that_is_no_project_is_refused(
    name: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    arguments = ["--project", str(tmp_path / name), "--log", "said.log", "presets"]
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"error: --project {tmp_path / name} {reason}; name")
    assert sorted(tmp_path.rglob("*")) == before


def test_paths_are_relative_to_the_project(project: Path) -> None:
    """In a process of its own, which loads commands after it has changed its folder."""
    (project / "nested").mkdir()
    called = [sys.executable, "-m", "adsmtl", "--project", "..", "verify", "config"]
    done = subprocess.run(
        called, capture_output=True, text=True, cwd=project / "nested", check=False, timeout=120
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: config")


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


@pytest.mark.parametrize(
    "parser", list(parsers(cli.build_parser())), ids=lambda parser: parser.prog
)
def test_every_argument_is_explained(parser: argparse.ArgumentParser) -> None:
    commands = argparse._SubParsersAction  # those are explained one by one
    own = [action for action in parser._actions if not isinstance(action, commands)]
    assert [action.dest for action in own if not action.help] == []
    assert parser.description


def test_one_folder_that_cannot_be_read_keeps_no_other_from_mlflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    seen: list[Path] = []
    monkeypatch.chdir(tmp_path)
    for name in ("good", "old"):
        collected(write_results(Path("results") / name, 1, ["none"], epochs=1), ["none"])
        Path(f"results/{name}/manifest.json").write_text("{}")
    Path("results/old/collected/study.json").unlink()
    monkeypatch.setattr(
        "adsmtl.tracking.importing.track", lambda wanted, *more: seen.extend(wanted)
    )
    assert cli.main(["track"]) == 2
    assert seen == [Path("results/good")]
    assert "results/old/collected/study.json" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_a_port_that_is_none_is_refused_before_anything_is_imported(
    port: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["ui", "--port", port])
    assert "give a number from 1 to 65535" in capsys.readouterr().err


def test_a_seed_that_the_study_lacks_is_not_trained(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["--settings", SMOKE, "train", "--arms", "none", "--seeds", "99"]) == 2
    assert "none has no seed 99; it has 0 to 1" in capsys.readouterr().err
