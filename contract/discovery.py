"""The modules of a package, so that a declaration is a file that nothing lists. Knows nothing of what they declare."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType


def modules(package: str, path: Iterable[str]) -> tuple[ModuleType, ...]:
    """Those right under `package`, which lies at `path`, by name; imported."""
    names = sorted(module.name for module in pkgutil.iter_modules(path))
    return tuple(importlib.import_module(f"{package}.{name}") for name in names)
