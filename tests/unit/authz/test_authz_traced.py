"""Of Checks that come together, each whose trace is recorded has a span of its own; the others cost none."""

from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import format_trace_id

from authz.service import SendResponse, SerializedCheck
from authz.tracing import traced_checks
from infra.process.traceparent import is_recorded


def a_trace(number: int, flags: str) -> str:
    return f"00-{number:032x}-{number:016x}-{flags}"


async def asked(came: Sequence[SerializedCheck]) -> tuple[list[list[bytes]], dict[int, bytes], list[str]]:
    """What was asked together, the answers, and the traces that have a span."""
    exporter, together, answers = InMemorySpanExporter(), list[list[bytes]](), dict[int, bytes]()
    provider = TracerProvider(ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def inner(sent: Sequence[SerializedCheck], give: SendResponse) -> None:
        together.append([one.message for one in sent])
        for number, one in enumerate(sent):
            give(number, one.message[::-1])

    await traced_checks(provider.get_tracer("test"), inner)(came, answers.__setitem__)
    told = [span.context.trace_id for span in exporter.get_finished_spans() if span.context]
    return together, answers, sorted(map(format_trace_id, told))


async def test_those_that_are_not_recorded_stay_together() -> None:
    together, answers, told = await asked(
        [SerializedCheck(b"ab", a_trace(1, "00")), SerializedCheck(b"cd"), SerializedCheck(b"ef", a_trace(3, "00"))]
    )
    assert (together, told) == ([[b"ab", b"cd", b"ef"]], [])
    assert answers == {0: b"ba", 1: b"dc", 2: b"fe"}


async def test_each_that_is_recorded_is_asked_by_itself_in_its_own_trace() -> None:
    came = [
        SerializedCheck(b"ab", a_trace(1, "01")),
        SerializedCheck(b"cd", a_trace(2, "00")),
        SerializedCheck(b"ef", a_trace(3, "03")),
        SerializedCheck(b"gh"),
    ]
    together, answers, told = await asked(came)
    assert sorted(together) == [[b"ab"], [b"cd", b"gh"], [b"ef"]]
    assert answers == {0: b"ba", 1: b"dc", 2: b"fe", 3: b"hg"}
    assert told == [f"{1:032x}", f"{3:032x}"]


@pytest.mark.parametrize(
    ("flags", "recorded"), [("00", False), ("01", True), ("03", True), ("02", False), ("ff", True)]
)
def test_the_lowest_bit_of_the_flags_says_that_a_trace_is_recorded(flags: str, recorded: bool) -> None:
    assert is_recorded(a_trace(7, flags)) is recorded
    assert not is_recorded("")
