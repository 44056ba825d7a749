"""[pure] The signing key: reading it, naming it (RFC 7638), and the public set that verifies by it (RFC 7517)."""

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_COORDINATE_BYTES = 32
_LEAST_RSA_BITS = 2048  # RFC 7518 §3.3


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its algorithm and its name."""

    private: EllipticCurvePrivateKey | RSAPrivateKey
    algorithm: str
    id: str


def read_signing_key(pem: str) -> SigningKey:
    """The key in a PEM text: EC P-256 signs ES256, RSA signs RS256. ValueError says what is wrong."""
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("there is no unencrypted PEM private key in it") from None
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return SigningKey(private, "ES256", _thumbprint(_public_members(private)))
    if isinstance(private, RSAPrivateKey) and private.key_size >= _LEAST_RSA_BITS:
        return SigningKey(private, "RS256", _thumbprint(_public_members(private)))
    raise ValueError(f"the key is neither EC P-256 nor RSA of {_LEAST_RSA_BITS} bits or more")


def jwk_set(*keys: SigningKey) -> dict[str, list[dict[str, str]]]:
    """The JWK set that the key host serves: public members only."""
    return {
        "keys": [_public_members(key.private) | {"use": "sig", "alg": key.algorithm, "kid": key.id} for key in keys]
    }


def _public_members(private: EllipticCurvePrivateKey | RSAPrivateKey) -> dict[str, str]:
    """The required public members (RFC 7518 §6), which are also the ones that a thumbprint is made of."""
    if isinstance(private, EllipticCurvePrivateKey):
        point = private.public_key().public_numbers()
        # RFC 7518 §6.2.1.2: full width, leading zeros kept.
        x, y = (number.to_bytes(_COORDINATE_BYTES, "big") for number in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": _base64url(x), "y": _base64url(y)}
    numbers = private.public_key().public_numbers()
    e, n = (number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.e, numbers.n))
    return {"kty": "RSA", "e": _base64url(e), "n": _base64url(n)}


def _thumbprint(members: dict[str, str]) -> str:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
