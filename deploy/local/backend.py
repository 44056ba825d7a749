"""What stands behind the gateway on this machine: the sandbox, or internal services that the environment names.

Owns the variables that are handed on; must not know a dialect. `DIALECT` and whatever begins with `DIALECT_` is the
dialect's, `INTERNAL_` begins where the services are and what is shown to them.
"""

import json
import os
from pathlib import Path
from typing import Any

from deploy.local.commands import ROOT

_OWN = ("DIALECT_", "INTERNAL_")
_OF_LOGINS = ("OIDC_", "PEOPLE_")


def has_own_services() -> bool:
    """Returns whether the sandbox is not needed."""
    return bool(os.environ.get("INTERNAL_URL"))


def transcoder_environment(sandbox_url: str) -> dict[str, str]:
    """Returns where the internal services are, what the dialect is told, and how pages look."""
    own = {name: text for name, text in os.environ.items() if name == "DIALECT" or name.startswith(_OWN)}
    return {**own, **branding_environment(), "INTERNAL_URL": os.environ.get("INTERNAL_URL") or sandbox_url}


def branding_environment() -> dict[str, str]:
    """Returns how pages look, where the environment says so."""
    return _told("BRAND_")


def _told(*beginnings: str) -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith(beginnings)}


def oauth_environment() -> dict[str, str]:
    """Returns whom tokens can be minted for, what kind their ids are, and how people log in."""
    return {
        **branding_environment(),
        **_told(*_OF_LOGINS),
        "LOGIN": os.environ.get("LOGIN") or "demo",
        "DIRECTORY_FILE": os.environ.get("DIRECTORY_FILE") or directory_file(),
        "ID_KIND": os.environ.get("ID_KIND") or "integer",
    }


def envoy_config_options() -> tuple[str, ...]:
    """Returns what the environment says of the edge, as its options."""
    told = {
        name: os.environ.get(name, "") for name in ("CORS_ORIGINS", "ADDRESS_LIMIT_PER_S", "IN_FLIGHT_A_TRANSCODER")
    }
    return tuple(f"--{name.replace('_', '-').lower()}={text}" for name, text in told.items() if text)


def authz_environment() -> dict[str, str]:
    """Returns how long revocations serve without their feed, and how much is logged, where the environment says so."""
    told = {name: os.environ.get(name, "") for name in ("REVOCATIONS_MAX_AGE_S", "LOG_ALLOWED_SHARE")}
    return {name: text for name, text in told.items() if text}


def tracing_options() -> tuple[str, ...]:
    """Returns the edge's options for traces: the collector that services read themselves, and how many are traced."""
    told = {"--traces": "OTEL_EXPORTER_OTLP_ENDPOINT", "--traced-share": "OTEL_TRACES_SAMPLER_ARG"}
    return tuple(f"{option}={os.environ[name]}" for option, name in told.items() if os.environ.get(name))


def database_url(own: str) -> str:
    """Returns where the authorization server keeps its records: at `own`, unless the environment names a database."""
    return os.environ.get("OAUTH_DATABASE_URL") or own


def has_demo_login() -> bool:
    """Returns whether people log in as the users of the directory file."""
    return oauth_environment()["LOGIN"] == "demo"


def demo_users() -> list[str]:
    """Returns the addresses of the first business's active users, each with its role; none with another login."""
    if not has_demo_login():
        return []
    users = [user for business in _businesses()[:1] for user in business["users"]]
    return [f"{user['email']}, {user['role']}" for user in users if user["active"] and user.get("email")]


def business_names() -> dict[str, str]:
    """Returns the name of each business in the directory by its number or UUID, as an operator types it."""
    return {str(business["id"]): business.get("name", "") for business in _businesses()}


def _businesses() -> list[Any]:
    listed: list[Any] = json.loads(Path(oauth_environment()["DIRECTORY_FILE"]).read_text("utf-8"))["businesses"]
    return listed


def directory_file() -> str:
    """Returns the businesses and users of the sandbox."""
    return str(ROOT / "sandbox" / "directory.json")
