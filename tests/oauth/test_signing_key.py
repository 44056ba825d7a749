import base64

import joserfc.jwk
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from contract.claims import RS256_HEADER
from contract.ids import IdCodec
from oauth.keys.jwks import jwk_set, read_signing_key
from oauth.tokens.mint import Mint
from tests.oauth.key_files import pem


@pytest.mark.parametrize(("fixture", "algorithm"), [("ec_pem", "ES256"), ("rsa_pem", "RS256")])
def test_the_key_file_says_which_algorithm_signs(fixture: str, algorithm: str, request: pytest.FixtureRequest) -> None:
    assert read_signing_key(request.getfixturevalue(fixture)).algorithm == algorithm


@pytest.mark.parametrize("fixture", ["ec_pem", "rsa_pem"])
def test_the_key_id_is_the_thumbprint_that_another_library_computes(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    key = read_signing_key(request.getfixturevalue(fixture))
    [public] = jwk_set(key)["keys"]
    assert joserfc.jwk.import_key(dict(public)).thumbprint() == key.id == public["kid"]


@pytest.mark.parametrize("fixture", ["ec_pem", "rsa_pem"])
def test_the_key_set_holds_no_private_member(fixture: str, request: pytest.FixtureRequest) -> None:
    [public] = jwk_set(read_signing_key(request.getfixturevalue(fixture)))["keys"]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & public.keys()
    assert public["use"] == "sig"


def test_a_token_by_rs256_begins_as_the_edge_expects(rsa_pem: str) -> None:
    """The edge takes a signature that is longer than ES256's from such a token alone."""
    mint = Mint("https://auth.example", "https://api.example", IdCodec(bytes(32)), read_signing_key(rsa_pem))
    assert mint.sign({}).startswith(RS256_HEADER)
    assert base64.urlsafe_b64decode(RS256_HEADER) == b'{"alg":"RS256",'


NOT_KEYS = {
    "is no key": "5a5a",
    "is on another curve": pem(ec.generate_private_key(ec.SECP384R1())),
    "is RSA and too short": pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505
}


@pytest.mark.parametrize("text", NOT_KEYS.values(), ids=NOT_KEYS.keys())
def test_refuses_a_key_that(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        read_signing_key(text)
