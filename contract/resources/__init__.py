"""The public resources: a file each. A file here is a resource of the API; nothing else lists them."""

from contract.discovery import modules
from contract.resources.activity import ACTIVITY
from contract.resources.app import APP
from contract.resources.company import COMPANY
from contract.resources.contact import CONTACT
from contract.resources.custom_field import CUSTOM_FIELD
from contract.resources.deal import DEAL
from contract.resources.note import NOTE
from contract.resources.personal_access_token import PERSONAL_ACCESS_TOKEN
from contract.resources.pipeline import PIPELINE, STAGE
from contract.resources.shape import Action, AmountPair, Field, Resource, Writable
from contract.resources.task import TASK
from contract.resources.user import USER

_HELD = (value for module in modules(__name__, __path__) for value in vars(module).values())
RESOURCES: tuple[Resource, ...] = tuple(dict.fromkeys(value for value in _HELD if isinstance(value, Resource)))
"""By file name; within a file in its order."""

__all__ = [
    "ACTIVITY",
    "APP",
    "COMPANY",
    "CONTACT",
    "CUSTOM_FIELD",
    "DEAL",
    "NOTE",
    "PERSONAL_ACCESS_TOKEN",
    "PIPELINE",
    "RESOURCES",
    "STAGE",
    "TASK",
    "USER",
    "Action",
    "AmountPair",
    "Field",
    "Resource",
    "Writable",
]
