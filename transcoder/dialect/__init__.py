"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side. A file with a `Dialect`
in it is a resource inside; nothing else lists them.
"""

import importlib
import pkgutil

from process.settings import Reader
from transcoder.dialect.crm import Crm
from transcoder.dialect.rows import Dialect
from transcoder.seam import Connect


def _found() -> tuple[Dialect, ...]:
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    held = [value for name in files for value in vars(importlib.import_module(f"{__name__}.{name}")).values()]
    return tuple({value.resource: value for value in held if isinstance(value, Dialect)}.values())


DIALECTS: tuple[Dialect, ...] = _found()


def load(_: Reader) -> Connect:
    """The CRM needs no settings but where it is."""
    return lambda upstream: Crm(upstream, DIALECTS)
