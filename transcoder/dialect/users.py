"""Users inside."""

from contract.resources import USER
from transcoder.dialect.conversions import coded
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

USERS = resource_mapping(
    USER,
    MappingOverrides(
        path="users",
        names={"full_name": "name", "role": "role_code", "status": "is_active"},
        conversions={
            "role": coded({"admin": 1, "manager": 2, "member": 3, "viewer": 4}),
            "status": coded({"inactive": 0, "active": 1}),
        },
        pages_by_offset=True,
    ),
)
