"""What operators are told of records that the contract excludes: counts, and a line in the log with the record's id."""

from collections.abc import Sequence

from structlog.typing import FilteringBoundLogger

from contract.resources import Resource
from transcoder.metrics import TranscoderMetrics

_NAMED = 10
"""Records that one line names."""


class InvalidRecordLog:
    """Counts and logs them; one per process."""

    def __init__(self, log: FilteringBoundLogger, tally: TranscoderMetrics) -> None:
        self._log = log
        self._tally = tally
        self._logged: set[tuple[str, str]] = set()

    def note_nulled(self, resource: Resource, member: str, record_id: str) -> None:
        """Count a value that is shown as null. Of a member only the first is logged, as a page may have hundreds."""
        name = member.partition(".")[0]
        self._tally.record_nulled_value(resource.name, name)
        if (resource.name, name) not in self._logged:
            self._logged.add((resource.name, name))
            self._log.warning("invalid_value", resource=resource.name, member=member, record=record_id, shown="null")

    def note_omitted(self, resource: Resource, trace_id: str, records: Sequence[tuple[str, str]]) -> None:
        """A page was told without these records: (id, what is wrong with it) of each."""
        self._tally.record_omitted(resource.name, len(records))
        named = dict(records[:_NAMED])
        self._log.warning(
            "records_left_out", resource=resource.name, trace_id=trace_id, count=len(records), records=named
        )
