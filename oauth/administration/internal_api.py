"""Administration on the internal listener: for the gateway, which has looked at the caller's token already.

The edge has no route to it. Knows HTTP; what is allowed is for `pats` and `apps`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec
from aiohttp import web

from contract.roles import TOKENS_MANAGE
from contract.size_and_time_limits import INTERNAL_TIMEOUT_S, JSON_MEDIA_TYPE
from contract.vocabulary import TenantId, UserId
from infra.stores import oauth_admin_messages as wire
from oauth.administration import AdminContext, apps, messages, pats
from oauth.dependencies import Dependencies
from oauth.store.database import DatabaseUnavailable
from oauth.store.idempotency_keys import find_created
from oauth.store.pats import record_uses

T = TypeVar("T", bound=wire.Message)
Answer = msgspec.Struct | list[wire.Token] | list[wire.App]
Call = Callable[[AdminContext, int, web.Request], Awaitable[Answer]]
"""(by whom, the number in the path or 0, the request) → what is told."""


def add_routes(router: web.UrlDispatcher, desk: Dependencies) -> None:
    """All of them."""
    tokens, app_rows = _Tokens(desk), _Apps(desk)
    collection, item = f"{wire.ROOT}/{{business}}/{{of}}", f"{wire.ROOT}/{{business}}/{{of}}/{{number}}"
    for of, rows in ((wire.TOKENS, tokens), (wire.APPS, app_rows)):
        for method, tail, call in rows.calls():
            path = (item + tail if tail is not None else collection).replace("{of}", of)
            router.add_route(method, path, _answering(desk, call))
    router.add_get(f"{wire.ROOT}/{{business}}/{wire.KEYS}/{{key}}", _answering(desk, partial(_made_with, desk)))
    router.add_post(wire.USES_PATH, _uses(desk))


class _Tokens:
    def __init__(self, desk: Dependencies) -> None:
        self._desk = desk

    def calls(self) -> tuple[tuple[str, str | None, Call], ...]:
        """(method, what follows the item's path or None for the collection, the call)."""
        return (
            ("GET", None, self._list),
            ("POST", None, self._create),
            ("GET", "", self._get),
            ("DELETE", "", self._revoke),
            ("POST", f"/{wire.ROTATE}", self._rotate),
        )

    async def _list(self, asked: AdminContext, _: int, __: web.Request) -> list[wire.Token]:
        now_s = self._desk.clock()
        return [messages.token(pat, now_s) for pat in await pats.list_all(self._desk, asked)]

    async def _get(self, asked: AdminContext, number: int, _: web.Request) -> msgspec.Struct:
        return self._told(await pats.get(self._desk, asked, number))

    async def _create(self, asked: AdminContext, _: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.CreateToken)
        return self._told(await pats.create(self._desk, _as_if(asked, body), messages.new_pat(body)))

    async def _rotate(self, asked: AdminContext, number: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.RotateRequest)
        made = await pats.rotate(
            self._desk,
            _as_if(asked, body),
            number,
            overlap_s=body.overlap_s,
            expires_at_s=body.expires_at_s,
            revision=body.revision,
        )
        return self._told(made)

    async def _revoke(self, asked: AdminContext, number: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.Write)
        return self._told(await pats.revoke(self._desk, _as_if(asked, body), number, revision=body.revision))

    def _told(self, outcome: messages.Outcome) -> msgspec.Struct:
        return messages.to_message(outcome, self._desk.clock())


class _Apps:
    def __init__(self, desk: Dependencies) -> None:
        self._desk = desk

    def calls(self) -> tuple[tuple[str, str | None, Call], ...]:
        """See `_Tokens.calls`."""
        return (
            ("GET", None, self._list),
            ("POST", None, self._create),
            ("GET", "", self._get),
            ("PATCH", "", self._update),
            ("DELETE", "", self._delete),
            ("POST", f"/{wire.ROTATE_SECRET}", self._rotate_secret),
        )

    async def _list(self, asked: AdminContext, _: int, __: web.Request) -> list[wire.App]:
        return [messages.app(app) for app in await apps.list_all(self._desk, asked)]

    async def _get(self, asked: AdminContext, number: int, _: web.Request) -> msgspec.Struct:
        return self._told(await apps.get(self._desk, asked, number))

    async def _create(self, asked: AdminContext, _: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.CreateApp)
        return self._told(await apps.create(self._desk, _as_if(asked, body), messages.new_app(body)))

    async def _update(self, asked: AdminContext, number: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.UpdateApp)
        changes = messages.app_changes(body)
        return self._told(await apps.update(self._desk, _as_if(asked, body), number, changes, revision=body.revision))

    async def _rotate_secret(self, asked: AdminContext, number: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.RotateRequest)
        turned = await apps.rotate_secret(
            self._desk, _as_if(asked, body), number, overlap_s=body.overlap_s, revision=body.revision
        )
        return self._told(turned)

    async def _delete(self, asked: AdminContext, number: int, request: web.Request) -> msgspec.Struct:
        body = await _read(request, wire.Write)
        return self._told(await apps.delete(self._desk, _as_if(asked, body), number, revision=body.revision))

    def _told(self, outcome: messages.Outcome) -> msgspec.Struct:
        return messages.to_message(outcome, self._desk.clock())


async def _made_with(desk: Dependencies, asked: AdminContext, _: int, request: web.Request) -> wire.CreatedResult:
    async with desk.database.read() as connection:
        key = request.match_info["key"]
        return wire.CreatedResult(number=await find_created(connection, asked.business, key, now_s=desk.clock()))


def _as_if(asked: AdminContext, body: wire.Write) -> AdminContext:
    return AdminContext(
        asked.business, asked.user, body.dry, body.dedupe_key if isinstance(body, wire.Create) else None
    )


def _answering(desk: Dependencies, call: Call) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        log = desk.log.bind(trace_id=request.headers.get(wire.TRACE, ""), path=request.path)
        if TOKENS_MANAGE.name not in request.headers.get(wire.PERMISSIONS, "").split():
            return web.Response(status=403, text=f"{TOKENS_MANAGE.name} is asked for.\n")
        try:
            asked, number = _asked(request)
            async with asyncio.timeout(_left_s(request)):
                outcome = await call(asked, number, request)
        except (ValueError, KeyError) as fault:
            return web.Response(status=400, text=f"{fault}\n")
        except (DatabaseUnavailable, TimeoutError) as error:
            log.error("administration refused", cause=f"{type(error).__name__}: {error}")
            return web.Response(status=503, text="Try again.\n")
        status = wire.REFUSED_STATUS if isinstance(outcome, wire.Rejection) else 200
        return web.Response(body=msgspec.json.encode(outcome), status=status, content_type=JSON_MEDIA_TYPE)

    return answer


def _asked(request: web.Request) -> tuple[AdminContext, int]:
    business = TenantId(int(request.match_info["business"]))
    user = UserId(int(request.headers[wire.ACTOR]))
    return AdminContext(business, user), int(request.match_info.get("number", "0"))


def _left_s(request: web.Request) -> float:
    return min(int(request.headers.get(wire.DEADLINE_MS, "0")) / 1000 or INTERNAL_TIMEOUT_S, INTERNAL_TIMEOUT_S)


async def _read(request: web.Request, kind: type[T]) -> T:
    """ValueError (msgspec's is one) when it is not of that form."""
    return msgspec.json.decode(await request.read() or b"{}", type=kind)


def _uses(desk: Dependencies) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            told = await _read(request, wire.TokenUses)
            async with desk.database.write() as connection:
                await record_uses(connection, told.uses)
        except ValueError as fault:
            return web.Response(status=400, text=f"{fault}\n")
        except DatabaseUnavailable as error:
            desk.log.error("uses not noted", cause=str(error))
            return web.Response(status=503, text="Try again.\n")
        return web.Response(status=204)

    return answer
