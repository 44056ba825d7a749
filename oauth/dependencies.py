"""What every endpoint has at hand: the database, the keys, whoever knows the users, the clock, the public names."""

from collections.abc import Callable
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from contract.ids import Codec
from oauth.endpoints.throttle import Throttle
from oauth.keys.key_files import KeyFolder
from oauth.keys.key_ring import Purpose
from oauth.login import Login
from oauth.store.database import Database
from oauth.tokens.mint import Mint


@dataclass(frozen=True, slots=True)
class Dependencies:
    """`issuer`: the auth host's origin; `audience`: the API's; `clock`: seconds since 1970."""

    database: Database
    keys: KeyFolder
    login: Login
    ids: Codec
    issuer: str
    audience: str
    throttle: Throttle
    clock: Callable[[], int]
    log: FilteringBoundLogger

    def mint_for(self, purpose: Purpose) -> Mint:
        """What signs for a purpose now."""
        return Mint(self.issuer, self.audience, self.ids, self.keys.signing(purpose, self.clock()))
