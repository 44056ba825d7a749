"""The public resources: a file each, and the ordered list of them."""

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

RESOURCES: tuple[Resource, ...] = (
    CONTACT,
    COMPANY,
    DEAL,
    PIPELINE,
    STAGE,
    TASK,
    NOTE,
    ACTIVITY,
    USER,
    CUSTOM_FIELD,
)

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
