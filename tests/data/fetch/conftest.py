"""No mirror and no proxy but those that a test names."""

import pytest

from adsmtl.data.fetch import mirrors


@pytest.fixture(autouse=True)
def no_mirror_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (mirrors.MIRROR, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
