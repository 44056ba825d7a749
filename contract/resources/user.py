"""Users: people, and the users of service tokens, that can own records."""

from contract.resources.shape import ETAG, LIFECYCLE_FIELDS, USER_PREFIX, Field, Resource, Writable, record_id
from contract.roles import ROLES, read_access
from contract.types import Choice, Email, Line, Zone
from contract.vocabulary import Kind


def _told(name: str, kind: Line | Email | Choice, *, searched: bool = False) -> Field:
    return Field(name, kind, nullable=False, write=Writable.NEVER, in_search_text=searched)


USER = Resource(
    name="users",
    noun="user",
    prefix=USER_PREFIX,
    access=read_access("users", "See the business's users"),
    kinds=(Kind.LIST, Kind.GET, Kind.SEARCH),
    fields=(
        record_id(USER_PREFIX),
        _told("full_name", Line(201, example="Sam Rivera"), searched=True),
        _told("email", Email(), searched=True),
        _told("role", Choice(tuple(reversed(ROLES)))),
        _told("status", Choice(("active", "inactive"))),
        Field("time_zone", Zone(), write=Writable.NEVER, filterable=False),
        *LIFECYCLE_FIELDS,
        ETAG,
    ),
    list_filters=("status", "role", "email"),
    about="People, and the users of service tokens, that can own records. Read only.",
)
