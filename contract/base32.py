"""Base 32 of numbers of one size, spelled many at once. Knows neither what they are nor why they are spelled.

The standard library spells base 32 in Python, number by number and digit by digit. Here the digits of all numbers of a
call are moved apart together inside one long integer, in as many steps as a digit's place has bits, so that each digit
becomes a byte; `bytes.translate` makes letters of them.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter

_DIGIT_BITS, _BYTE_BITS = 5, 8
_AT_ONCE = 64
"""Numbers in one integer: enough that a number's share of a step is small, and few enough to keep masks short."""
_PYTHONS = "0123456789abcdefghijklmnopqrstuv"
"""The digits of `int(text, 32)`."""


class Base32:
    """Spells numbers of `size` bytes in the digits of an alphabet, `first`: no more than so many, from the left."""

    def __init__(self, size: int, alphabet: str, first: int | None = None) -> None:
        digits = -(-size * _BYTE_BITS // _DIGIT_BITS)
        self._size = size
        self._lane = 1 << (digits - 1).bit_length()
        """Bytes that a number has for its digits, the next power of two."""
        self._padding = bytes(self._lane - size)
        places = range(self._lane - digits, _AT_ONCE * self._lane, self._lane)
        self._places = tuple(slice(place, place + (first or digits)) for place in places)
        """Where the digits of each number are."""
        self._steps = tuple(self._laid_out())
        self._letters = bytes.maketrans(bytes(range(32)), alphabet.encode())
        self._to_pythons = str.maketrans(alphabet, _PYTHONS)

    def _laid_out(self) -> Iterator[tuple[int, int]]:
        """Of each step: a mask of the digits that stay, and the bits by which the others move up.

        A group of digits is halved in each step: its lower half stays, the upper half goes to where it has the room.
        """
        half = self._lane // 2
        while half:
            stay = (1 << _DIGIT_BITS * half) - 1
            groups = _AT_ONCE * self._lane // (2 * half)
            yield int.from_bytes(stay.to_bytes(2 * half, "big") * groups, "big"), (_BYTE_BITS - _DIGIT_BITS) * half
            half //= 2

    def encode_many(self, numbers: Sequence[bytes]) -> Sequence[str]:
        """Each of them in digits, the most significant first."""
        if len(numbers) <= _AT_ONCE:
            return self._spelt_together(numbers)
        parts = (numbers[at : at + _AT_ONCE] for at in range(0, len(numbers), _AT_ONCE))
        return [text for part in parts for text in self._spelt_together(part)]

    def encode(self, number: bytes) -> str:
        """One of them."""
        return self._moved_apart((number,))[self._places[0]]

    def _spelt_together(self, numbers: Sequence[bytes]) -> Sequence[str]:
        text, places = self._moved_apart(numbers), self._places[: len(numbers)]
        # Cut in one step; of one place `itemgetter` gives what is there and no tuple.
        return itemgetter(*places)(text) if len(places) > 1 else [text[place] for place in places]

    def _moved_apart(self, numbers: Sequence[bytes]) -> str:
        apart = int.from_bytes(self._padding + self._padding.join(numbers), "big")
        for mask, up in self._steps:
            staying = apart & mask
            apart = staying | (apart ^ staying) << up
        return apart.to_bytes(self._lane * len(numbers), "big").translate(self._letters).decode("ascii")

    def decode(self, digits: str) -> bytes | None:
        """The number that was spelt; None when it is longer than `size` bytes. Only digits may be given."""
        number = int(digits.translate(self._to_pythons), 32)
        return None if number >> _BYTE_BITS * self._size else number.to_bytes(self._size, "big")
