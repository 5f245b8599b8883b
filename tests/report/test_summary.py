from adsmtl.claims.names import SHORT
from adsmtl.claims.verdicts import CONTRADICTED, INCONCLUSIVE, NEGLIGIBLE, NOT_RUN, SUPPORTED
from adsmtl.report import summary
from adsmtl.tables.numbers import minus


def row(number, verdict, effect=None, half=0.1, excluded=None, unit="percentage points", **part):
    known = effect is not None
    return {
        "id": f"C{number}",
        "verdict": verdict,
        "unit": unit,
        "delta": 0.5,
        "effect": effect,
        "p": 0.1 if known else None,
        "ci_low": effect - half if known else None,
        "ci_high": effect + half if known else None,
        "excluded": excluded,
        "n": 3,
        "reason": None,
        "parts": [{"asserts": "effect above 0"} | part],
    }


LEDGER = [
    row(1, SUPPORTED, 2.0, excluded=2.2),
    row(2, SUPPORTED, 0.6, excluded=0.8),
    row(3, NEGLIGIBLE, 0.05, excluded=0.2),
    row(4, CONTRADICTED, -3.0, excluded=-2.8),
    row(5, INCONCLUSIVE, 0.3, half=1.0, excluded=1.2),
    row(6, NOT_RUN),
    row(7, SUPPORTED, 0.7, unit="nats"),
]


def told(rows, *more):
    return " ".join(summary.sentences(rows, "study", *more))


def test_verdicts_are_counted_and_named():
    text = told(LEDGER)
    assert "Of the paper's 7 claims, 3 are supported (C1, C2, C7), 1 is contradicted (C4)" in text
    assert "1 comes to a negligible effect (C3)" in text
    assert "and 1 was not run (C6)" in text


def test_the_largest_clear_effects_come_first_whatever_their_sign():
    text = told(LEDGER)
    order = [text.index(f"C{n} ({SHORT[f'C{n}']})") for n in (4, 1, 7)]
    assert order == sorted(order)
    assert minus("-3.00 [-3.10, -2.90] points") in text
    assert f"C5 ({SHORT['C5']})" not in text  # its interval holds 0


def test_sizes_that_are_excluded_are_those_of_accuracy():
    text = told(LEDGER)
    assert "excluded at 5 %: C1 2.20, C2 0.80, C3 0.20, C4 any, C5 1.20." in text


def test_a_loss_that_is_excluded_is_no_effect_in_favour():
    lossless = row(6, SUPPORTED, 0.1, excluded=0.4, asserts="effect above minus delta")
    assert "C6 0.40" not in told([*LEDGER[:5], lossless])


def test_an_incomplete_study_says_so_first():
    assert told(LEDGER, "interim, 4 of 16 seeds").startswith("Interim, 4 of 16 seeds: verdicts")


def test_a_study_without_a_clear_effect_says_that():
    assert "No effect that decides a claim" in told([row(1, INCONCLUSIVE, 0.1, half=1.0)])


def test_a_study_without_any_test_counts_verdicts_alone():
    assert len(summary.sentences([row(1, NOT_RUN)], "smoke")) == 1


def test_the_longest_summary_keeps_to_its_words():
    verdicts = [SUPPORTED, CONTRADICTED, NEGLIGIBLE, INCONCLUSIVE]
    rows = [row(n, verdicts[n % 4], 10.0 + n, excluded=10.2) for n in range(1, 11)]
    text = told([*rows, row(11, NOT_RUN)], "interim, 12 of 16 seeds (2016 of 2688 runs)")
    assert len(text.split()) <= summary.WORDS


def test_a_single_effect_is_told_in_the_singular():
    assert "the largest effect is C1" in told([row(1, INCONCLUSIVE, 2.0)])
    assert "the largest effects are C4" in told(LEDGER)


def test_too_few_seeds_for_any_verdict_are_said_to_be_so():
    few = [{**own, "reason": "Underpowered by design"} for own in LEDGER if own["p"] is not None]
    words = "With n = 3, no result could have supported or contradicted a claim."
    assert words in told(few)
    assert words not in told([*few, row(8, SUPPORTED, 1.0)])
