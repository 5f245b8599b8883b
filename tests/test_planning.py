"""Planning: what `auto` means on this machine, and why."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import adsmtl
from adsmtl import config, paths, planning
from adsmtl.config import Settings
from adsmtl.data import registry
from adsmtl.data.fetch import sources
from adsmtl.errors import UserError

Offer = Callable[..., None]


@pytest.fixture(autouse=True)
def nothing_at_all(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without CUDA, data, mirror or network."""
    monkeypatch.setattr(planning, "cuda_devices", lambda: 0)


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Say which data sets can be had; the others are refused with a reason."""

    def call(*names: str) -> list[tuple]:
        asked = []

        def locate(name: str, raw: Path, settings: dict, own: dict) -> sources.Location:
            asked.append((name, settings["timit_path"]))
            if name not in names:
                return sources.Location(None, ("no mirror", f"no network for {name}"))
            origin = sources.Origin("upstream", name)
            return sources.Location(origin, ())

        monkeypatch.setattr(registry, "locate", locate)
        return asked

    return call


def test_auto_is_quick_without_cuda_and_says_so(offer: Offer) -> None:
    offer("cifar10", "timit-sample")
    plan = planning.settle(Settings())
    assert plan.study.preset == plan.settings.preset == "quick"
    assert plan.notes == ("preset quick, because there is no CUDA device to train on",)
    assert not plan.study.embedded
    assert plan.settings.embedded == "never"
    assert plan.root == Path("results/quick")
    assert plan.datasets == ["cifar10", "timit-sample"]


def test_a_plan_knows_the_auxiliary_tasks_of_its_arms_and_no_others(
    offer: Offer, project: Path
) -> None:
    offer("cifar10", "timit-sample")
    assert list(planning.settle(Settings(preset="quick")).tasks) == ["vision", "speech"]
    preset = project / "config/presets/quick.yaml"
    preset.write_text("seeds: 1\narms: [pair-near-a-near-b, none]\ntraining: {}\nfallback: true\n")
    plan = planning.settle(Settings(preset="quick"))
    assert list(plan.tasks) == ["vision", "speech", "near-a", "near-b"]
    assert plan.datasets == ["cifar10", "timit-sample"]
    embedded = planning.settle(Settings(preset="quick", embedded="always"))
    assert list(embedded.tasks) == ["vision", "speech"]


def test_auto_is_paper_with_cuda_and_says_so(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    offer("cifar10", "timit-sample")
    monkeypatch.setattr(planning, "cuda_devices", lambda: 1)
    plan = planning.settle(Settings())
    assert plan.study.preset == "paper"
    assert plan.notes == ("preset paper, because CUDA is available",)
    # someone who wants the CPU does not get the study of days
    assert planning.settle(Settings(device="cpu")).study.preset == "quick"


def test_a_chosen_preset_needs_no_explanation(offer: Offer) -> None:
    offer("cifar10", "timit-sample")
    assert planning.settle(Settings(preset="smoke")).notes == ()


def test_settled_settings_stay_as_they_are(offer: Offer) -> None:
    offer()
    plan = planning.settle(Settings())
    again = planning.settle(plan.settings)
    assert (again.settings, again.study, again.notes) == (plan.settings, plan.study, ())


@pytest.mark.parametrize("preset", ["smoke", "quick"])
def test_embedded_data_stand_in_with_the_reasons_in_plain_sight(preset: str, offer: Offer) -> None:
    offer("cifar10")  # one missing data set is enough: results are never mixed
    plan = planning.settle(Settings(preset=preset))
    assert plan.study.embedded
    assert plan.settings == Settings(preset=preset, embedded="always", device="cpu", gpus=0)
    assert plan.root == Path(f"results/{preset}-embedded")
    assert plan.datasets == ["digits", "espeak"]
    assert "timit-sample: no network for timit-sample" in plan.notes
    assert not any(note.startswith("cifar10") for note in plan.notes)
    assert plan.notes[-1].startswith("EMBEDDED DATA")
    assert f"results/{preset}-embedded" in plan.notes[-1]


@pytest.mark.parametrize(
    "settings", [Settings(preset="paper"), Settings(preset="quick", embedded="never")]
)
def test_nothing_stands_in_for_the_paper_or_against_a_persons_will(
    settings: Settings, offer: Offer
) -> None:
    offer("cifar10")
    with pytest.raises(UserError, match="nothing may stand in") as caught:
        planning.settle(settings)
    assert "timit-sample: no network for timit-sample" in str(caught.value)
    assert "cifar10" not in str(caught.value)


def test_the_paper_on_embedded_data_is_refused(offer: Offer) -> None:
    offer("cifar10", "timit-sample")
    with pytest.raises(UserError, match=r"'paper' is for real data only"):
        planning.settle(Settings(preset="paper", embedded="always"))


def test_embedded_data_are_taken_when_asked_for(offer: Offer) -> None:
    asked = offer("cifar10", "timit-sample")
    plan = planning.settle(Settings(preset="quick", embedded="always"))
    assert plan.datasets == ["digits", "espeak"]
    assert plan.notes == ()
    assert asked == []


def test_prepared_data_are_there_even_without_a_source(offer: Offer, project: Path) -> None:
    asked = offer()
    for name in ("cifar10", "timit-sample"):
        (project / "data/prepared" / name).mkdir(parents=True)
        (project / "data/prepared" / name / "card.json").write_text("{}")
    assert not planning.settle(Settings(preset="quick")).study.embedded
    assert asked == []


def test_a_licensed_corpus_takes_the_samples_place(offer: Offer) -> None:
    asked = offer("cifar10", "timit")
    settings = Settings(preset="quick", timit_path="/corpora/timit")
    assert planning.settle(settings).datasets == ["cifar10", "timit"]
    assert ("timit", "/corpora/timit") in asked
    assert all(name != "timit-sample" for name, _ in asked)


def test_every_corpus_of_speech_has_results_of_its_own(offer: Offer) -> None:
    offer("cifar10", "timit-sample", "timit", "librispeech")
    roots = {
        corpus: planning.settle(Settings(preset="quick", speech=corpus)).root
        for corpus in ("auto", "timit-sample", "timit", "librispeech")
    }
    assert roots["auto"] == roots["timit-sample"] == paths.results("quick")
    assert roots["librispeech"] == paths.RESULTS / "quick-librispeech"
    assert roots["timit"] == paths.RESULTS / "quick-timit"
    embedded = Settings(preset="quick", speech="librispeech", embedded="always")
    assert planning.settle(embedded).root == paths.RESULTS / "quick-embedded"


def test_a_licensed_corpus_that_is_not_there_is_named(project: Path, offer: Offer) -> None:
    real = registry.locate
    offer("cifar10")
    settings = Settings(preset="quick", embedded="never", timit_path=str(project / "absent"))
    with pytest.raises(UserError, match="timit: "):
        planning.settle(settings)
    found = real("timit", project, vars(settings))
    assert found.origin is None
    assert "absent" in found.refused[0]


def test_an_empty_mirror_and_no_network_give_their_reasons(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real search for data, with upstream out of reach."""
    (project / "mirror").mkdir()
    monkeypatch.setenv("ADSMTL_MIRROR", str(project / "mirror"))
    monkeypatch.setattr(sources.places, "problem", lambda place: f"no way to {place}")
    plan = planning.settle(Settings(preset="smoke"))
    assert plan.study.embedded
    text = "\n".join(plan.notes)
    for name in ("cifar10", "timit-sample"):
        assert f"{name}: ADSMTL_MIRROR" in text
    assert "no way to https://" in text
    with pytest.raises(UserError, match="cifar10: "):
        planning.settle(Settings(preset="paper"))


