"""Tasks: pieces of work for one user, who is the owner."""

from contract.resources.shape import (
    EXTERNAL_ID,
    LINKS,
    OWNER_FIELDS,
    SIX_KINDS,
    TIMESTAMPS,
    Action,
    Field,
    Resource,
    Writable,
    record_id,
)
from contract.roles import full_access
from contract.types import Choice, DateTime, Line, Text

TASK = Resource(
    name="tasks",
    noun="task",
    prefix="task",
    access=full_access("tasks"),
    kinds=SIX_KINDS,
    fields=(
        record_id("task"),
        Field("title", Line(200, example="Send renewal quote"), required=True, nullable=False, in_search_text=True),
        Field("description", Text(5000), in_search_text=True),
        Field("type", Choice(("todo", "call", "email", "meeting")), nullable=False, default="todo"),
        Field("priority", Choice(("low", "normal", "high")), nullable=False, default="normal"),
        Field(
            "status",
            Choice(("open", "completed")),
            nullable=False,
            write=Writable.ON_CREATE,
            default="open",
            about="Later changed by `complete` and `reopen` alone.",
        ),
        Field(
            "due_at", DateTime(example="2026-06-25T16:00:00Z"), sortable=True, about="When it is due; it may be past."
        ),
        Field(
            "completed_at",
            DateTime(not_future=True),
            write=Writable.ON_CREATE,
            sortable=True,
            requires=("status", ("completed",)),
            about="Not null exactly while the task is completed.",
        ),
        *LINKS,
        EXTERNAL_ID,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("status", "priority", "type", "contact_id", "company_id", "deal_id", "external_id", "owner_id"),
    actions=(
        Action(
            "complete",
            "complete",
            (Field("completed_at", DateTime(not_future=True), about="When it was done: now unless given."),),
            summary="Complete a task",
            about="A task that is completed already stays as it is, but for a `completed_at` that is given.",
        ),
        Action("reopen", "reopen", summary="Reopen a task", about="`completed_at` is null again."),
    ),
    upsert_on=("external_id",),
    about="Pieces of work for one user, who is the owner.",
)
