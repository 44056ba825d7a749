"""The platform's own login: its OpenID provider says who somebody is, its people service what they are now.

Owns the way there and back (OpenID Connect Core §3.1, RFC 9700 §2.1, §4.4): PKCE, and a `state` that only this browser
has and that counts once, and a `nonce`, and `iss`. Must not know what a login is for.
"""

import hmac
import ssl
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import httpx
import jwt
from aiohttp import web
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError

from contract.oauth import CHALLENGE_METHOD, LOGIN_LIFETIME_S, LOGIN_RETURN
from contract.rate_plans import PLANS
from contract.roles import ROLES
from contract.size_and_time_limits import CLOCK_SKEW_S
from contract.vocabulary import TenantId, UserId
from oauth.endpoints.browser_requests import cookie, read_query
from oauth.endpoints.responses import see_other
from oauth.login import DirectoryUnavailable, Identity, LoginFailed, LoginResult, Membership
from oauth.protocol.errors import PageError, PageProblem
from oauth.settings import Provider
from oauth.store.database import Database
from oauth.store.sessions import LoginState, save_login_state, take_login_state
from oauth.tokens.opaque import new_secret

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # its HTTP library has a successor
    from authlib.integrations.httpx_client import AsyncOAuth2Client

T = TypeVar("T")

LOGIN_STATE_COOKIE = "__Host-journey"
_ALGORITHMS = ("ES256", "RS256")
_ENDPOINTS = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
_WAIT_S = 5.0
_NOT_BEGUN = "This login was not begun in this browser, or took too long. Start again."
_NOT_LET_IN = "The login did not succeed. Start again."


