"""Agreement with hand labels, on cases that can be worked by hand."""

import math

from adsmtl.data.speech import agreement
from adsmtl.data.speech.segments import Segment


def chain(*parts):
    """Segments from (end in ms, phone) pairs, the first from 0."""
    starts = [0, *(end for end, _ in parts)]
    return [
        Segment(16 * start, 16 * end, phone)
        for start, (end, phone) in zip(starts, parts, strict=False)
    ]


# "a tea": silence, ax, t with its closure, iy, silence
BY_HAND = chain(
    (100, "h#"), (150, "ax"), (200, "tcl"), (230, "t"), (330, "iy"), (400, "pau"), (500, "h#")
)


def test_closures_and_silences_are_joined_and_phones_folded():
    folded = agreement.folded(BY_HAND)
    assert [one.phone for one in folded] == ["sil", "ah", "t", "iy", "sil"]
    assert [one.start // 16 for one in folded] == [0, 100, 150, 230, 330]


def test_a_closure_goes_with_the_affricate_after_it_and_stays_alone_before_others():
    assert [one.phone for one in agreement.folded(chain((50, "tcl"), (90, "ch")))] == ["ch"]
    assert [one.phone for one in agreement.folded(chain((50, "pcl"), (90, "s")))] == ["p", "s"]


def test_errors_are_those_of_the_nearest_and_of_the_own_boundary():
    aligned = chain((110, "pau"), (190, "ah"), (215, "t"), (330, "iy"), (500, "pau"))
    found = agreement.boundaries_of(aligned, BY_HAND)
    # t starts 40 ms late, but 10 ms before its release; iy 15 ms early, or 15 ms after it
    assert [one.own for one in found] == [-10, -40, 15, 0]
    assert [abs(one.nearest) for one in found] == [10, 10, 15, 0]
    assert all(one.same for one in found)
    shares = agreement.shares(found)
    assert shares["nearest"] == {"10": 0.75, "20": 1.0, "50": 1.0}
    assert shares["own"] == {"10": 0.5, "20": 0.75, "50": 1.0}


def test_another_vowel_is_a_counterpart_but_not_the_same_phone():
    aligned = chain((100, "pau"), (150, "ae"), (230, "t"), (330, "iy"), (500, "pau"))
    found = agreement.boundaries_of(aligned, BY_HAND)
    assert [one.own for one in found] == [0, 0, 0, 0]
    assert [one.same for one in found] == [False, True, True, True]


def test_a_phone_that_was_not_spoken_is_missed_by_the_strict_measure_alone():
    aligned = chain((100, "pau"), (150, "ah"), (230, "t"), (280, "s"), (330, "iy"), (500, "pau"))
    found = agreement.boundaries_of(aligned, BY_HAND)
    assert math.isnan(found[2].own)
    assert agreement.shares(found)["nearest"]["50"] == 1.0
    assert agreement.shares(found)["own"]["50"] == 0.8


def test_right_time_leaves_out_the_glottal_stop():
    by_hand = chain((100, "h#"), (120, "q"), (200, "iy"))
    aligned = chain((100, "pau"), (160, "iy"), (200, "s"))
    right, compared = agreement.right_time(aligned, by_hand)
    assert (right, compared) == (140 * 16, 180 * 16)


def test_a_flap_is_a_t_or_a_d():
    by_hand = chain((100, "iy"), (130, "dx"), (200, "er"))
    for phone in ("t", "d"):
        found = agreement.boundaries_of(chain((100, "iy"), (130, phone), (200, "er")), by_hand)
        assert all(one.same for one in found)
