"""An address book service as it may stand in any company: UUIDs, offsets, statuses and English sentences. In memory.

It knows no key that makes a write happen once, no revisions, no batches, no trial runs, and what it deletes is gone. It
has never heard of the gateway in front of it, and imports nothing of it.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from aiohttp.typedefs import Handler

FIELDS = ("given", "family", "mail", "mobile", "position", "stage", "owner")
STAGES = ("Lead", "Prospect", "Customer", "Past")
NAMES = ("given", "family", "mail", "mobile")
SORTS = ("added", "changed")
EQUALS = ("mail", "mobile", "stage", "owner")
MOST = 500
LONGEST_POSITION = 80


@dataclass
class Account:
    """A customer of the service: its own facts, its staff, and the people in its address book."""

    name: str
    zone: str
    staff: dict[str, dict[str, str]]
    people: dict[str, dict[str, Any]] = field(default_factory=dict)


class No(Exception):
    """A refusal: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def accounts_in(directory: str) -> dict[str, Account]:
    """The accounts of a directory of businesses and users, in JSON, by id."""
    return {
        row["id"]: Account(
            row["name"], row["tz"], {user["id"]: {"name": user["name"], "mail": user["email"]} for user in row["users"]}
        )
        for row in json.loads(directory)["businesses"]
    }


class Service:
    """The address books of several accounts, for callers that know the token."""

    def __init__(self, accounts: dict[str, Account], token: str) -> None:
        self._accounts = accounts
        self._token = token
        self._last_ms = 0

    def application(self) -> web.Application:
        """The service over HTTP."""
        app = web.Application(middlewares=[self._guarded])
        people = "/accounts/{account}/people"
        app.add_routes(
            [
                web.get("/healthz", self._healthy),
                web.get("/accounts/{account}/staff/{staff}", self._staff),
                web.get(people, self._list),
                web.post(people, self._add),
                web.get(people + "/{person}", self._show),
                web.patch(people + "/{person}", self._change),
                web.delete(people + "/{person}", self._remove),
            ]
        )
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path != "/healthz" and request.headers.get("Authorization") != f"Token {self._token}":
                raise No(401, "Who are you?")
            return await handler(request)
        except No as no:
            return web.json_response({"error": no.sentence}, status=no.status)

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _staff(self, request: web.Request) -> web.Response:
        account, _ = self._entered(request)
        member = account.staff.get(request.match_info["staff"])
        if member is None:
            raise No(404, "No such member of staff.")
        return web.json_response({"account": account.name, "zone": account.zone, **member})

    async def _list(self, request: web.Request) -> web.Response:
        account, _ = self._entered(request)
        query = dict(request.query)
        sort = query.pop("sort", "added")
        offset, limit = int(query.pop("offset", "0")), int(query.pop("limit", "50"))
        word = sort.removeprefix("-")
        if word not in SORTS or not 0 < limit <= MOST or not set(query) <= set(EQUALS):
            raise No(400, "That is no way to ask for people.")
        found = [row for row in account.people.values() if all(row[name] == query[name] for name in query)]
        found.sort(key=lambda row: (row[word], row["id"]), reverse=sort.startswith("-"))
        return web.json_response({"people": found[offset : offset + limit], "count": len(found)})

    async def _add(self, request: web.Request) -> web.Response:
        account, staff = self._entered(request)
        body = dict.fromkeys(FIELDS) | {"stage": "Lead", "owner": staff} | await _object(request)
        _judge(account, body, None)
        now, person = self._now(), str(uuid4())
        account.people[person] = {"id": person, **body, "maker": staff, "added": now, "changed": now}
        return web.json_response({"id": person}, status=201)

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(self._person(request)[1])

    async def _change(self, request: web.Request) -> web.Response:
        account, person = self._person(request)
        changed = person | await _object(request)
        _judge(account, changed, person["id"])
        account.people[person["id"]] = changed | {"changed": self._now()}
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        account, person = self._person(request)
        del account.people[person["id"]]
        return web.Response(status=204)

    def _entered(self, request: web.Request) -> tuple[Account, str]:
        account, staff = self._accounts.get(request.match_info["account"]), request.headers.get("On-Behalf-Of", "")
        if account is None or staff not in account.staff:
            raise No(403, "You do not work here.")
        return account, staff

    def _person(self, request: web.Request) -> tuple[Account, dict[str, Any]]:
        account, _ = self._entered(request)
        person = account.people.get(request.match_info["person"])
        if person is None:
            raise No(404, "No such person.")
        return account, person

    def _now(self) -> str:
        """The instant, in whole milliseconds; each is given once."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return datetime.fromtimestamp(self._last_ms / 1000, UTC).isoformat(timespec="milliseconds")


async def _object(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.read())
    if not isinstance(body, dict) or not set(body) <= set(FIELDS):
        raise No(400, "That is no person.")
    return body


def _judge(account: Account, person: dict[str, Any], own_id: str | None) -> None:
    if not any(person[name] for name in NAMES):
        raise No(422, "A person needs a name, a mail or a mobile.")
    if len(person["position"] or "") > LONGEST_POSITION:
        raise No(422, "The position is too long.")
    if person["stage"] not in STAGES:
        raise No(422, "The stage is not one of ours.")
    if person["owner"] not in account.staff:
        raise No(422, "The owner does not work here.")
    for other in account.people.values():
        if person["mail"] is not None and person["mail"] == other["mail"] and other["id"] != own_id:
            raise No(409, f"Somebody with this mail is there already: {UUID(other['id'])}.")