class OidcLogin:
    """A `Login` at an upstream provider."""

    def __init__(self, database: Database, provider: Provider, issuer: str, clock: Callable[[], int]) -> None:
        """`issuer` is our own."""
        self._database = database
        self._provider = provider
        self._return_uri = f"{issuer}{LOGIN_RETURN.path}"
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=provider.ca_file)
        self._http = httpx.AsyncClient(verify=self._tls, timeout=_WAIT_S)
        self._told: Mapping[str, Any] = {}
        self._keys: Mapping[str, jwt.PyJWK] = {}

    async def open(self) -> None:
        """See `Login`. The provider is asked when it is needed: it may be down when we start."""

    async def close(self) -> None:
        """See `Login`."""
        await self._http.aclose()

    async def begin(
        self, request: web.Request, return_to: str, failure: LoginFailed | None = None
    ) -> web.StreamResponse:
        """See `Login`."""
        if failure is not None:
            raise PageError(PageProblem("You are not logged in", failure.words, failure.status))
        endpoint = (await self._metadata())["authorization_endpoint"]
        journey = LoginState(return_to, nonce=new_secret(), verifier=new_secret())
        async with self._database.write() as connection:
            word = await save_login_state(connection, journey, now_s=self._clock())
        # Who has just logged out here is still logged in there.
        more = {"prompt": "login"} if read_query(request).get("again") else {}
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                endpoint, state=word, code_verifier=journey.verifier, nonce=journey.nonce, **more
            )
        answer = see_other(url)
        answer.set_cookie(
            LOGIN_STATE_COOKIE, word, path="/", max_age=LOGIN_LIFETIME_S, secure=True, httponly=True, samesite="Lax"
        )
        return answer

    async def finish(self, request: web.Request) -> LoginResult:
        """See `Login`."""
        journey = await self._journey(request)
        try:
            claims = await self._claims(request, journey)
            user = UserId(_number(claims["sub"]))
        except (OAuthError, jwt.InvalidTokenError, ValueError) as fault:
            raise LoginFailed(_NOT_LET_IN, journey.return_to, status=403) from fault
        businesses = await self.memberships(user)
        if not businesses:
            raise LoginFailed("You are a member of no business here.", journey.return_to, status=403)
        name = str(claims.get("name") or claims.get("email") or "somebody")
        amr = tuple(str(word) for word in claims.get("amr", ()))
        return LoginResult(Identity(user, name, businesses, self._clock(), amr), journey.return_to)

    async def memberships(self, user_id: UserId) -> tuple[Membership, ...]:
        """See `Login`."""
        return await self._ask_people(f"users/{_spelled(user_id)}", _memberships) or ()

    async def membership(self, user_id: UserId, business_id: TenantId) -> Membership | None:
        """See `Login`."""
        found = await self.memberships(user_id)
        return next((each for each in found if each.business_id == business_id), None)

    async def plan(self, business_id: TenantId) -> str | None:
        """See `Login`."""
        return await self._ask_people(f"businesses/{_spelled(business_id)}", _plan)

    async def business_name(self, business_id: TenantId) -> str | None:
        """See `Login`."""
        return await self._ask_people(f"businesses/{_spelled(business_id)}", _name)

    def _client(self) -> AsyncOAuth2Client:
        own = self._provider
        return AsyncOAuth2Client(
            own.client_id,
            own.client_secret,
            scope="openid profile email",
            redirect_uri=self._return_uri,
            code_challenge_method=CHALLENGE_METHOD,
            verify=self._tls,
            timeout=_WAIT_S,
        )

    async def _journey(self, request: web.Request) -> LoginState:
        """What this very browser set out with; it counts once, whatever comes of it."""
        word, state = cookie(request, LOGIN_STATE_COOKIE), read_query(request).get("state") or ""
        if not word or not hmac.compare_digest(word.encode(), state.encode()):
            raise LoginFailed(_NOT_BEGUN)
        async with self._database.write() as connection:
            journey = await take_login_state(connection, word, now_s=self._clock())
        if journey is None:
            raise LoginFailed(_NOT_BEGUN)
        return journey

    async def _claims(self, request: web.Request, journey: LoginState) -> Mapping[str, Any]:
        """What the provider says of whom it has logged in. Raises what its libraries raise, and ValueError."""
        metadata = await self._metadata()
        told = read_query(request)
        came_from = told.get("iss")
        # RFC 9207 §2.4: a provider that says that it sends `iss` always does.
        must = metadata.get("authorization_response_iss_parameter_supported", False)
        if came_from != self._provider.issuer and (must or came_from is not None):
            raise ValueError("another provider's answer")
        code = told.get("code")
        if not code:
            raise ValueError("no code")
        async with self._client() as client:
            try:
                token = await client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=journey.verifier,
                )
            except httpx.HTTPError as error:
                raise DirectoryUnavailable(f"the provider's token endpoint: {error!r}") from error
        return await self._verified(str(token.get("id_token", "")), journey.nonce)

    async def _verified(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """OpenID Connect Core §3.1.3.7."""
        own = self._provider
        header = jwt.get_unverified_header(id_token)
        key = await self._key(str(header.get("kid", "")))
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=list(_ALGORITHMS),
            issuer=own.issuer,
            audience=own.client_id,
            leeway=CLOCK_SKEW_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
        )
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise ValueError("another login's nonce")
        if claims.get("azp", own.client_id) != own.client_id or (
            isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
        ):
            raise ValueError("a token for another client")
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK:
        """The provider's key of that id; its set is fetched again for one that it did not have."""
        if kid not in self._keys:
            told = await self._fetch((await self._metadata())["jwks_uri"])
            try:
                self._keys = {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(told).keys}
            except jwt.PyJWTError as error:
                raise DirectoryUnavailable(f"the provider's keys: {error!r}") from error
        if kid not in self._keys:
            raise ValueError("a key that the provider does not have")
        return self._keys[kid]

    async def _metadata(self) -> Mapping[str, Any]:
        if not self._told:
            told = await self._fetch(f"{self._provider.issuer}/.well-known/openid-configuration")
            if told.get("issuer") != self._provider.issuer:
                raise DirectoryUnavailable(f"the provider calls itself {told.get('issuer')!r}")
            if lacking := _ENDPOINTS - told.keys():
                raise DirectoryUnavailable(f"the provider does not tell its {', '.join(sorted(lacking))}")
            self._told = told
        return self._told

    async def _fetch(self, url: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(url)
            answer.raise_for_status()
            return dict(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise DirectoryUnavailable(f"{url}: {error!r}") from error

    async def _ask_people(self, path: str, read: Callable[[Any], T]) -> T | None:
        """What `read` makes of what the people service says; None for what there is not.

        Raises DirectoryUnavailable, also where `read` raises ValueError, KeyError or TypeError: it is not of its form.
        """
        own = self._provider
        try:
            answer = await self._http.get(
                f"{own.people_url}/{path}", headers={"Authorization": f"Bearer {own.people_secret}"}
            )
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            return read(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise DirectoryUnavailable(f"{own.people_url}/{path}: {error!r}") from error


def _number(given: object) -> int:
    """An internal id as the platform spells it: a number, or a UUID as one. Raises ValueError."""
    text = str(given)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else UUID(text).int


def _spelled(number: int) -> str:
    """As the people service spells it: what no integer column could hold is a UUID."""
    return str(number) if number < 2**63 else str(UUID(int=number))


def _memberships(told: Mapping[str, Any]) -> tuple[Membership, ...]:
    return tuple(map(_membership, told["businesses"])) if told["active"] else ()


def _membership(row: Mapping[str, Any]) -> Membership:
    role = str(row["role"])
    if role not in ROLES:
        raise ValueError(f"no role: {role!r}")
    permissions = row.get("permissions")
    if not isinstance(permissions, str | None):
        raise TypeError(f"no permissions: {permissions!r}")
    return Membership(TenantId(_number(row["id"])), _name(row), role, _plan(row), permissions)


def _name(row: Mapping[str, Any]) -> str:
    return str(row["name"])


def _plan(row: Mapping[str, Any]) -> str:
    plan = str(row["plan"])
    if plan not in PLANS:
        raise ValueError(f"no plan: {plan!r}")
    return plan
