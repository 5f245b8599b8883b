"""A real browser: Chromium of the system, driven by playwright. `make test-browser` runs these."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium; the tests fail where it or playwright is missing, and say what to do."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        pytest.fail("playwright is not installed; call `make test-browser`, which installs it")
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if not found:
        pytest.fail(f"no browser: install one of {', '.join(BROWSERS)} (apt-get install chromium)")
    with sync_playwright() as running:
        # A page of our own in a container without user namespaces.
        launched = running.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser) -> Iterator[Callable]:
    """Opens a page in a window of a size, in a colour scheme or as it is printed."""
    contexts = []

    def open_(
        address: str | Path, width: int = 1280, height: int = 900, scheme="light", media="screen"
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.emulate_media(media=media, color_scheme=scheme)
        page.goto(address.resolve().as_uri() if isinstance(address, Path) else address)
        return page

    yield open_
    for context in contexts:
        context.close()
