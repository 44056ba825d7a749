"""The secret that our services show each other where they speak over a network, and not over a UNIX socket."""

from process.address import Address, TcpAddress
from process.settings import Reader

_NAME = "INTERNAL_SECRET"
_LEAST_CHARACTERS = 32
_EXPECTED = f"{_LEAST_CHARACTERS} or more plain characters where it speaks over a network"


def internal_secret(reader: Reader, address: Address | None) -> str | None:
    """What INTERNAL_SECRET_FILE holds; it has to be set only for an address on a network."""
    if isinstance(address, TcpAddress):
        return reader.read(_NAME, _secret, _EXPECTED, told=False)
    return reader.optional(_NAME, _secret, _EXPECTED, told=False)


def _secret(text: str) -> str:
    word = text.strip()
    if len(word) < _LEAST_CHARACTERS or not word.isprintable() or " " in word:
        raise ValueError("too short, or not one word")
    return word
