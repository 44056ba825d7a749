"""A signing key has leaked: what a thief signs by it is refused at once, although an Envoy has verified it before.

`KEY_DROPPED=1` waits besides, two minutes at the most, until the edge has dropped the key: that is not enough.
"""

import os

from oauth.keys.key_files import read_private
from oauth.keys.key_ring import withdraw
from oauth.store.tokens import end_by_key
from tests.envoy.standing import until
from tests.oauth.protocol.world import World
from tests.oauth.through.conftest import Outside
from tests.oauth.through.test_through_envoy import admitted, refused

DROPPED = os.environ.get("KEY_DROPPED")
WITHIN_S = 150.0


async def test_what_a_leaked_key_has_signed_ends_though_an_envoy_has_verified_it(
    outside: Outside, world: World
) -> None:
    edge, keys = outside.edge, world.desk.keys
    thiefs = read_private(keys.folder / f"{outside.leaked}.pem").private

    def forged() -> str:
        return edge.sign_otherwise(edge.claims(exp=4_000_000_000), key=thiefs, kid=outside.leaked)

    warm, honest = forged(), edge.token()
    for token in (warm, honest):
        await admitted(outside, token)

    rows = withdraw(keys.rows(), outside.leaked, now_s=world.clock())
    assert isinstance(rows, tuple), rows
    keys.save(rows)
    assert outside.leaked not in (await world.send("/jwks", method="GET")).text
    if DROPPED:

        async def dropped() -> bool:
            return await outside.status(forged()) == 401

        # Now and then alone: each try that is let in takes a place in the cache.
        await until(dropped, "the edge to drop the key", within_s=WITHIN_S, every_s=1.0)
    assert await outside.status(warm) == 200, "what an Envoy has verified stays in its cache"

    async with world.desk.database.write() as connection:
        await end_by_key(connection, outside.leaked, actor="a test", now_s=world.clock())
    await refused(outside, warm)
    answer = await edge.get("/v1/contacts", headers={"Authorization": f"Bearer {warm}"})
    assert answer.json()["reason"] == "revoked"
    assert await outside.status(honest) == 200
