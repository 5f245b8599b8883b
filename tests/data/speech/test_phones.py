"""The tables against what TIMIT's documentation and Lee and Hon (1989) say."""

import pytest

from adsmtl.data.speech import phones


def test_sixty_one_phones_each_with_one_manner():
    assert len(phones.PHONES) == len(set(phones.PHONES)) == 61
    assert sum(len(group) for group in phones.MANNERS.values()) == 61
    assert phones.manner_of("dx") == "stop"
    assert phones.manner_of("epi") == "closure"


def test_thirty_nine_classes():
    classes, mapping = phones.fold39()
    assert len(classes) == 39
    assert len(mapping) == 61
    assert set(mapping) == {-1, *range(39)}
    assert [p for p, c in zip(phones.PHONES, mapping, strict=True) if c == -1] == ["q"]


@pytest.mark.parametrize(
    ("phone", "folded"),
    [
        *(("zh", "sh"), ("ax-h", "ah"), ("ax", "ah"), ("ao", "aa"), ("axr", "er"), ("ix", "ih")),
        *(("ux", "uw"), ("hv", "hh"), ("el", "l"), ("em", "m"), ("en", "n"), ("nx", "n")),
        *(("eng", "ng"), ("dx", "dx"), ("iy", "iy"), ("pau", "sil"), ("h#", "sil"), ("bcl", "sil")),
    ],
)
def test_folding(phone, folded):
    classes, mapping = phones.fold39()
    assert classes[mapping[phones.PHONES.index(phone)]] == folded


def test_silence_takes_nine_phones_and_no_class_more_than_its_group():
    classes, mapping = phones.fold39()
    sizes = {name: mapping.count(index) for index, name in enumerate(classes)}
    merged = {name: size for name, size in sizes.items() if size > 1}
    assert merged == {
        **{"sil": 9, "aa": 2, "ah": 3, "er": 2, "hh": 2, "ih": 2},
        **{"l": 2, "m": 2, "n": 3, "ng": 2, "sh": 2, "uw": 2},
    }
