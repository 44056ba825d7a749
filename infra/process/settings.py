"""Reading settings from the environment: complete or fatal, all faults at once, one line each.

A settings class is a frozen dataclass that a service's `settings.py` builds from a `Reader`: read all, `finish`, build.
`finish` raises when anything was missing or malformed, and `load_or_exit` ends the process.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

T = TypeVar("T")

LEVELS = ("debug", "info", "warning", "error")
_FILE = "_FILE"


@dataclass(frozen=True, slots=True)
class RequestedSetting:
    """A setting that was asked for: its variable, what it has to be, and what stands in for it (None: nothing)."""

    name: str
    expected: str
    default: str | None
    secret: bool


class SettingsError(Exception):
    """What is wrong with the settings, a line per variable; and all that was asked for, wrong or not."""

    def __init__(self, faults: Sequence[str], asked: Sequence[RequestedSetting]) -> None:
        super().__init__("\n".join(faults))
        self.asked = tuple(asked)


class SettingsReader:
    """Takes settings out of an environment and remembers each fault, so that all of them are told together."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._faults: list[str] = []
        self._asked: list[RequestedSetting] = []

    def read(
        self, name: str, parse: Callable[[str], T], expected: str, *, default: str | None = None, shown_as: bool = True
    ) -> T:
        """What `parse` makes of a variable, or of the file that `<name>_FILE` names; it raises ValueError on a bad one.

        After a fault the value is no value: nothing may be built before `finish` has passed. What must not be `told`
        (a URL may hold a password) is left out of the fault, and so is what stood in a file.
        """
        self._asked.append(RequestedSetting(name, expected, default, secret=False))
        return self._parsed(name, parse, expected, default, told=shown_as)

    def optional(self, name: str, parse: Callable[[str], T], expected: str, *, told: bool = True) -> T | None:
        """As `read`; None where there is neither the variable nor the file."""
        self._asked.append(RequestedSetting(name, expected, "", secret=False))
        return self._parsed(name, parse, expected, None, told=told) if self.is_set(name) else None

    def is_set(self, name: str) -> bool:
        """Whether the environment has that setting; an empty one is none."""
        return bool(self._environment.get(name) or self._file_of(name))

    def _parsed(self, name: str, parse: Callable[[str], T], expected: str, default: str | None, *, told: bool) -> T:
        try:
            text, told = self._text(name, default, told=told)
        except (ValueError, OSError) as fault:
            self._faults.append(f"{name}{_FILE} is not usable ({fault}); expected the path of {expected}")
            return cast("T", None)
        if not text:
            self._faults.append(f"{name} is not set; expected {expected}")
            return cast("T", None)
        try:
            return parse(text)
        except (ValueError, OSError) as fault:
            self._faults.append(f"{f'{name}={text!r}' if told else name} is not usable ({fault}); expected {expected}")
            return cast("T", None)

    def _text(self, name: str, default: str | None, *, told: bool) -> tuple[str | None, bool]:
        path = self._file_of(name)
        if not path:
            return self._environment.get(name, default), told
        if self._environment.get(name):
            raise ValueError(f"{name} is set, too")
        return Path(path).read_text(encoding="utf-8").strip(), False

    def _file_of(self, name: str) -> str | None:
        # What names a file is not to be looked for in another one.
        return None if name.endswith(_FILE) else self._environment.get(f"{name}{_FILE}")

    def secret(self, name: str, parse: Callable[[str], T], expected: str) -> T:
        """What `parse` makes of the text of the file that a variable names. The text itself is never told."""

        def load(path: str) -> T:
            return parse(Path(path).read_text(encoding="ascii"))

        expected = f"the path of {expected}"
        self._asked.append(RequestedSetting(name, expected, None, secret=True))
        return self._parsed(name, load, expected, None, told=True)

    def secrets(self, name: str, parse: Callable[[Path], T], expected: str) -> T:
        """What `parse` makes of the folder that a variable names, which holds secrets."""
        expected = f"the path of {expected}"
        self._asked.append(RequestedSetting(name, expected, None, secret=True))
        return self._parsed(name, lambda path: parse(Path(path)), expected, None, told=True)

    def finish(self) -> None:
        """Raise SettingsError when any variable was at fault."""
        if self._faults:
            raise SettingsError(self._faults, self._asked)


def public_url(text: str) -> str:
    """An https origin without a path or trailing slash."""
    if not re.fullmatch(r"https://[A-Za-z0-9.\-\[\]:]+", text):
        raise ValueError("not an https origin")
    return text


def load_or_exit(load: Callable[[Mapping[str, str]], T], environment: Mapping[str, str], service: str) -> T:
    """The settings, or the end of the process with a line per fault on standard error."""
    try:
        return load(environment)
    except SettingsError as error:
        sys.stderr.writelines(f"{service}: {line}\n" for line in str(error).split("\n"))
        raise SystemExit(2) from None


def parse_log_level(text: str) -> int:
    """A logging level from its word."""
    if text not in LEVELS:
        raise ValueError("unknown level")
    return cast("int", getattr(logging, text.upper()))
