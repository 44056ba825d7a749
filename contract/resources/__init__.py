"""The public resources: a file each, and the ordered list of them."""

from contract.resources.contact import CONTACT
from contract.resources.shape import Field, Resource, Write

RESOURCES: tuple[Resource, ...] = (CONTACT,)

__all__ = ["CONTACT", "RESOURCES", "Field", "Resource", "Write"]
