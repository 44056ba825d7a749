"""The public resources: a file each. A file here is a resource of the API; nothing else lists them."""

import importlib
import pkgutil

from contract.resources.activity import ACTIVITY
from contract.resources.company import COMPANY
from contract.resources.contact import CONTACT
from contract.resources.custom_field import CUSTOM_FIELD
from contract.resources.deal import DEAL
from contract.resources.note import NOTE
from contract.resources.pipeline import PIPELINE, STAGE
from contract.resources.shape import Action, Field, Money, Resource, Write
from contract.resources.task import TASK
from contract.resources.user import USER


def _found() -> tuple[Resource, ...]:
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    held = [value for name in files for value in vars(importlib.import_module(f"{__name__}.{name}")).values()]
    return tuple(dict.fromkeys(value for value in held if isinstance(value, Resource)))


RESOURCES: tuple[Resource, ...] = _found()
"""By file name; within a file in its order."""

__all__ = [
    "ACTIVITY",
    "COMPANY",
    "CONTACT",
    "CUSTOM_FIELD",
    "DEAL",
    "NOTE",
    "PIPELINE",
    "RESOURCES",
    "STAGE",
    "TASK",
    "USER",
    "Action",
    "Field",
    "Money",
    "Resource",
    "Write",
]
