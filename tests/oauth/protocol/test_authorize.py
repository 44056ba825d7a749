"""GET /authorize: whom it trusts, what it tells a client once a user has logged in, and what it never redirects."""

from urllib.parse import quote

import pytest

from oauth.consent import PendingRequest
from oauth.protocol.scopes import KNOWN_SCOPES
from tests.oauth.protocol.world import ASKED, CALLBACK, ISSUER, READ, Answer, App, Verifier, World

NATIVE = "http://127.0.0.1/callback"
SCHEME = "com.example.app:/callback"


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


def assert_page(answer: Answer) -> None:
    """A page, nobody is sent anywhere, and nothing may be made of it."""
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Location" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


NOT_THE_CALLBACK = {
    "has a slash more": f"{CALLBACK}/",
    "has a query": f"{CALLBACK}?a=b",
    "has a fragment": f"{CALLBACK}#a",
    "has another case": "https://app.example/Callback",
    "has its host in capitals": "https://APP.example/callback",
    "goes up": "https://app.example/callback/../callback",
    "goes up in disguise": "https://app.example/%2e%2e/callback",
    "names a user": "https://app.example@evil.example/callback",
    "names itself as a user": "https://evil.example\\@app.example/callback",
    "has another host": "https://evil.example/callback",
    "has a host below": "https://evil.app.example/callback",
    "has a host that goes on": "https://app.example.evil.example/callback",
    "has another scheme": "http://app.example/callback",
    "has a port": "https://app.example:443/callback",
    "has a space before it": f" {CALLBACK}",
    "has a tab in it": "https://app.example/call\tback",
    "has a NUL after it": f"{CALLBACK}\0",
    "is a path": "/callback",
    "begins with two slashes": "//app.example/callback",
    "is a script": "javascript:alert(1)",
    "is a list of it": f"{CALLBACK} {CALLBACK}",
}


@pytest.mark.parametrize("uri", NOT_THE_CALLBACK.values(), ids=NOT_THE_CALLBACK)
async def test_redirects_nobody_to_a_uri_that(world: World, app: App, uri: str) -> None:
    assert_page(await world.ask(world.question(app, redirect_uri=uri)))


async def test_a_page_says_to_an_app_s_maker_what_to_right(world: World, app: App) -> None:
    assert "redirect_uri" in (await world.ask(world.question(app, redirect_uri="https://app.example/other"))).text
    assert "client_id" in (await world.ask(world.question(app, client_id="cli_nobody"))).text


async def test_redirects_nobody_without_a_redirect_uri(world: World, app: App) -> None:
    assert_page(await world.ask(world.question(app, redirect_uri=None)))


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
async def test_redirects_nobody_when_a_value_is_repeated_even_the_same(world: World, app: App, name: str) -> None:
    asked = world.question(app)
    again = f"&{name}={quote(asked[name], safe='')}"
    assert_page(await world.ask("&".join(f"{key}={quote(value, safe='')}" for key, value in asked.items()) + again))


NOT_A_CLIENT = {"is unknown": "cli_unknown", "is missing": None, "is a statement": "' OR 1=1 --", "is a NUL": "\0"}


@pytest.mark.parametrize("client_id", NOT_A_CLIENT.values(), ids=NOT_A_CLIENT)
async def test_redirects_nobody_when_the_client(world: World, app: App, client_id: str | None) -> None:
    assert_page(await world.ask(world.question(app, client_id=client_id)))


async def test_redirects_nobody_when_the_client_is_disabled(world: World) -> None:
    app = await world.an_app()
    await world.change_app(app, disabled_at_s=1)
    assert_page(await world.ask(world.question(app)))


async def test_redirects_nobody_when_the_client_is_a_service(world: World) -> None:
    assert_page(await world.ask(world.question(await world.a_service(7))))


