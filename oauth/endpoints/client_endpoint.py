"""The phases that /token, /revoke and /introspect share: method, form, throttle, the client's proof, the error's form.

An endpoint gets a `Call` by a client that has authenticated and returns members, or a refusal; it can forget none of
this. Nothing that was sent is logged.
"""

from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address, IPv6Network, ip_address

from aiohttp import web

from contract.headers import AUTHORIZATION, CLIENT_ADDRESS
from contract.oauth import (
    ADDRESS_LOCK_OUT,
    ADDRESS_REQUESTS,
    CLIENT_LOCK_OUT,
    CLIENT_REQUESTS,
    FORM_MEDIA_TYPE,
    INVALID_CLIENT,
    INVALID_REQUEST,
    SERVER_ERROR,
    SLOW_DOWN,
    TOO_LARGE,
    UNAVAILABLE,
    WRONG_METHOD,
    Endpoint,
)
from contract.vocabulary import Json
from oauth.dependencies import Dependencies
from oauth.endpoints import responses
from oauth.grants import TokenRequest
from oauth.login import DirectoryUnavailable
from oauth.protocol.clients import Client, read_credentials, verify_secret
from oauth.protocol.errors import ErrorResponse, RequestRejected
from oauth.protocol.parameters import InvalidParameters, Parameters, parse_parameters
from oauth.store.audit import record
from oauth.store.clients import find_client_and_wait
from oauth.store.database import DatabaseUnavailable
from oauth.store.login_failures import FailureCounter, count_failure

Handler = Callable[[Dependencies, TokenRequest], Awaitable[Mapping[str, Json] | ErrorResponse | None]]


def client_endpoint(
    desk: Dependencies, endpoint: Endpoint, handler: Handler
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The endpoint as the web framework calls it."""

    async def answer(request: web.Request) -> web.Response:
        try:
            outcome = await handler(desk, await _call(desk, request, endpoint))
        except RequestRejected as error:
            outcome = error.refusal
        except (DatabaseUnavailable, DirectoryUnavailable) as error:
            desk.log.error("lost", cause=str(error))
            outcome = ErrorResponse(UNAVAILABLE)
        except Exception:
            desk.log.exception("unhandled")
            outcome = ErrorResponse(SERVER_ERROR)
        if isinstance(outcome, ErrorResponse):
            return responses.error_response(outcome, endpoint)
        return responses.client_response(outcome or {})

    return answer


async def _call(desk: Dependencies, request: web.Request, endpoint: Endpoint) -> TokenRequest:
    if request.method not in endpoint.methods:
        raise RequestRejected(ErrorResponse(WRONG_METHOD))
    address = client_address(request)
    wait_s = desk.throttle.wait_s(ADDRESS_REQUESTS, address)
    if wait_s:
        raise RequestRejected(ErrorResponse(SLOW_DOWN, retry_after_s=wait_s))
    form = await _form(request)
    client = await _client(desk, request.headers.getall(AUTHORIZATION.name, []), form, address)
    wait_s = desk.throttle.wait_s(CLIENT_REQUESTS, client.id)
    if wait_s:
        raise RequestRejected(ErrorResponse(SLOW_DOWN, retry_after_s=wait_s))
    return TokenRequest(client, form, desk.clock())


def client_address(request: web.Request) -> str:
    """Whom to count a request for, as the edge tells; its header cannot be a caller's.

    Of IPv6 it is the /64, all of which one household or host may own; an IPv4 address is the same in either spelling.
    """
    told = request.headers.get(CLIENT_ADDRESS.name, "unknown")
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))


async def _form(request: web.Request) -> Parameters:
    if request.content_type != FORM_MEDIA_TYPE:
        raise RequestRejected(ErrorResponse(INVALID_REQUEST, f"The body is to be {FORM_MEDIA_TYPE}."))
    try:
        form = parse_parameters(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise RequestRejected(ErrorResponse(TOO_LARGE)) from None
    fault = form if isinstance(form, InvalidParameters) else form.fault
    if isinstance(form, InvalidParameters) or fault is not None:
        raise RequestRejected(ErrorResponse(INVALID_REQUEST, f"In the body, {fault.detail if fault else ''}."))
    return form


async def _client(desk: Dependencies, authorization: list[str], form: Parameters, address: str) -> Client:
    shown = read_credentials(authorization, form)
    if isinstance(shown, ErrorResponse):
        raise RequestRejected(shown)
    watched = (
        FailureCounter(f"client {shown.client_id} from {address}", CLIENT_LOCK_OUT),
        FailureCounter(f"clients from {address}", ADDRESS_LOCK_OUT),
    )
    now_s = desk.clock()
    async with desk.database.read() as connection:
        client, locked_s = await find_client_and_wait(connection, shown.client_id, watched, now_s=now_s)
    if locked_s:
        raise RequestRejected(ErrorResponse(SLOW_DOWN, "Too many wrong secrets; come back later.", locked_s))
    if client is not None and verify_secret(client, shown, now_s=now_s):
        return client
    await _failed(desk, client, watched, now_s)
    raise RequestRejected(ErrorResponse(INVALID_CLIENT))


async def _failed(desk: Dependencies, client: Client | None, watched: tuple[FailureCounter, ...], now_s: int) -> None:
    async with desk.database.write() as connection:
        await count_failure(connection, watched, now_s=now_s)
        if client is not None:
            # Of a client that is none there is nothing to tell, and its id may be anything.
            actor = f"client:{client.id}"
            await record(connection, "client.refused", client.id, actor=actor, now_s=now_s, business=client.owner)
