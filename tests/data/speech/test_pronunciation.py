"""Words that the dictionary lacks are pronounced in its phones."""

import pytest

from adsmtl.data.speech import arpabet, pronunciation


def test_the_words_of_a_sentence():
    said = "She's 2 o'clock; WELL-KNOWN, 'tis -- "
    assert pronunciation.words_of(said) == ["she's", "2", "o'clock", "well", "known", "'tis"]
    assert pronunciation.words_of(" ' -- ") == []


@pytest.mark.parametrize(
    ("mnemonics", "phones"),
    [
        ("a#_b_dZ_j_'U@_d", "AH B JH Y UH R D"),
        ("i:_;_0_n_z", "IY AA N Z"),
        ("a#_p_'0_s_@L_z", "AH P AA S AH L Z"),
        ("k_!!_t", None),
        ("", None),
        (";", None),
    ],
)
def test_mnemonics_become_phones(mnemonics, phones):
    assert pronunciation.as_phones(mnemonics) == phones


def test_every_mnemonic_gives_phones_of_the_dictionary():
    used = {phone for phones in pronunciation.PHONES.values() for phone in phones.split()}
    assert {phone.lower() for phone in used} == set(arpabet.PHONES)


def test_espeak_knows_how_names_are_spoken():
    found = pronunciation.pronounce(["ruggedo", "stephanos's", "ruggedo"])
    assert found["ruggedo"] == "R AH G IY D OW"
    assert found["stephanos's"].startswith("S T EH F")
    assert pronunciation.pronounce([]) == {}