LOOPBACK = {
    "its own": ((NATIVE,), NATIVE, True),
    "another port": ((NATIVE,), "http://127.0.0.1:49152/callback", True),
    "another port than the registered one": (("http://127.0.0.1:1/callback",), "http://127.0.0.1:2/callback", True),
    "the other family": ((NATIVE,), "http://[::1]:49152/callback", False),
    "the other family, registered": (("http://[::1]/callback",), "http://[::1]:49152/callback", True),
    "another path": ((NATIVE,), "http://127.0.0.1:49152/other", False),
    "a query": ((NATIVE,), "http://127.0.0.1:49152/callback?a=b", False),
    "localhost": ((NATIVE,), "http://localhost:49152/callback", False),
    "https": ((NATIVE,), "https://127.0.0.1:49152/callback", False),
    "a user": ((NATIVE,), "http://127.0.0.1:49152@evil.example/callback", False),
    "a port that is none": ((NATIVE,), "http://127.0.0.1:80a/callback", False),
    "its scheme": ((SCHEME,), SCHEME, True),
    "its scheme with a port": ((SCHEME,), "com.example.app://h:1/callback", False),
    "a port of a host": ((CALLBACK,), "https://app.example:8443/callback", False),
}


@pytest.mark.parametrize(("registered", "uri", "accepted"), LOOPBACK.values(), ids=LOOPBACK)
async def test_of_a_native_client_only_the_loopback_port_may_vary(
    world: World, registered: tuple[str, ...], uri: str, accepted: bool
) -> None:
    app = await world.an_app(public=True, redirect_uris=registered)
    answer = await world.ask(world.question(app, redirect_uri=uri))
    if accepted:
        assert answer.status == 200
    else:
        assert_page(answer)


async def test_of_another_client_no_port_may_vary(world: World) -> None:
    app = await world.an_app(redirect_uris=("https://127.0.0.1/callback", NATIVE))
    assert_page(await world.ask(world.question(app, redirect_uri="http://127.0.0.1:49152/callback")))
    assert_page(await world.ask(world.question(app, redirect_uri="https://127.0.0.1:49152/callback")))


TOLD: dict[str, tuple[dict[str, str | None], str]] = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "the implicit flow": ({"response_type": "token"}, "unsupported_response_type"),
    "an id token": ({"response_type": "id_token"}, "unsupported_response_type"),
    "the hybrid flow": ({"response_type": "code token"}, "unsupported_response_type"),
    "no response type at all": ({"response_type": "none"}, "unsupported_response_type"),
    "an answer in the fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "no PKCE": ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "no challenge method": ({"code_challenge_method": None}, "invalid_request"),
    "an empty challenge method": ({"code_challenge_method": ""}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "a method in lower case": ({"code_challenge_method": "s256"}, "invalid_request"),
    "a short challenge": ({"code_challenge": "a" * 42}, "invalid_request"),
    "a long challenge": ({"code_challenge": "a" * 44}, "invalid_request"),
    "a padded challenge": ({"code_challenge": "a" * 43 + "="}, "invalid_request"),
    "a challenge in another alphabet": ({"code_challenge": "a" * 42 + "+"}, "invalid_request"),
    "an unknown scope": ({"scope": "contacts:read everything"}, "invalid_scope"),
    "a reserved scope": ({"scope": "webhooks:read"}, "invalid_scope"),
    "two spaces between scopes": ({"scope": "contacts:read  contacts:write"}, "invalid_scope"),
    "a scope in capitals": ({"scope": "Contacts:read"}, "invalid_scope"),
    "an unknown resource": ({"resource": "https://other.example"}, "invalid_target"),
    "a resource with a slash": ({"resource": "https://api.example/"}, "invalid_target"),
}


@pytest.mark.parametrize("public", [False, True], ids=["confidential", "public"])
@pytest.mark.parametrize(("changes", "error"), TOLD.values(), ids=TOLD)
async def test_a_client_is_told_after_the_login_of(
    world: World, changes: dict[str, str | None], error: str, public: bool
) -> None:
    app = await world.an_app(public=public)
    user, _ = world.a_user()
    question = world.question(app, **changes)
    assert (await world.ask(question)).status == 200, "nobody is sent anywhere before the login"
    told = await world.outcome(question, world.identity(user))
    assert isinstance(told, dict)
    assert (told["error"], told["iss"], told["state"]) == (error, ISSUER, "s-1")
    assert "code" not in told


