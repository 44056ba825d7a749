"""Which internal services a deployment speaks to: a setting names their dialect, `module:function`. Knows none."""

import pkgutil
from collections.abc import Callable

from infra.process.settings import SettingsReader
from transcoder.backend.interface import Backend
from transcoder.backend.upstream import Upstream

Connect = Callable[[Upstream], Backend]
"""Makes the records that handlers work with, once per process."""
Dialect = Callable[[SettingsReader], Connect]
"""Reads settings of its own beside the transcoder's, so that every fault is told at once. Connects to nothing yet."""

DEFAULT_DIALECT = "transcoder.dialect:load"


def load_dialect(text: str) -> Dialect:
    """The dialect of that name; ValueError says what is wrong."""
    if text.count(":") != 1:
        raise ValueError("no module and function")
    try:
        found = pkgutil.resolve_name(text)
    except (ImportError, AttributeError) as fault:
        raise ValueError(str(fault)) from None
    if not callable(found):
        raise ValueError("not a function")
    dialect: Dialect = found
    return dialect
