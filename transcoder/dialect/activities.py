"""Activities inside."""

from contract.resources import ACTIVITY
from transcoder.dialect.conversions import coded, scaled
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

ACTIVITIES = resource_mapping(
    ACTIVITY,
    MappingOverrides(
        path="activity_log",
        names={"type": "activity_type", "direction": "direction_code", "duration_seconds": "duration_ms"},
        conversions={"direction": coded({"inbound": 1, "outbound": 2}), "duration_seconds": scaled(1000)},
    ),
)