def test_jobs_take_over_the_settled_settings_and_this_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = str(Path(adsmtl.__file__).parents[1])
    monkeypatch.setenv(planning.SETTINGS, "{}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", package]))
    settled = Settings(preset="smoke", embedded="always", threads=2)
    monkeypatch.setenv(planning.PROCESSES, "1")
    planning.share(settled, processes=3)
    assert config.settings(json.loads(os.environ[planning.SETTINGS])) == settled
    assert os.environ[planning.PROCESSES] == "3"
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [package, "/elsewhere"]


def test_embedded_data_are_never_asked_of_the_preset_for_real_ones(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "cuda_devices", lambda: 1)
    plan = planning.settle(Settings(embedded="always"))
    assert plan.study.preset == "quick"
    assert plan.study.embedded
    assert "embedded data were asked for" in plan.notes[0]


def packs(
    monkeypatch: pytest.MonkeyPatch, devices: int, **settings: str | int
) -> list[planning.Pack]:
    monkeypatch.setattr(planning, "cuda_devices", lambda: devices)
    chosen = config.settings({"preset": "study", "embedded": "never"} | settings)
    return planning.Plan(chosen, config.study(chosen), ()).packs


def test_on_a_cpu_packs_are_small_and_followers_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    after = {pack.arms: pack.after for pack in packs(monkeypatch, 0)}  # 8 or 16 seeds each
    assert all(len(arms) == 1 for arms in after)
    assert after["borrowed",] == ("adsmtl-0.2",)
    assert after["adsmtl-0.2",] == ()
    found = packs(monkeypatch, 0, preset="quick")  # three seeds each
    arms = [arm for pack in found for arm in pack.arms]
    assert sorted(arms) == sorted(set(arms))
    assert {len(pack.arms) for pack in found} <= {1, 2}
    assert [pack.arms for pack in found if pack.after] == [
        ("borrowed", "matched-mean"),
        ("swapped",),
    ]


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_on_cuda_packs_share_the_arms_out(devices: int, monkeypatch: pytest.MonkeyPatch) -> None:
    study = config.study(config.settings({"preset": "full", "embedded": "never"}))
    found = packs(monkeypatch, devices, preset="full")
    assert sorted(arm for pack in found for arm in pack.arms) == sorted(study.arms)
    assert len({pack.name for pack in found}) == len(found)
    first = [pack for pack in found if not pack.after]
    assert len(first) == devices
    assert max(len(p.arms) for p in first) - min(len(p.arms) for p in first) <= 1
    for pack in found:
        leaders = {study.run(arm, 0).follows for arm in pack.arms} - {None}
        assert leaders == set(pack.after)
        assert not leaders & set(pack.arms)


