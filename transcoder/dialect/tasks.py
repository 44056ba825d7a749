"""Tasks inside."""

from contract.resources import TASK
from transcoder.dialect.conversions import coded
from transcoder.dialect.mapping import ActionCall, MappingOverrides, resource_mapping

TASKS = resource_mapping(
    TASK,
    MappingOverrides(
        path="tasks",
        names={"type": "task_type", "priority": "priority_code", "status": "is_done"},
        conversions={
            "priority": coded({"low": 1, "normal": 2, "high": 3}),
            "status": coded({"open": 0, "completed": 1}),
        },
        actions={"complete": ActionCall("done", {"done": 1}), "reopen": ActionCall("done", {"done": 0})},
    ),
)