async def test_a_scope_beyond_the_clients_is_refused(world: World) -> None:
    app = await world.an_app(scope=(READ,))
    told = await world.outcome(world.question(app), world.identity(world.a_user()[0]))
    assert isinstance(told, dict) and told["error"] == "invalid_scope"


async def test_without_a_scope_all_that_the_client_has_is_asked_for(world: World) -> None:
    app = await world.an_app(scope=(READ, "deals:read"))
    found = await world.outcome(world.question(app, scope=None), world.identity(world.a_user()[0]))
    assert isinstance(found, PendingRequest) and found.asked.scope == (READ, "deals:read")
    assert set(found.asked.scope) < set(KNOWN_SCOPES)


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge", "response_type"])
async def test_a_repeated_parameter_is_told_even_where_both_are_good(world: World, app: App, name: str) -> None:
    asked = world.question(app)
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in [*asked.items(), (name, asked[name])])
    told = await world.outcome(query, world.identity(world.a_user()[0]))
    assert isinstance(told, dict) and told["error"] == "invalid_request"
    assert told.get("state") == (None if name == "state" else "s-1")


async def test_a_resource_may_be_repeated(world: World, app: App) -> None:
    asked = world.question(app)
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in asked.items())
    query += "&resource=https%3A%2F%2Fapi.example" * 2
    assert isinstance(await world.outcome(query, world.identity(world.a_user()[0])), PendingRequest)


STATES = ("a b+c", "a%2Fb(c)", "=&?#", "é🙂", '"<script>', "x" * 2000, "a/b:c@d;e,f'g~")


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
async def test_a_state_comes_back_as_it_was(world: World, app: App, state: str) -> None:
    user, business = world.a_user()
    found = await world.outcome(world.question(app, state=state), world.identity(user))
    assert isinstance(found, PendingRequest)
    told = await world.denied(found, user)
    assert told["state"] == state
    assert (await world.allowed(await world.pending(app, user, state=state), (user, business)))["state"] == state


async def test_without_a_state_none_comes_back(world: World, app: App) -> None:
    user, business = world.a_user()
    told = await world.allowed(await world.pending(app, user, state=None), (user, business))
    assert set(told) == {"code", "iss"}


async def test_an_answer_keeps_the_query_of_its_redirect_uri(world: World) -> None:
    app = await world.an_app(redirect_uris=(f"{CALLBACK}?tenant=1",))
    user, business = world.a_user()
    found = await world.pending(app, user, redirect_uri=f"{CALLBACK}?tenant=1")
    told = await world.allowed(found, (user, business))
    assert told["tenant"] == "1"
    assert set(told) == {"tenant", "code", "state", "iss"}


GARBLED = {
    "a stray percent": "client_id=%zz",
    "half a character": "client_id=%c3",
    "too much": f"client_id={'a' * 17_000}",
    "too many": "&".join(f"a{number}=1" for number in range(60)),
}


@pytest.mark.parametrize("query", GARBLED.values(), ids=GARBLED)
async def test_a_query_that_cannot_be_read_is_a_page(world: World, query: str) -> None:
    answer = await world.send(f"/authorize?{query}", method="GET")
    assert answer.status in (400, 414)
    assert "Location" not in answer.headers


async def test_post_is_no_way_to_ask(world: World, app: App) -> None:
    answer = await world.send("/authorize", world.question(app))
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


async def test_what_is_shown_of_a_fault_repeats_nothing_that_was_sent(world: World) -> None:
    answer = await world.ask({"client_id": "<script>alert(1)</script>", "redirect_uri": "https://evil.example/"})
    assert_page(answer)
    assert "alert(1)" not in answer.text
    assert "evil" not in answer.text


async def test_an_empty_parameter_is_as_good_as_none(world: World, app: App) -> None:
    user, business = world.a_user()
    found = await world.pending(app, user, state="", nonce="", unknown="1")
    assert set(await world.allowed(found, (user, business))) == {"code", "iss"}
    assert found.asked.scope == tuple(ASKED.split())
    assert found.asked.challenge != Verifier().challenge