def test_a_machine_without_cuda_plans_for_the_gpus_of_a_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = packs(monkeypatch, 3, preset="full")
    assert packs(monkeypatch, 0, preset="full", gpus=3) == here
    assert packs(monkeypatch, 8, preset="full", gpus=3) == here  # a node has what it has
    assert packs(monkeypatch, 8, preset="full", gpus=0) == packs(monkeypatch, 0, preset="full")


def test_jobs_train_as_many_runs_as_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for devices in (0, 3):  # three seeds each
        found = packs(monkeypatch, devices, preset="quick", runs_per_job=12)
        assert max(len(pack.arms) for pack in found) == 4
        assert len(found) == -(-18 // 4) + 1  # and those that follow
    alone = packs(monkeypatch, 0, preset="quick", runs_per_job=1)
    assert {len(pack.arms) for pack in alone} == {1}  # an arm's seeds stay together


def test_another_machine_keeps_to_the_devices_that_were_planned_with(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer("cifar10", "timit-sample")
    planned = planning.settle(Settings(preset="quick", gpus=2))
    assert planned.gpus == 1
    on_a_cpu = planning.settle(Settings(preset="quick"))
    planning.share(on_a_cpu.settings, 1)
    monkeypatch.setattr(planning, "cuda_devices", lambda: 4)
    again = planning.settle(config.settings(planning.shared()))
    assert again.settings == on_a_cpu.settings
    assert again.gpus == 0
    assert again.packs == on_a_cpu.packs


def test_one_named_device_takes_every_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [pack.after for pack in packs(monkeypatch, 4, preset="full", device="cuda:1")] == [
        (),
        ("adsmtl-0.2",),
    ]
    assert len(packs(monkeypatch, 4, device="cpu")) == len(packs(monkeypatch, 0))


def test_as_many_processes_train_at_once_as_cores_or_devices_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def processes(cores: int, devices: int, threads: int = 1) -> int:
        monkeypatch.setattr(planning, "cuda_devices", lambda: devices)
        chosen = Settings(preset="quick", embedded="always", threads=threads)
        return planning.Plan(chosen, config.study(chosen), ()).processes(cores, devices)

    found = len(packs(monkeypatch, 0, preset="quick"))
    assert [processes(cores, devices=0) for cores in (1, 2, 1000)] == [1, 2, found]
    assert processes(4, devices=0, threads=3) == 1
    assert processes(2, devices=0, threads=3) == 1
    assert processes(16, devices=3) == 3


def test_affinity_is_measured_of_the_named_arms_that_train_several_tasks(
    offer: Offer, project: Path
) -> None:
    offer("cifar10", "timit-sample")
    plan = planning.settle(Settings(preset="study"))
    pairs = [name for name, arm in plan.study.arms.items() if arm.role == "pair"]
    assert list(plan.related) == pairs
    part = planning.settle(Settings(preset="study", arms="main,pair-near-a-near-b"))
    assert part.related == ("pair-near-a-near-b",)
    assert planning.settle(Settings(preset="quick")).related == ()


def test_an_arm_named_for_affinity_that_does_not_exist_is_one_message(
    offer: Offer, project: Path
) -> None:
    offer("cifar10", "timit-sample")
    path = project / "config/presets/smoke.yaml"
    path.write_text(path.read_text().replace("{arms: [none], ", "{arms: [nine], "))
    with pytest.raises(UserError, match=r"smoke\.yaml: affinity\.arms names 'nine', which is"):
        planning.settle(Settings(preset="smoke"))
