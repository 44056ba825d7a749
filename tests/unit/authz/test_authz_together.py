"""Checks that come together are charged together, and each is decided and answered by itself."""

import asyncio
from collections.abc import Sequence

import pytest

from authz.decision_log import DecisionLog
from authz.limiter import Limiter
from authz.service import Authorizer, SerializedCheck
from contract.operations import READINESS
from contract.rate_plans import PLANS
from infra.stores.rate_limits import ChargeRequest, ChargeResult, MemoryBuckets
from infra.stores.revocations.events import Event, EventKind
from infra.stores.revocations.revocation_set import RevocationSet
from infra.stores.valkey import StoreUnavailable
from tests.unit.authz.asking import API_URL, CLAIMS, Known, a_check, alone, answer

NOW_US = 1_800_000_000_000_000
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


class Shop:
    """The memory twin, which answers when it may and tells what came together."""

    def __init__(self) -> None:
        self._buckets = MemoryBuckets(lambda: NOW_US)
        self.came: list[int] = []
        self.lost: str | None = None
        self.opens = asyncio.Event()
        self.opens.set()

    def partition(self, business: str) -> str:
        return business

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        self.came.append(len(asks))
        await self.opens.wait()
        return [
            StoreUnavailable("away") if ask.business == self.lost else self._buckets.charge_one(ask) for ask in asks
        ]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def held() -> RevocationSet:
    return RevocationSet()


@pytest.fixture
def authorizer(shop, held, log) -> Authorizer:
    teller = DecisionLog(log, allowed_share=1.0)
    return Authorizer(Limiter(shop, log), Known(held), teller, api_url=API_URL, clock=lambda: NOW_US * 1000)


def of(jti: str, operation: str = "contacts.list", **claims: object) -> SerializedCheck:
    return SerializedCheck(a_check(operation, payload=CLAIMS | {"jti": jti, "rate_key": jti} | claims))


async def asked(authorizer: Authorizer, *checks: SerializedCheck) -> list[int]:
    answers: dict[int, bytes] = {}
    await authorizer.check_all(checks, answers.__setitem__)
    return [answer(answers[number]).status for number in range(len(checks))]


async def test_their_charges_are_asked_for_at_once(authorizer, shop):
    assert await asked(authorizer, *(of(f"t{n}") for n in range(9))) == [200] * 9
    assert shop.came == [9]


async def test_each_has_the_answer_to_its_own_question(authorizer):
    checks = (
        of("good"),
        of("scopeless", scope=""),
        SerializedCheck(b"\xff"),
        of("malformed", sub="x"),
        SerializedCheck(a_check(READINESS, header=None, payload=None)),
        of("viewer", "contacts.create", role="viewer"),
    )
    assert await asked(authorizer, *checks) == [200, 403, 500, 401, 200, 403]


async def test_one_family_is_charged_in_the_order_in_which_it_asks(authorizer):
    statuses = await asked(authorizer, *[of("one", plan="starter") for _ in range(52)], of("other", plan="starter"))
    assert statuses == [200] * 50 + [429] * 2 + [200]


async def test_what_needs_no_charge_waits_for_none(authorizer, shop):
    shop.opens.clear()
    answers: dict[int, bytes] = {}
    checks = (of("slow"), SerializedCheck(b""), of("malformed", sub="x"))
    waiting = asyncio.ensure_future(authorizer.check_all(checks, answers.__setitem__))
    await asyncio.sleep(0)
    assert sorted(answers) == [1, 2]
    shop.opens.set()
    await waiting
    assert sorted(answers) == [0, 1, 2]


async def test_one_that_breaks_ends_itself_alone(authorizer, logged, monkeypatch):
    checks = [of("good"), of("breaks", business_id="biz_" + "2" * 26), of("good-too")]
    silent = RevocationSet.is_clear
    breaks = checks[1].message
    monkeypatch.setattr(
        RevocationSet, "is_clear", lambda *of: 1 / 0 if of[1].business.encode() in breaks else silent(*of)
    )
    assert await asked(authorizer, *checks) == [200, 500, 200]


async def test_whose_charge_is_lost_is_counted_here_and_the_others_by_all(authorizer, shop):
    shop.lost = CLAIMS["business_id"]
    answers: dict[int, bytes] = {}
    await authorizer.check_all((of("gone"), of("there", business_id="biz_" + "2" * 26)), answers.__setitem__)
    assert [answer(answers[number]).status for number in (0, 1)] == [200, 200]


CHANGES = {
    "its token is revoked": Event(1, "0", EventKind.TOKEN, "known", NOW_US // 1_000_000),
    "its user's tokens are revoked": Event(1, "0", EventKind.SUBJECT, CLAIMS["sub"], NOW_US // 1_000_000),
    "its key is withdrawn": Event(1, "0", EventKind.KEY, "a-key", NOW_US // 1_000_000),
    "its business is suspended": Event(1, "0", EventKind.SUSPEND, CLAIMS["business_id"], NOW_US // 1_000_000),
}


@pytest.mark.parametrize("event", CHANGES.values(), ids=CHANGES.keys())
async def test_a_caller_who_was_let_through_is_refused_as_soon_as(authorizer, held, event):
    assert await asked(authorizer, of("known"), of("known")) == [200, 200]
    held.apply(event)
    assert (await asked(authorizer, of("known")))[0] in (401, 403)


async def test_a_caller_who_was_let_through_is_on_its_business_plan_at_once(authorizer, held):
    async def limit() -> str:
        return answer(await alone(authorizer.check_all)(of("known").message)).headers["x-ratelimit-limit"]

    assert await limit() == str(PLANS["growth"].burst.limit)
    held.apply(Event(1, "0", EventKind.PLAN, CLAIMS["business_id"], NOW_US // 1_000_000, value="scale"))
    assert await limit() == str(PLANS["scale"].burst.limit)
    held.apply(Event(2, "0", EventKind.PLAN, CLAIMS["business_id"], NOW_US // 1_000_000))
    assert await limit() == str(PLANS["growth"].burst.limit)


async def test_two_tokens_of_one_id_are_two_callers(authorizer):
    assert await asked(authorizer, of("same"), of("same", scope=""), of("same", sub="usr_" + "1" * 26)) == [
        200,
        403,
        200,
    ]


async def test_every_line_names_the_trace_that_its_check_belongs_to(authorizer, logged):
    for message in (of("good").message, of("scopeless", scope="").message, b"\xff"):
        await asked(authorizer, SerializedCheck(message, TRACE))
        await asked(authorizer, SerializedCheck(message))
    assert [line.kwargs.get("w3c_trace_id") for line in logged.calls] == [TRACE[3:35], None] * 3
