"""Widgets inside."""

from contract.resources.widget import WIDGET
from transcoder.dialect.conversions import coded
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

WIDGETS = resource_mapping(
    WIDGET,
    MappingOverrides(
        path="widgets",
        names={"size": "size_code"},
        conversions={"size": coded({"small": 1, "large": 2})},
    ),
)
