"""MLflow's page in a browser: what a person sees first after `make ui`."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from adsmtl.collected import reading
from adsmtl.tracking import importing, page

pytestmark = pytest.mark.browser
SLOW = 120_000  # milliseconds for a page that starts several processes


@pytest.fixture(scope="module")
def link(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the arms of a small study, while MLflow's page runs."""
    folder = tmp_path_factory.mktemp("mlflow")
    database = folder / "mlflow.db"
    importing.track([drawn], [drawn], database, folder / "mlruns", print)
    with socket.socket() as free:
        free.bind((page.HOST, 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(page.command(database, port))
    until = time.monotonic() + SLOW / 1000
    while not page.answers(port):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.3)
    yield page.address(drawn, database, port)
    process.terminate()
    process.wait()


@pytest.fixture
def table(opened, link: str):
    found = opened(link, width=1600)
    found.get_by_role("link", name="none", exact=True).wait_for(timeout=SLOW)
    return found


def test_the_arms_are_listed_best_first(table, drawn: Path) -> None:
    runs = reading.load(drawn).runs
    joint = runs.groupby(["arm", "seed"]).filter(lambda own: len(own) > 1)
    best: pd.Series = joint.groupby("arm")["test_accuracy"].mean().sort_values(ascending=False)
    rows = table.locator('.ag-pinned-left-cols-container [role="row"]').all_inner_texts()
    names = [next(text for text in row.split("\n") if text in set(runs["arm"])) for row in rows]
    assert names[: len(best)] == list(best.index)
    assert set(names) == set(runs["arm"])
    first = table.locator('.ag-center-cols-container [role="row"]').first.inner_text()
    assert float(re.search(r"0\.\d+", first)[0]) == pytest.approx(best.iloc[0], abs=1e-9)


def test_accuracies_and_losses_come_first_and_nothing_else(table) -> None:
    header = table.locator('.ag-header-container [role="row"]').last.inner_text().split("\n")
    metrics = [text.strip() for text in header if re.match("test_|with_|val|train", text.strip())]
    assert metrics[0] == "test_accuracy"
    assert {"test_accuracy/vision", "test_accuracy/speech"} <= set(metrics)
    assert not [text for text in metrics if not text.startswith("test_")]


def test_the_mode_is_that_of_training_and_the_study_is_described(table) -> None:
    text = table.locator("body").inner_text()
    assert "Preset quick" in text
    assert table.get_by_role("link", name="Models", exact=True).is_visible()


def test_an_arm_says_what_it_is_and_has_its_curves(table) -> None:
    table.get_by_role("link", name="none", exact=True).click()
    table.get_by_text("means over seeds after the last epoch").first.wait_for(timeout=SLOW)
    table.get_by_role("tab", name="Artifacts").click()
    table.get_by_text("learning-curves.png").first.click(timeout=SLOW)
    picture = table.locator("img").last
    picture.wait_for(timeout=SLOW)
    assert "config.json" in table.locator("body").inner_text()
