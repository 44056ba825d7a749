"""The few shapes that every part of an Envoy configuration is made of."""

from collections.abc import Iterable, Mapping
from typing import Any

Yaml = dict[str, Any]

_PREFIX = "type.googleapis.com/"


def any_message(message: str, **fields: Any) -> Yaml:
    """A message that says its own type, as Envoy wants them wherever several would fit."""
    return {"@type": f"{_PREFIX}{message}", **fields}


def extension(name: str, message: str, **fields: Any) -> Yaml:
    """An extension: a filter, a formatter, an access logger."""
    return {"name": name, "typed_config": any_message(message, **fields)}


def duration(value: float) -> str:
    """A duration."""
    return f"{value:g}s"


def overwrite_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[Yaml]:
    """Headers that end up with exactly this one value, whoever wrote them before."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [
        {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        for name, value in pairs
    ]


def escape_format(text: str) -> str:
    """Text that a format string prints as it is."""
    return text.replace("%", "%%")
