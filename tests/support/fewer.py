"""Studies with three figures, where tests would spend most of their time in drawing all of them."""

import pytest

from adsmtl.figures import drawing

FIGURES = tuple(one for one in drawing.drawings() if one.name in ("accuracy", "gap", "claim-C3"))


def draw_few(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("adsmtl.figures.drawing.drawings", lambda: FIGURES)
