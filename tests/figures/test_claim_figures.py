"""The picture of a claim's contrasts."""

from dataclasses import replace

import pytest
import synthetic

from adsmtl import outputs
from adsmtl.claims.catalogue import CLAIMS
from adsmtl.claims.names import SHORT
from adsmtl.figures import claims, style


def part(effect=0.5, delta=0.5, unit="percentage points", folds=(0, 1, 0, 1), **changes):
    values = [effect - 0.3, effect + 0.3, effect - 0.1, effect + 0.1][: len(folds)]
    return {
        "comparison": "one arm minus another",
        "tasks": ["vision", "speech"],
        "unit": unit,
        "asserts": "effect above 0",
        "delta": delta,
        "effect": effect,
        "ci_low": effect - 0.2,
        "ci_high": effect + 0.2,
        "folds": list(folds),
        "values": values,
    } | changes


def drawn(*parts):
    return claims.draw_claim({"id": "C4", "sentence": "C4 …", "parts": list(parts)})


def lines(ax, marker):
    return [line for line in ax.lines if line.get_marker() == marker]


def test_seeds_are_points_with_the_marker_of_their_fold():
    (ax,) = drawn(part()).axes
    circles, squares = lines(ax, "o"), lines(ax, "s")
    assert list(circles[0].get_xdata()) == pytest.approx([0.2, 0.4])
    assert list(squares[0].get_xdata()) == pytest.approx([0.8, 0.6])
    (mean,) = lines(ax, "D")
    assert mean.get_xdata() == pytest.approx([0.5])
    assert any(list(line.get_xdata()) == pytest.approx([0.3, 0.7]) for line in ax.lines)


def test_the_band_spans_delta_and_a_line_marks_0():
    (ax,) = drawn(part(delta=0.25)).axes
    (band,) = ax.collections
    across = band.get_paths()[0].vertices[:, 0]
    assert (across.min(), across.max()) == (-0.25, 0.25)
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


@pytest.mark.parametrize(
    ("asserts", "told"),
    [
        ("effect above 0", "right of 0 favours"),
        ("effect other than 0", "names no direction"),
        ("effect above minus delta", "left of the band contradicts"),
    ],
)
def test_the_axis_says_what_favours_the_claim(asserts, told):
    (ax,) = drawn(part(asserts=asserts)).axes
    assert told in ax.get_xlabel()


def test_every_part_is_a_row_with_its_numbers():
    (ax,) = drawn(part(), part(0.7, comparison="a third minus a fourth")).axes
    texts = [text.get_text() for text in ax.texts]
    assert texts[0::2] == ["One arm minus another", "A third minus a fourth"]
    assert texts[1::2] == ["+0.50 [+0.30, +0.70]", "+0.70 [+0.50, +0.90]"]
    heights = [line.get_ydata()[0] for line in lines(ax, "D")]
    assert heights == sorted(heights)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row is the highest


def test_units_and_sizes_that_differ_have_axes_of_their_own():
    nats = part(0.1, 0.02, "nats", ci_low=0.05, ci_high=0.15)
    large = part(9.0, ci_low=8.5, ci_high=9.5)
    groups = claims.panels([part(), nats, part(0.6), nats, large])
    assert [len(group) for group in groups] == [2, 2, 1]
    assert [ax.get_xlabel().split(" (")[0] for ax in drawn(part(), nats).axes] == [
        "percentage points",
        "nats",
    ]


def test_an_effect_on_one_task_has_its_colour():
    (ax,) = drawn(part(tasks=["speech"]), part()).axes
    colours = [line.get_color() for line in lines(ax, "D")]
    assert colours == [style.task_colour("speech"), style.INK]
    assert len({style.task_colour("vision"), *colours}) == 3


def test_one_fold_and_one_seed_are_no_error():
    figure = drawn(part(folds=(0,), ci_low=None, ci_high=None))
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["mean, 95 % interval", "below interest (±delta)", "seed"]
    assert figure.axes[0].texts[1].get_text() == "+0.50"


def test_a_claim_that_was_not_run_says_why():
    figure = claims.draw_claim({"id": "C6", "sentence": "C6 was not run.", "parts": []})
    assert figure.texts[0].get_text() == "C6 was not run."


@pytest.fixture(scope="module")
def arms():
    found = {}
    for arm_id, arm in synthetic.ARMS.items():
        found[arm_id] = outputs.Traits(
            group=arm.group,
            baseline=arm.baseline,
            tasks=arm.tasks or synthetic.TASKS,
            schedule=arm.dropout.schedule,
            rate=None,
            train_fraction=arm.train_fraction,
            role=arm.role,
        )
    return found


def test_every_claim_with_statistics_has_a_picture_where_its_arms_are(arms):
    names = {one.name for one in claims.DRAWINGS if one.exists(arms)}
    assert names == {f"claim-{claim.id}" for claim in CLAIMS}
    assert set(claims.NEEDS) | {"C11"} == set(SHORT)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_picture_needs_the_roles_that_its_claim_needs(arms, claim):
    together = {wanted.role for wanted in claim.needs if len(wanted.tasks) > 1} or {"pair"}
    alone = {wanted.role for wanted in claim.needs if len(wanted.tasks) == 1}
    needs = claims.NEEDS[claim.id]
    assert set(needs.together) == together
    assert set(needs.alone) == (alone or set(needs.alone) & {"pair-single"})
    for role in together:
        left = {a: replace(own, role=None) if own.role == role else own for a, own in arms.items()}
        assert not needs.met(left)
