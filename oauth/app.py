"""The authorization server's HTTP face: the key set and its health. Builds everything from settings."""

import json

from aiohttp import web

from contract.bounds import JSON_MEDIA_TYPE
from contract.operations import HEALTH_PATH, JWKS_PATH
from oauth.jwks import SigningKey, key_set

_KEYS_FRESH = {"cache-control": "public, max-age=60"}
"""The edge fetches once a minute too: a new key is published long before it signs."""


def build(key: SigningKey) -> web.Application:
    """The application that serves the public half of `key`."""
    keys = json.dumps(key_set(key)).encode()

    async def jwks(_: web.Request) -> web.Response:
        return web.Response(body=keys, content_type=JSON_MEDIA_TYPE, headers=_KEYS_FRESH)

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.router.add_get(JWKS_PATH, jwks)
    app.router.add_get(HEALTH_PATH, health)
    return app
