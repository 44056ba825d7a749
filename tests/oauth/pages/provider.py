"""A platform of the tests' own: an OpenID provider, and beside it what its users are; both can be made to misbehave."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT_ID, CLIENT_SECRET, PEOPLE_SECRET = "gateway", secrets.token_urlsafe(16), secrets.token_urlsafe(16)


@dataclass
class Platform:
    """What it says. `claims` change an ID token, `answer` the redirect back; None takes one away."""

    issuer: str = ""
    user: str = "11"
    claims: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str | None] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    businesses: dict[str, dict[str, str]] = field(default_factory=dict)
    signs_with: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    publishes: ec.EllipticCurvePrivateKey | None = None
    """Another key than it signs with."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Every authorization request."""
    tells_iss: bool = True
    kid: str = "one"
    leaves_out: str = ""
    """Of its metadata."""
    people_status: int = 200
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/people/{kind}/{id}", self._people)
        return app

    def redirect(self, url: str) -> str:
        """Where the provider sends a browser that comes with this URL, once its user has logged in there."""
        asked = dict(parse_qsl(urlsplit(url).query))
        self.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        own = {"code": code, "state": asked["state"], "iss": self.issuer if self.tells_iss else None}
        members = {name: value for name, value in (own | self.answer).items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(members)}"

    async def _metadata(self, _: web.Request) -> web.Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": self.tells_iss,
        }
        told.pop(self.leaves_out, None)
        return web.json_response(told)

    async def _jwks(self, _: web.Request) -> web.Response:
        key = (self.publishes or self.signs_with).public_key()
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key))
        return web.json_response({"keys": [jwk | {"kid": self.kid, "use": "sig", "alg": "ES256"}]})

    async def _authorize(self, request: web.Request) -> web.Response:
        return web.Response(status=303, headers={"Location": self.redirect(str(request.url))})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        asked = self.codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        right = (
            request.headers.get("Authorization") == f"Basic {basic}"
            and asked is not None
            and (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
            and form.get("redirect_uri") == asked["redirect_uri"]
        )
        if asked is None or not right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now_s = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.user,
            "name": "Ada Moss",
            "nonce": asked["nonce"],
            "iat": now_s,
            "exp": now_s + 60,
            "amr": ["pwd", "otp"],
        }
        kept = {name: value for name, value in (claims | self.claims).items() if value is not None}
        token = jwt.encode(kept, self.signs_with, algorithm="ES256", headers={"kid": self.kid})
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})

    async def _people(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {PEOPLE_SECRET}":
            return web.Response(status=401)
        if self.people_status != 200:
            return web.Response(status=self.people_status)
        rows = {"users": self.users, "businesses": self.businesses}[request.match_info["kind"]]
        found = rows.get(request.match_info["id"])
        return web.Response(status=404) if found is None else web.json_response(found)
