"""A bare aiohttp server that says hello: what a refusal is measured by."""

import os

from aiohttp import web


async def hello(_: web.Request) -> web.Response:
    """Answer."""
    return web.json_response({"hello": "world"})


if __name__ == "__main__":
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    web.run_app(app, path=os.environ["LISTEN"], print=None, access_log=None)
