"""An authorization server's keys and environment, made for one test run."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.oauth.key_files import pem, private

DIRECTORY = {
    "businesses": [
        {
            "id": 1,
            "plan": "starter",
            "users": [
                {"id": 11, "role": "admin", "active": False},
                {"id": 12, "role": "admin", "active": True},
                {"id": 13, "role": "viewer", "active": True},
            ],
        }
    ]
}


@pytest.fixture(scope="session")
def ec_pem() -> str:
    return pem(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def rsa_pem() -> str:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def environment(ec_pem: str) -> Iterator[dict[str, str]]:
    """All that `python -m oauth` and its commands ask for; the folder is short enough for a socket."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        keys = folder / "signing"
        keys.mkdir()
        private(keys / "signing.pem", ec_pem)
        (folder / "id.key").write_text("5a" * 32)
        (folder / "directory.json").write_text(json.dumps(DIRECTORY))
        yield {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{folder}/oauth.sock",
            "PUBLIC_API_URL": "https://api.example",
            "PUBLIC_AUTH_URL": "https://auth.example",
            "ID_KEY_FILE": f"{folder}/id.key",
            "INTERNAL_LISTEN": f"unix:{folder}/oauth-in.sock",
            "OAUTH_DATABASE_URL": f"sqlite:///{folder}/oauth.db",
            "SIGNING_KEYS_DIR": str(keys),
            "DIRECTORY_FILE": f"{folder}/directory.json",
            "LOCAL_MODE": "1",
        }
