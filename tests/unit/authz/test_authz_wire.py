"""What is put together from pieces is, to the byte, what the generated classes would have written."""

from hypothesis import given
from hypothesis import strategies as st

from authz import response_encoding
from authz.decide import Admitted, Permitted, Refused, Spent, Throttled
from authz.ext_authz_pb2 import (
    CheckResponse,
    DeniedHttpResponse,
    HeaderValue,
    HeaderValueOption,
    HttpStatus,
    OkHttpResponse,
    Status,
)
from contract.problems import PROBLEMS
from contract.rate_plans import PLANS, Budget
from contract.roles import ROLES
from tests.unit.authz.asking import as_bytes, claims

TEXT = st.text(max_size=300)
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=6)
WORDS = st.frozensets(st.text("abc:_", min_size=1), max_size=30)
CALLERS = st.builds(
    lambda scopes, role, plan, client: claims(scope=" ".join(sorted(scopes)), role=role, plan=plan, client_id=client),
    WORDS,
    st.sampled_from(sorted(ROLES)),
    st.sampled_from(sorted(PLANS)),
    st.text("abcdefgh", min_size=1, max_size=255),
)


@st.composite
def spent(draw: st.DrawFn) -> Spent:
    plan = PLANS[draw(st.sampled_from(sorted(PLANS)))]
    budgets = (Budget(policy, draw(st.integers(0, policy.window_us))) for policy in plan.policies)
    return Spent(draw(st.integers(1, 10)), tuple(budgets))


def options(headers):
    return [
        HeaderValueOption(header=HeaderValue(key=name, value=value), append_action="OVERWRITE_IF_EXISTS_OR_ADD")
        for name, value in headers
    ]


@given(upstream=HEADERS, downstream=HEADERS)
def test_an_allow(upstream, downstream):
    ok = OkHttpResponse(headers=options(upstream), response_headers_to_add=options(downstream))
    made = response_encoding.ok_response(
        response_encoding.header_options(upstream, response_encoding.TO_UPSTREAM),
        response_encoding.header_options(downstream, response_encoding.TO_CALLER),
    )
    assert made == CheckResponse(status=Status(code=0), ok_response=ok).SerializeToString()


@given(status=st.integers(400, 599), headers=HEADERS, body=st.text(min_size=1, max_size=40_000))
def test_a_denial(status, headers, body):
    denied = DeniedHttpResponse(status=HttpStatus(code=status), headers=options(headers), body=body)
    made = response_encoding.denied_response(
        status, response_encoding.header_options(headers, response_encoding.IN_DENIAL), body.encode()
    )
    assert made == CheckResponse(status=Status(code=7), denied_response=denied).SerializeToString()


VERDICTS = st.one_of(
    st.builds(Admitted, st.builds(Permitted, CALLERS, WORDS), spent()),
    st.builds(Throttled, CALLERS, spent()),
    st.builds(
        Refused,
        st.sampled_from(PROBLEMS),
        st.none() | CALLERS,
        st.none() | spent(),
        st.dictionaries(st.text("abc", min_size=1), TEXT, max_size=3),
        st.lists(st.tuples(st.text("abc", min_size=1), TEXT), max_size=3).map(tuple),
    ),
)


@given(VERDICTS)
def test_every_verdict_is_read_and_written_again_as_it_was(verdict):
    """Nothing unknown in it, nothing twice, nothing out of order; an allow if, and only if, the caller is admitted."""
    made = as_bytes(verdict)
    read = CheckResponse.FromString(made)
    assert read.SerializeToString() == made
    assert read.HasField("ok_response") is isinstance(verdict, Admitted)
    assert (read.status.code == 0) is isinstance(verdict, Admitted)
