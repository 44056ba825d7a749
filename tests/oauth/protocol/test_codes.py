"""The authorization code grant: a code, once, within a minute, by its client, with its verifier and redirect URI."""



from tests.oauth.protocol.world import ASKED, Verifier, World


async def test_a_code_is_good_for_tokens(world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    answer = await world.redeem(app, await world.a_code(app, who, verifier := Verifier()), verifier)
    assert answer.status == 200, answer.text
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("Bearer", 900, ASKED)
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await world.introspect(app, answer.json["access_token"]))["active"] is True
