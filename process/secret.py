"""The secret that our services show each other where they speak over a network, and not over a UNIX socket."""

from process.address import Address, TcpAddress
from process.settings import Reader

_FILE = "INTERNAL_SECRET_FILE"
_LEAST_CHARACTERS = 32


def internal_secret(reader: Reader, address: Address | None) -> str | None:
    """What INTERNAL_SECRET_FILE holds; it has to be set only for an address on a network."""

    def secret(name: str) -> str:
        return reader.secret(name, _secret, f"a file of {_LEAST_CHARACTERS} or more plain characters, on a network")

    needed = isinstance(address, TcpAddress)
    return secret(_FILE) if needed else reader.optional(_FILE, secret)


def _secret(text: str) -> str:
    word = text.strip()
    if len(word) < _LEAST_CHARACTERS or not word.isprintable() or " " in word:
        raise ValueError("too short, or not one word")
    return word
