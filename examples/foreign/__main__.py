"""`python -m examples.foreign`: the address book service by itself: LISTEN=unix:/path TOKEN_FILE= DIRECTORY_FILE=."""

import os
from pathlib import Path

from aiohttp import web

from examples.foreign.service import Service, accounts_in

if __name__ == "__main__":
    token = Path(os.environ["TOKEN_FILE"]).read_text().strip()
    accounts = accounts_in(Path(os.environ["DIRECTORY_FILE"]).read_text())
    path = Path(os.environ["LISTEN"].removeprefix("unix:"))
    path.unlink(missing_ok=True)
    os.umask(0o177)  # the socket is ours alone
    web.run_app(Service(accounts, token).application(), path=str(path), print=None, access_log=None)
