from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _quiet_collector() -> Iterator[None]:
    """Holm's library collects garbage in every call, which takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda *_: 0)
        yield
