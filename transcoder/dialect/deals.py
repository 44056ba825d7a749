"""Deals inside."""

from contract.resources import DEAL
from transcoder.dialect.conversions import coded
from transcoder.dialect.mapping import ActionCall, MappingOverrides, resource_mapping

_OPEN, _WON, _LOST = 1, 2, 3

DEALS = resource_mapping(
    DEAL,
    MappingOverrides(
        path="deals",
        names={"status": "status_code", "amount": "amount_minor", "stage_changed_at": "stage_entered_at"},
        conversions={"status": coded({"open": _OPEN, "won": _WON, "lost": _LOST})},
        actions={
            "win": ActionCall("status", {"status_code": _WON}, bad_state="A lost deal cannot be won: reopen it first."),
            "lose": ActionCall(
                "status",
                {"status_code": _LOST},
                cleared=("lost_reason",),
                bad_state="A won deal cannot be lost: reopen it first.",
            ),
            "reopen": ActionCall(
                "status", {"status_code": _OPEN}, bad_state="An open deal goes to another stage by `move`."
            ),
            "move": ActionCall("stage", bad_state="A won or lost deal cannot be moved: reopen it first."),
        },
    ),
)
