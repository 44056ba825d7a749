"""The page of settings: what every program asks its environment for, told by the loaders that do the asking.

They are run in an empty environment, and say what is missing; so nothing is on the page that is not read, and nothing
is read that is not on it. Owns a sentence about each variable. Knows no value of a deployment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import authz.settings
import infra.process.healthcheck
import infra.process.keys
import oauth.settings
import transcoder.settings
from apidocs.markdown import code, page, table
from envoy_config.deployment import Deployment
from infra.process.settings import RequestedSetting, SettingsError

WORDS: Mapping[str, str] = {
    "BRAND_COLOR": "The colour of links and buttons on pages by day",
    "BRAND_COLOR_DARK": "The same by night",
    "BRAND_LOGO_FILE": "The picture on the auth host's pages; without one, the name's first letter",
    "BRAND_NAME": "The name on pages",
    "AUTHZ_AT_WORK": "How many are asked at once, in all pods (no spares): without the store each grants that part",
    "CA_FILE": "Where the CA goes that local clients have to trust",
    "CERTIFICATE_FILE": "Where the TLS certificate goes",
    "CURSOR_KEYS_FILE": "The keys that cursors and stored answers are sealed with: the first seals, all of them open",
    "DIALECT": "The function that speaks to the internal services; what begins with `DIALECT_` is its own",
    "DIRECTORY_FILE": "Whom tokens can be minted for, and who may log in, in local mode",
    "GRPC_FRONT": "What answers the edge on a UNIX socket: the lean front, or grpc.aio, which a TCP port always has",
    "ID_KEY_FILE": "The key that ids are sealed with: made once, never changed",
    "ID_KIND": "What kind the internal ids are of",
    "INVALID_VALUES": "What becomes of an internal value that the contract excludes: it is shown as null where its "
    "field may be null, or its record is refused",
    "INTERNAL_LISTEN": "Where it listens for our own services, apart from callers: revocations, tokens, apps",
    "INTERNAL_SECRET": "What our services show one another where they speak over a network",
    "INTERNAL_SECRET_FILE": "Where that secret goes, if it is needed",
    "INTERNAL_CA_FILE": "Who signs the certificate of the internal services; by default the system's authorities",
    "INTERNAL_CERTIFICATE_FILE": "The certificate that they are shown (mutual TLS)",
    "INTERNAL_PRIVATE_KEY_FILE": "Its key",
    "INTERNAL_TOKEN_FILE": "The bearer token that they are shown",
    "INTERNAL_URL": "Where the internal services are",
    "LIMITS_TIMEOUT_MS": "What a charge may take before the process counts by itself",
    "LISTEN": "Where it listens",
    "LOCAL_MODE": "Permits to mint tokens for anybody, and turns the demo login on",
    "LOGIN": "How people log in: `demo` (in local mode alone), `oidc`, or `none`",
    "LOG_ALLOWED_SHARE": "Of the requests that are let through, how many authz's log has a line of; of denials, all",
    "LOG_LEVEL": "What is logged",
    "OAUTH_DATABASE_URL": "Where the authorization server keeps its records",
    "METRICS_LISTEN": "Where `GET /metrics` answers, for Prometheus; never where callers come",
    "OIDC_CA_FILE": "Who vouches for the provider and the people service",
    "OIDC_CLIENT_ID": "The client that this server is to the provider",
    "OIDC_CLIENT_SECRET_FILE": "Its secret",
    "OIDC_ISSUER": "Whose users they are",
    "PEOPLE_SECRET_FILE": "What the people service is shown as a bearer token",
    "PEOPLE_URL": "Where the platform tells what a user or a business is now",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where spans are told, for traces; Envoy is told by `--traces`",
    "OAUTH_INTERNAL_URL": "Where the authorization server is asked about tokens and apps",
    "PRIVATE_KEY_FILE": "Where the key of the TLS certificate goes",
    "PUBLIC_API_URL": "The API host as callers know it: in `Location`, `Link`, `type` of problems, `aud` of tokens",
    "PUBLIC_AUTH_URL": "The auth host as callers know it: `iss` of tokens",
    "REVOCATIONS_FEED": "Where it is told what is revoked",
    "REVOCATIONS_FILE": "Where it keeps that for its next life",
    "REVOCATIONS_MAX_AGE_S": "How long it goes on with what it was told once it is told nothing more",
    "SIGNING_KEYS_DIR": "The keys that tokens are signed with, each for its owner alone",
    "SIGNING_KEY_FILE": "Where the first key goes that tokens are signed with",
    "STORE_TIMEOUT_MS": "What a question about a key or a receipt may take before its store counts as lost",
    "VALKEY_URL": "Where limits and idempotency are kept; `redis://a:6379,b:6379?cluster=true` is a cluster",
}
"""What each is for: the same in every program that reads it."""


@dataclass(frozen=True, slots=True)
class Program:
    """Something that reads settings."""

    command: str
    about: str
    load: Callable[[Mapping[str, str]], object]


PROGRAMS = (
    Program("python -m authz", "The decision: one beside each edge, or several.", authz.settings.load),
    Program("python -m transcoder", "Public requests to internal calls and back.", transcoder.settings.load),
    Program("python -m oauth", "The authorization server.", oauth.settings.load_serve),
    Program("LOGIN=oidc", "What `python -m oauth` reads besides.", oauth.settings.load_provider),
    Program("python -m oauth token", "Prints a token; local use only.", oauth.settings.load_mint),
    Program("python -m oauth kid", "Prints the id of the signing key.", oauth.settings.load_key),
    Program("python -m oauth keys", "Turns the signing keys.", oauth.settings.load_keys),
    Program("python -m oauth purge", "Forgets what has expired.", oauth.settings.load_database),
    Program("python -m oauth check", "Says what keeps its database from serving.", oauth.settings.load_database),
    Program("python -m oauth migrate", "Makes or changes the tables of its database.", oauth.settings.load_database),
    Program(
        "python -m oauth revoke",
        "And `suspend`, `resume`, `plan`, `list`: the operator's commands.",
        oauth.settings.load_operator,
    ),
    Program("python -m infra.process.keys", "Makes the key files that are missing.", infra.process.keys.load),
    Program(
        "python -m infra.process.healthcheck",
        "Asks whether the service beside it lives.",
        infra.process.healthcheck.listen_address,
    ),
)


def settings_of(program: Program) -> tuple[RequestedSetting, ...]:
    """Everything that it asks for; LookupError when it asks for nothing that has to be there."""
    try:
        program.load({})
    except SettingsError as missing:
        return missing.asked
    raise LookupError(f"{program.command} starts in an empty environment: its settings cannot be told")


def settings() -> str:
    """The page."""
    return page(
        "Settings",
        "Settings are environment variables, read once at the start: complete or fatal, every fault told in a line. A "
        "**secret** is the path of a file; its text is never in the environment, nor in a log. Any other `NAME` may "
        "stand in a file, too, which `NAME_FILE` names. Here is what each program reads when nothing is set.",
        *(part for program in PROGRAMS for part in (f"## `{program.command}`", program.about, _table(program))),
        "## `python -m infra.process.doctor`",
        "Reads what the service beside it reads, says what is wrong with it, and needs none of it.",
        "## `python -m envoy_config --out FILE`",
        "Renders Envoy's configuration for a deployment; its settings are options, and `--help` tells them.",
        table(
            ("option", "default"),
            (
                (code(f"--{each.name.replace('_', '-')}"), code(each.default) if each.default else "none")
                for each in fields(Deployment)
            ),
        ),
        "## The sandbox",
        "A stand-in for internal services, which shares no code with all this: `python -m sandbox` says what it needs.",
    )


def _table(program: Program) -> str:
    return table(("variable", "what it is", "form", "default", ""), map(_row, settings_of(program)))


def _row(asked: RequestedSetting) -> tuple[str, ...]:
    default = "**required**" if asked.default is None else code(asked.default) if asked.default else "none"
    return code(asked.name), WORDS[asked.name], asked.expected, default, "secret" if asked.secret else ""
