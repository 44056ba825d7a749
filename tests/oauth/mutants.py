"""`make test-mutants`: each of these one-line mistakes in the authorization server must be noticed by its tests.

A copy of the project gets one mistake at a time; a mutant that its tests do not notice is a test that is missing.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contract", "oauth", "infra", "tests", "pyproject.toml")
WITHIN_S = 300


@dataclass(frozen=True)
class Mutant:
    """`right`, which stands once in a file, becomes `wrong`; the tests of `suite` must notice.

    Without a folder a suite is one of `protocol`.
    """

    name: str
    file: str
    right: str
    wrong: str
    suite: str


CODE, REFRESH = "oauth/grants/authorization_code.py", "oauth/grants/refresh_token.py"
FORMS, DEMO, OIDC = "oauth/endpoints/forms.py", "oauth/login/demo.py", "oauth/login/oidc.py"
MUTANTS = (
    Mutant(
        "codes are looked at, then written",
        "oauth/store/grants.py",
        ".where(CODES.c.hash == _SHOWN, CODES.c.used_at_s.is_(None))",
        ".where(CODES.c.hash == _SHOWN)",
        "codes",
    ),
    Mutant(
        "a replayed code ends nothing", CODE, "        await end_grant(", "        (lambda *_, **__: None)(", "codes"
    ),
    Mutant("a code is anybody's", CODE, "code.client_id == call.client.id", "True", "codes"),
    Mutant("a code lasts", CODE, "call.now_s >= code.expires_at_s", "False", "codes"),
    Mutant("a code fits any redirect", CODE, 'call.form.get("redirect_uri") != code.redirect_uri', "False", "codes"),
    Mutant(
        "no verifier is needed",
        "oauth/protocol/pkce.py",
        "if verifier is None or",
        "if verifier is None:\n        return True\n    if",
        "codes",
    ),
    Mutant("any verifier will do", "oauth/protocol/pkce.py", "hmac.compare_digest(made, challenge)", "True", "codes"),
    Mutant(
        "plain PKCE is taken",
        "oauth/protocol/authorization_request.py",
        "!= CHALLENGE_METHOD:",
        'not in (CHALLENGE_METHOD, "plain"):',
        "authorize",
    ),
    Mutant(
        "a refresh token is used again",
        REFRESH,
        "if not await spend_refresh(connection, token, now_s=call.now_s):",
        "if await spend_refresh(connection, token, now_s=call.now_s) is None:",
        "refresh",
    ),
    Mutant("a reuse ends nothing", REFRESH, "        await end_grant(", "        (lambda *_, **__: None)(", "refresh"),
    Mutant("a refresh token is anybody's", REFRESH, "token.client_id == call.client.id", "True", "refresh"),
    Mutant("a scope may grow", REFRESH, "set(asked) <= set(grant.scope)", "True", "refresh"),
    Mutant(
        "a bad scope burns the token",
        REFRESH,
        "    scope = _narrowed(call, grant)\n",
        "    scope = _narrowed(call, grant)\n"
        "    if scope is None:\n        await spend_refresh(connection, token, now_s=call.now_s)\n",
        "refresh",
    ),
    Mutant(
        "a grant has no end",
        "oauth/store/grants.py",
        "min(now_s + REFRESH_TOKEN_LIFETIME_S, grant.ends_at_s)",
        "now_s + REFRESH_TOKEN_LIFETIME_S",
        "refresh",
    ),
    Mutant(
        "the end of a family is rolled back",
        "oauth/endpoints/token.py",
        "        return await _redeemed(desk, connection, flow, call, party, bearer)\n",
        "        outcome = await _redeemed(desk, connection, flow, call, party, bearer)\n"
        "        if isinstance(outcome, Refusal):\n            await connection.rollback()\n        return outcome\n",
        "refresh",
    ),
    Mutant(
        "a user who is gone may refresh",
        "oauth/endpoints/token.py",
        "    if member is None:\n        return None\n",
        "    if member is None:\n        member = next(iter(desk.login.members.values()))\n",
        "refresh",
    ),
    Mutant(
        "a family's tokens outlive it",
        "oauth/store/tokens.py",
        "_TOKENS.grant_id.in_([grant_id for grant_id, _ in families])",
        "_TOKENS.grant_id.in_([])",
        "refresh",
    ),
    Mutant("a revoked key signs on", "oauth/tokens/issue.py", "found.key_ended or now_s", "now_s", "keeping"),
    Mutant(
        "wrong secrets do not lock out",
        "oauth/endpoints/client_endpoint.py",
        "    if locked_s:",
        "    if False:",
        "client_authentication",
    ),
    Mutant("the edge is not told", "oauth/store/tokens.py", "    if notes:\n", "    if not notes:\n", "revocation"),
    Mutant(
        "a parameter may be repeated",
        "oauth/protocol/parameters.py",
        '            bad[name] = "is repeated"',
        "            pass",
        "forms",
    ),
    Mutant(
        "no secret is as good as one",
        "oauth/protocol/clients.py",
        "client.is_public and shown.secret is None",
        "shown.secret is None",
        "client_authentication",
    ),
    Mutant(
        "an old secret counts for ever",
        "oauth/protocol/clients.py",
        "now_s < client.previous_secret_until_s and ",
        "",
        "client_authentication",
    ),
    Mutant(
        "a redirect URI may go on", "oauth/protocol/clients.py", "uri == own or", "uri.startswith(own) or", "authorize"
    ),
    Mutant(
        "any client's port may vary", "oauth/protocol/clients.py", "(self.native and _differs", "(_differs", "authorize"
    ),
    Mutant(
        "errors do not say who answers", "oauth/protocol/authorization_request.py", '"iss": issuer}', "}", "authorize"
    ),
    Mutant(
        "anybody may decide",
        "oauth/store/authorization_requests.py",
        "_COLUMNS.user_id == user, _COLUMNS.expires_at_s > now_s",
        "_COLUMNS.expires_at_s > now_s",
        "decisions",
    ),
    Mutant(
        "a request is anybody's to look at",
        "oauth/store/authorization_requests.py",
        "sa.or_(_COLUMNS.user_id.is_(None), _COLUMNS.user_id == user)",
        "sa.true()",
        "decisions",
    ),
    Mutant(
        "a request is decided twice", "oauth/store/authorization_requests.py", "gone.rowcount == 1", "True", "decisions"
    ),
    Mutant(
        "consent gives more than was asked",
        "oauth/consent.py",
        "set(scopes) & set(request.grantable_scopes(member))",
        "set(scopes)",
        "decisions",
    ),
    Mutant(
        "another's token is revoked",
        "oauth/endpoints/revoke.py",
        "found is not None and found[0].client_id == call.client.id",
        "found is not None",
        "revocation",
    ),
    Mutant(
        "another's token is told of",
        "oauth/store/tokens.py",
        "_TOKENS.jti == jti, _TOKENS.client_id == client_id, *is_live_clause(now_s)",
        "_TOKENS.jti == jti, *is_live_clause(now_s)",
        "revocation",
    ),
    Mutant(
        "a public client may ask",
        "oauth/endpoints/introspect.py",
        "if call.client.is_public:",
        "if False:",
        "revocation",
    ),
    Mutant("a type is not looked at", "oauth/tokens/mint.py", 'header.get("typ") != TOKEN_TYPE', "False", "tokens"),
    Mutant(
        "a form needs no word",
        FORMS,
        "not hmac.compare_digest(shown.encode(), csrf.encode())",
        "False",
        "pages/consent_page",
    ),
    Mutant("a form may come from any site", FORMS, 'site not in (None, "same-origin")', "False", "pages/consent_page"),
    Mutant("a form may have any origin", FORMS, "origin in (None, issuer) or", "True or", "pages/consent_page"),
    Mutant(
        "a request is anybody's",
        "oauth/store/authorization_requests.py",
        "sa.or_(_COLUMNS.user_id.is_(None), _COLUMNS.user_id == user)",
        "sa.true()",
        "pages/consent_page",
    ),
    Mutant(
        "a form is not answered by the app",
        "oauth/pages/renderer.py",
        "*([csp_form_action(redirect_uri)] if redirect_uri else [])",
        "",
        "pages/consent_page",
    ),
    Mutant(
        "the login leads anywhere",
        "oauth/pages/login.py",
        """_PLACES.get(return_to) or f"{CONSENT.path}?{urlencode({'request': return_to})}\"""",
        "_PLACES.get(return_to) or return_to",
        "pages/login",
    ),
    Mutant(
        "who has left stays logged in", "oauth/pages/browser_session.py", "if businesses:", "if True:", "pages/login"
    ),
    Mutant("wrong passwords do not lock out", DEMO, "if locked_s:", "if False:", "pages/login"),
    Mutant("any password will do", DEMO, "return _HASHER.verify(hashed, password)", "return True", "pages/login"),
    Mutant(
        "another's consent is withdrawn",
        "oauth/store/connections.py",
        "(GRANTS.c.user_id == user, GRANTS.c.client_id",
        "(GRANTS.c.client_id",
        "pages/connected_apps",
    ),
    Mutant(
        "everybody is an admin",
        "oauth/pages/browser_session.py",
        "if permitted_scopes(each.role, each.permissions, scope)",
        "if scope",
        "pages/tokens_page",
    ),
    Mutant(
        "a nonce is not looked at",
        OIDC,
        'not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode())',
        "False",
        "pages/upstream",
    ),
    Mutant("an ID token is anybody's", OIDC, "issuer=own.issuer,", "", "pages/upstream"),
    Mutant(
        "an ID token is for anybody",
        OIDC,
        "audience=own.client_id,",
        'audience=[own.client_id, "another"],',
        "pages/upstream",
    ),
    Mutant(
        "who asked for an ID token is not looked at",
        OIDC,
        'claims.get("azp", own.client_id) != own.client_id',
        "False",
        "pages/upstream",
    ),
    Mutant("an answer is anybody's", OIDC, "came_from != self._provider.issuer and", "False and", "pages/upstream"),
    Mutant(
        "a state is any browser's",
        OIDC,
        "not word or not hmac.compare_digest(word.encode(), state.encode())",
        "not word",
        "pages/upstream",
    ),
    Mutant(
        "a state counts again",
        "oauth/store/sessions.py",
        "sa.delete(LOGINS).where(",
        "sa.update(LOGINS).values(nonce=columns.nonce).where(",
        "pages/upstream",
    ),
)


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests pass with the mistake in."""
    file = folder / mutant.file
    text = file.read_text()
    assert text.count(mutant.right) == 1, f"{mutant.name}: {mutant.right!r} stands {text.count(mutant.right)} times"
    file.write_text(text.replace(mutant.right, mutant.wrong))
    try:
        return passes(folder, mutant.suite)
    finally:
        file.write_text(text)


def passes(folder: Path, suite: str) -> bool:
    """Whether a suite passes there."""
    room, _, name = suite.rpartition("/")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"tests/oauth/{room or 'protocol'}/test_{name}.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 0


def main(suites: list[str]) -> int:
    """Try those of the suites, or all; a line each."""
    chosen = [mutant for mutant in MUTANTS if not suites or mutant.suite in suites]
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for room in ROOMS:
            source = ROOT / room
            if source.is_dir():
                shutil.copytree(source, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / room)
        for suite in sorted({mutant.suite for mutant in chosen}):
            assert passes(folder, suite), f"{suite} fails without a mistake"
        survivors = 0
        for mutant in chosen:
            survived = survives(mutant, folder)
            survivors += survived
            print(f"{'NOBODY NOTICED' if survived else 'noticed'}: {mutant.name}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
