"""A process dies at each step of a keyed write in turn; the retries find one record each, and one answer."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.faults.matrix import note
from tests.idempotency.conftest import Mortal
from tests.idempotency.looks import ids_by_search, ids_in, told
from tests.idempotency.writes import Keyed, batch_updates, batch_upserts, batches, creates, is_done, upserts
from tests.support.waiting import waited

BATCH, CALLS_A_BATCH = 100, 2
CONTACTS = "POST /internal/v2/businesses/1/contacts"
PROFILE = "GET /internal/v2/businesses/1/profile"
STRIKES_MS = 6_000
"""Less than the CRM has for an answer, and time enough for all requests to come so far on a busy machine."""
COMMITTED = "a transcoder, after the commit"


@dataclass(frozen=True)
class Struck:
    """A write whose first attempt met a death, and what its sender heard of it."""

    write: Keyed
    first: httpx.Response


Deaths = dict[str, list[Struck]]
"""By who died, and when."""


def _three(kind: str) -> list[Keyed]:
    return [creates(kind), upserts(kind), batches(kind, BATCH)]


@contextmanager
def _under_way(mortal: Mortal, writes: Sequence[Keyed]) -> Iterator[list[Future[httpx.Response]]]:
    """The writes are sent at once; answered, one way or the other, when this ends."""
    with ThreadPoolExecutor(len(writes)) as pool:
        firsts = [pool.submit(_once, mortal, write) for write in writes]
        try:
            yield firsts
        except AssertionError as error:
            error.add_note(f"answered already: {[first.result().text for first in firsts if first.done()]}")
            raise


def _once(mortal: Mortal, write: Keyed) -> httpx.Response:
    """The first answer of a transcoder, or to its death; before that, a busy machine may not let the request in."""
    with mortal.stack.client() as client:
        answers: list[httpx.Response] = []

        def is_let_in() -> bool:
            answers.append(write.send(client, mortal.stack))
            return answers[-1].status_code != 503 or answers[-1].json()["code"] != "overloaded"

        waited(is_let_in, "the request to be let in")
        return answers[-1]


def _settled(mortal: Mortal, write: Keyed) -> httpx.Response:
    with mortal.stack.client() as client:
        return write.settle(client, mortal.stack)


def _struck(writes: Sequence[Keyed], firsts: Sequence[Future[httpx.Response]]) -> list[Struck]:
    return [Struck(write, first.result()) for write, first in zip(writes, firsts, strict=True)]


def _is_claimed(mortal: Mortal, writes: Sequence[Keyed]) -> bool:
    return all(mortal.names(write.key) for write in writes)


def _is_inside(mortal: Mortal, writes: Sequence[Keyed], state: str) -> bool:
    names = [name + write.dedupe_suffix for write in writes for name in mortal.names(write.key)]
    return len(names) == len(writes) and all(mortal.state_inside(name) == state for name in names)


def _stored(mortal: Mortal, writes: Sequence[Keyed]) -> list[str]:
    return [mark for write in writes for mark in mortal.stored(write.table, write.column, write.marks)]


def _is_stored(mortal: Mortal, writes: Sequence[Keyed]) -> bool:
    return len(_stored(mortal, writes)) == sum(len(write.marks) for write in writes)


def _all_done(struck: list[Struck]) -> list[Struck]:
    assert all(is_done(each.first) for each in struck), [each.first.text for each in struck]
    return struck


def before_the_claim(mortal: Mortal) -> Deaths:
    """The transcoders have the requests in their sockets, and die without having read them."""
    writes = _three("contacts")
    mortal.stop("transcoder")
    with _under_way(mortal, writes) as firsts:
        waited(lambda: mortal.in_envoy() >= len(writes), "the requests to be with the transcoders")
        assert not any(mortal.names(write.key) for write in writes)
        mortal.kill("transcoder")
    return {"a transcoder, before the claim": _struck(writes, firsts)}


def after_the_claim(mortal: Mortal) -> Deaths:
    """An amount without a currency: the transcoders die while they ask for the default, before they write."""
    writes = _three("deals")
    with mortal.fault(path=PROFILE, delay_ms=STRIKES_MS), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_claimed(mortal, writes), "the claims")
        mortal.kill("transcoder")
        assert not _stored(mortal, writes)
    return {"a transcoder, after the claim": _struck(writes, firsts)}


def while_the_crm_works(mortal: Mortal) -> Deaths:
    """The calls have arrived inside; what they ask for is done after their sender has died."""
    writes = _three("contacts")
    with mortal.fault(path=CONTACTS, delay_ms=STRIKES_MS), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_inside(mortal, writes, "running"), "the writes to be under way")
        mortal.kill("transcoder")
        assert not _stored(mortal, writes)
    return {"a transcoder, while the CRM works": _struck(writes, firsts)}


def after_the_commit(mortal: Mortal) -> Deaths:
    """The records of some are there and nobody was told, when the transcoders die; others have their answers."""
    done, writes = _three("contacts"), _three("contacts")
    with _under_way(mortal, done) as heard:
        pass
    with mortal.fault(path=CONTACTS, delay_ms=STRIKES_MS, after_commit=True), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.kill("transcoder")
    return {
        COMMITTED: _struck(writes, firsts),
        "a transcoder, after all of it": _all_done(_struck(done, heard)),
    }


def after_the_answer(mortal: Mortal) -> Deaths:
    """The CRM has answered, and the store that should keep the answer stands still when the transcoders die."""
    writes = _three("contacts")
    before, calls = mortal.answered_inside(CONTACTS), len(writes) - 1 + CALLS_A_BATCH
    with mortal.fault(path=CONTACTS, delay_ms=500, after_commit=True), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.stop("valkey")
        waited(lambda: mortal.answered_inside(CONTACTS) >= before + calls, "the answers inside")
        mortal.kill("transcoder")
        mortal.go_on("valkey")
    return {"a transcoder, after the answer": _struck(writes, firsts)}


def the_crm_before_it_is_asked(mortal: Mortal) -> Deaths:
    """Nobody listens where the CRM was: nothing happened, and that is no answer to keep."""
    writes = _three("contacts")
    mortal.kill("sandbox")
    with _under_way(mortal, writes) as firsts:
        pass
    return {"the CRM, before it is asked": _struck(writes, firsts)}


def the_crm_before_its_commit(mortal: Mortal) -> Deaths:
    """The CRM dies with the calls in its hands."""
    writes = _three("contacts")
    with mortal.fault(path=CONTACTS, delay_ms=STRIKES_MS), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_inside(mortal, writes, "running"), "the writes to be under way")
        mortal.kill("sandbox")
    return {"the CRM, before its commit": _struck(writes, firsts)}


def the_crm_after_its_commit(mortal: Mortal) -> Deaths:
    """The CRM dies with its answers on its lips."""
    writes = _three("contacts")
    with mortal.fault(path=CONTACTS, delay_ms=STRIKES_MS, after_commit=True), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.kill("sandbox")
    return {"the CRM, after its commit": _struck(writes, firsts)}


def the_crm_after_its_commit_of_an_amount(mortal: Mortal) -> Deaths:
    """An amount without a currency takes the stored one, and names the revision where it was found: now another one."""
    writes = [upserts("deals"), batch_upserts("deals", 3)]
    with (
        mortal.fault(path="/deals/upsert", delay_ms=STRIKES_MS, after_commit=True),
        _under_way(mortal, writes) as firsts,
    ):
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.kill("sandbox")
    return {"the CRM, after its commit of an amount": _struck(writes, firsts)}


def the_crm_after_its_commit_of_changed_amounts(mortal: Mortal) -> Deaths:
    """As before, of deals that are there already."""
    with mortal.stack.client() as client:
        writes = [batch_updates("deals", ids_in(batches("deals", 3).settle(client, mortal.stack)))]
    with (
        mortal.fault(path="/deals/bulk", delay_ms=STRIKES_MS // 2, after_commit=True),
        _under_way(mortal, writes) as firsts,
    ):
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.kill("sandbox")
    return {"the CRM, after its commit of changed amounts": _struck(writes, firsts)}


def the_store_before_it_keeps_the_answer(mortal: Mortal) -> Deaths:
    """The callers have their answers, and no key is known any more."""
    writes = _three("contacts")
    with mortal.fault(path=CONTACTS, delay_ms=500, after_commit=True), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_stored(mortal, writes), "the commits")
        mortal.kill("valkey")
    return {"the store, before it keeps the answer": _all_done(_struck(writes, firsts))}


def the_store_while_the_crm_works(mortal: Mortal) -> Deaths:
    """No key is known any more, and retries are sent while the first attempts still run."""
    writes = _three("contacts")
    with mortal.fault(path=CONTACTS, delay_ms=STRIKES_MS), _under_way(mortal, writes) as firsts:
        waited(lambda: _is_inside(mortal, writes, "running"), "the writes to be under way")
        mortal.kill("valkey")
        with mortal.stack.client() as client:
            waited(lambda: client.get("/readyz").status_code == 200, "the store to be back")
        assert not _stored(mortal, writes)
        with ThreadPoolExecutor(len(writes)) as pool:
            list(pool.map(lambda write: _settled(mortal, write), writes))
    return {"the store, while the CRM works": _struck(writes, firsts)}


# A store that dies forgets the keys of those before it, which are to be asked about afterwards.
STRIKES: tuple[Callable[[Mortal], Deaths], ...] = (
    the_store_while_the_crm_works,
    the_store_before_it_keeps_the_answer,
    before_the_claim,
    the_crm_before_it_is_asked,
    the_crm_before_its_commit,
    after_the_claim,
    the_crm_after_its_commit,
    the_crm_after_its_commit_of_an_amount,
    the_crm_after_its_commit_of_changed_amounts,
    while_the_crm_works,
    after_the_commit,
    after_the_answer,
)
DEATHS = (
    "a transcoder, before the claim",
    "a transcoder, after the claim",
    "a transcoder, while the CRM works",
    COMMITTED,
    "a transcoder, after the answer",
    "a transcoder, after all of it",
    "the CRM, before it is asked",
    "the CRM, before its commit",
    "the CRM, after its commit",
    "the CRM, after its commit of an amount",
    "the CRM, after its commit of changed amounts",
    "the store, while the CRM works",
    "the store, before it keeps the answer",
)


@pytest.fixture(scope="module")
def struck(mortal: Mortal) -> Deaths:
    """All deaths one after the other, before anything is retried: the leases run out together."""
    found: Deaths = {}
    for strike in STRIKES:
        mortal.await_whole()
        found |= strike(mortal)
    mortal.await_whole()
    assert set(found) == set(DEATHS)
    return found


def test_what_became_of_a_write_is_told_without_a_retry(mortal: Mortal, struck: Deaths) -> None:
    """Once the lease is over; of a batch only its retry can tell."""
    create, upsert, batch = [each.write for each in struck[COMMITTED]]
    with mortal.stack.client() as client:
        for write in (create, upsert):
            waited(lambda write=write: told(client, mortal, write)["state"] == "done", "the lease to end")
            assert [told(client, mortal, write)["record_id"]] == ids_by_search(client, mortal, write)
        # Its lease began at the same time.
        assert told(client, mortal, batch)["state"] == "running"


@pytest.mark.parametrize("death", DEATHS)
def test_retries_find_one_record_and_one_answer_after_the_death_of(mortal: Mortal, struck: Deaths, death: str) -> None:
    with ThreadPoolExecutor(len(struck[death])) as pool:
        list(pool.map(lambda each: settles(mortal, each), struck[death]))
    heard = Counter(each.first.status_code for each in struck[death])
    note("idempotency owner", f"killed: {death}", f"first answers {dict(heard)}; one record and one answer each")


def settles(mortal: Mortal, struck: Struck) -> None:
    """Retry until it has succeeded, then look at everything that there is."""
    write = struck.write
    with mortal.stack.client() as client:
        answer = write.settle(client, mortal.stack)
        if is_done(struck.first):
            assert answer.content == struck.first.content
        again = write.send(client, mortal.stack)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert Counter(mortal.stored(write.table, write.column, write.marks)) == Counter(write.marks)
        ids = ids_in(answer)
        assert ids_by_search(client, mortal, write) == sorted(ids)
        entry = told(client, mortal, write)
        assert (entry["state"], entry["record_id"]) == ("done", ids[0] if len(ids) == 1 else None)
