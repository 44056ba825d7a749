"""[pure] Reading form and query parameters: none twice but `resource`, an empty one is as good as none, sizes bounded.

Owns what all endpoints ask of their parameters alike (RFC 6749 §3.1, §3.2); must not know what a parameter is for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

MAX_FORM_BYTES = 16 * 1024
MAX_PARAMETERS = 40
MAX_VALUE = 4096
"""Characters of one value; an access token has some 900."""
MAY_REPEAT = frozenset({"resource"})
"""RFC 8707 §2."""

_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class InvalidParameters:
    """What is wrong with the parameters; `names` are those that cannot be trusted to say what they seem to."""

    detail: str
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parameters:
    """Values by name; `resources` are all values of the one that may repeat. `fault`: which were repeated or odd."""

    values: Mapping[str, str]
    resources: tuple[str, ...] = ()
    fault: InvalidParameters | None = None

    def get(self, name: str) -> str | None:
        """The value, if one was sent that is not empty."""
        return self.values.get(name)


def parse_parameters(raw: bytes) -> Parameters | InvalidParameters:
    """The parameters of a form or a query, as bytes. Unreadable when it is no form at all.

    A parameter that was sent twice, or holds what no value may, is left out of the values and named in `fault`: who
    reads them decides what can still be trusted.
    """
    pairs = _pairs(raw)
    if isinstance(pairs, InvalidParameters):
        return pairs
    values: dict[str, str] = {}
    seen: set[str] = set()
    bad: dict[str, str] = {}
    resources: list[str] = []
    for name, value in pairs:
        if name in MAY_REPEAT:
            resources += [value] if value else []
        elif name in seen:
            bad[name] = "is repeated"
        seen.add(name)
        if len(value) > MAX_VALUE or _CONTROL.search(name + value):
            bad[name] = "is too long or holds control characters"
        if value and name not in MAY_REPEAT:
            values[name] = value
    for name in bad:
        values.pop(name, None)
    fault = (
        InvalidParameters("; ".join(f"{_told(name)} {why}" for name, why in bad.items()), frozenset(bad))
        if bad
        else None
    )
    return Parameters(values, tuple(dict.fromkeys(resources)), fault)


def _pairs(raw: bytes) -> list[tuple[str, str]] | InvalidParameters:
    if len(raw) > MAX_FORM_BYTES:
        return InvalidParameters("the parameters are too large")
    if _STRAY_PERCENT.search(raw):
        return InvalidParameters("a % is not followed by two hex digits")
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return InvalidParameters("the parameters are not form-encoded UTF-8, or too many")


def _told(name: str) -> str:
    """A name as it can be repeated to the caller: letters alone, or nothing of it."""
    return name if re.fullmatch(r"[a-z_]{1,40}", name) else "a parameter"
