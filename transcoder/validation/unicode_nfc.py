"""[pure] Unicode's composed form (NFC), in time that grows with the text and no faster.

Python puts the marks behind a letter in order by insertion: 80,000 of them, in 160 KB, took half a minute in which
nobody else was answered. Marks that are in order already cost nothing, so they are sorted before they are composed.
"""

import unicodedata
from itertools import chain, groupby

MOST_SHRINKAGE = 4
"""No composed character stands for more code points (U+1F82 for four): what is longer than a bound by this factor is
longer than the bound once composed.
"""

_PAIRS_OF_MARKS = str.maketrans({mark: unicodedata.normalize("NFD", mark) for mark in "\u0344\u0f73\u0f75\u0f81"})
"""The characters that are two marks each; three of them have the class of letters, and hide the order of the two."""


def to_nfc(text: str) -> str:
    """`text` in NFC."""
    # This check reads the text once, and is enough for what people write.
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    runs = groupby(text.translate(_PAIRS_OF_MARKS), key=lambda character: unicodedata.combining(character) > 0)
    # A stable sort by class is the canonical order (Unicode 3.11, D108).
    ordered = (sorted(run, key=unicodedata.combining) if marks else run for marks, run in runs)
    return unicodedata.normalize("NFC", "".join(chain.from_iterable(ordered)))
