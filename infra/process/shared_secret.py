"""The secret that our services show each other where they speak over a network, and not over a UNIX socket.

Two words at a time, so that one can take the other's place without a lost call: the first is shown, both are accepted.
"""

import hmac
from dataclasses import dataclass

from infra.process.address import Address, TcpAddress
from infra.process.settings import SettingsReader

_NAME = "INTERNAL_SECRET"
_LEAST_CHARACTERS = 32
_MOST_WORDS = 2
_EXPECTED = (
    f"a word of {_LEAST_CHARACTERS} or more plain characters where it speaks over a network; "
    "while it is changed, a second one, which is accepted and not shown"
)


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """One word, or two while it is changed."""

    secrets: tuple[str, ...]

    @property
    def authorization(self) -> str:
        """What goes into `Authorization`."""
        return f"Bearer {self.secrets[0]}"

    def accepts(self, authorization: str) -> bool:
        """Whether that stood in `Authorization`; how long it takes tells nothing of a word."""
        told = authorization.encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(told, f"Bearer {word}".encode()) for word in self.secrets)


def internal_secret(reader: SettingsReader, address: Address | None) -> SharedSecret | None:
    """What INTERNAL_SECRET holds, or the file that INTERNAL_SECRET_FILE names; it has to be set only for a network."""
    if isinstance(address, TcpAddress):
        return reader.read(_NAME, _secret, _EXPECTED, shown_as=False)
    return reader.optional(_NAME, _secret, _EXPECTED, told=False)


def _secret(text: str) -> SharedSecret:
    words = tuple(text.split())
    if not 1 <= len(words) <= _MOST_WORDS:
        raise ValueError("neither one word nor two")
    if any(len(word) < _LEAST_CHARACTERS or not word.isprintable() for word in words):
        raise ValueError("too short, or not plain")
    return SharedSecret(words)
