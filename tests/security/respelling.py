"""The many texts of one token: what a verifier lenient in base64, in a signature's length or in dots takes for it.

Every class that public test vectors have, made of a token at hand, so that the signature is right.
"""

import base64
from collections.abc import Iterator

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: (r, n - s) verifies as (r, s) does."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_UNUSED_BITS = 4
"""Of the last of 86 characters for 64 bytes."""


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts(token: str) -> tuple[str, bytes]:
    """What is signed, and the signature."""
    head, _, signature = token.rpartition(".")
    return head, base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def respellings(token: str) -> Iterator[tuple[str, str]]:
    """Each with what is odd about it."""
    yield from _by_signature(token)
    yield from _by_base64(token)
    yield from _by_dots(token)


def _by_signature(token: str) -> Iterator[tuple[str, str]]:
    """Other bytes for the same two numbers, or for their twin."""
    head, raw = parts(token)
    r, s = raw[:32], raw[32:]
    twin = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    signatures = {
        "n - s": r + twin,
        "n - s, padded": b"\0" + r + b"\0" + twin,
        **{f"each half behind {zeros} zeros": bytes(zeros) + r + bytes(zeros) + s for zeros in (1, 2, 16, 300, 1000)},
        "one zero before it": b"\0" + raw,
        "one zero behind it": raw + b"\0",
        "a zero between its halves": r + b"\0" + s,
        "twice": raw + raw,
        "its halves swapped": s + r,
        "r + n": (int.from_bytes(r, "big") + ORDER).to_bytes(33, "big") + b"\0" + s,
        "s + n": b"\0" + r + (int.from_bytes(s, "big") + ORDER).to_bytes(33, "big"),
        "n - r": (ORDER - int.from_bytes(r, "big")).to_bytes(32, "big") + s,
    }
    for name, signature in signatures.items():
        yield name, f"{head}.{text(signature)}"


def _by_base64(token: str) -> Iterator[tuple[str, str]]:
    """Other characters for the same bytes."""
    last = ALPHABET.index(token[-1])
    for bits in range(1, 2**_UNUSED_BITS):
        yield f"unused bits {bits}", token[:-1] + ALPHABET[last ^ bits]
    yield "padding", f"{token}=="
    yield "half of a padding", f"{token}="
    yield "the other alphabet", token[: token.rindex(".")] + token[token.rindex(".") :].translate({45: "+", 95: "/"})
    yield "a blank in its signature", f"{token[:-4]} {token[-4:]}"
    yield "percent-encoding", f"{token[:-1]}%{ord(token[-1]):02x}"
    header, payload, signature = token.split(".")
    yield "a padded header", f"{header}=.{payload}.{signature}"
    yield "a padded payload", f"{header}.{payload}=.{signature}"
    yield (
        "unused bits in its payload",
        f"{header}.{payload[:-1]}{ALPHABET[ALPHABET.index(payload[-1]) ^ 1]}.{signature}",
    )


def _by_dots(token: str) -> Iterator[tuple[str, str]]:
    """More parts than three."""
    header, payload, signature = token.split(".")
    yield "a dot before it", f".{token}"
    yield "a dot behind it", f"{token}."
    yield "two dots behind it", f"{token}.."
    yield "a double dot", f"{header}..{payload}.{signature}"
    yield "a fourth part", f"{token}.{signature}"
    yield "a fifth part", f"{header}.{payload}.{signature}.{payload}.{signature}"
