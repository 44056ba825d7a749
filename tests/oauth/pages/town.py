"""Who there is on these pages: Ada in two businesses, Bob in one, Cleo who is not active any more."""

from typing import Any

ADA, BOB, CLEO = "ada@example.com", "bob@example.com", "cleo@example.com"
ADA_ID, BOB_ID, CLEO_ID = 11, 12, 13
NORTH, SOUTH = 1, 2

DIRECTORY: dict[str, Any] = {
    "businesses": [
        {
            "id": NORTH,
            "name": "North & Sons",
            "plan": "growth",
            "users": [
                {"id": ADA_ID, "name": "Ada Moss", "email": ADA, "role": "admin", "active": True},
                {"id": BOB_ID, "name": "Bob Hale", "email": BOB, "role": "viewer", "active": True},
                {"id": CLEO_ID, "name": "Cleo Ray", "email": CLEO, "role": "admin", "active": False},
            ],
        },
        {
            "id": SOUTH,
            "name": "South Ltd",
            "plan": "starter",
            "users": [{"id": ADA_ID, "name": "Ada Moss", "email": ADA, "role": "viewer", "active": True}],
        },
    ]
}
