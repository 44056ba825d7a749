"""Content-Type, Content-Encoding and Accept: what passes, and the problem of what does not."""

import pytest

from contract.vocabulary import Method
from transcoder.http.media_types import check_accept, check_content
from transcoder.presentation.errors import ApiError

JSON = "application/json"
PATCH = "application/merge-patch+json"
JSON_TYPES = [
    JSON,
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
    "application/json;",
]
OTHER_TYPES = [
    None,
    "",
    "text/plain",
    "text/json",
    "application/jsonp",
    "application/json-seq",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    "application/json; profile=x",
    "application/json, application/json",
    "*/*",
]


@pytest.mark.parametrize("content_type", JSON_TYPES)
@pytest.mark.parametrize("method", [Method.POST, Method.PATCH])
def test_takes_json(method: Method, content_type: str) -> None:
    check_content(method, content_type, None)


@pytest.mark.parametrize("content_type", [PATCH, f"{PATCH}; charset=utf-8"])
def test_a_merge_patch_is_for_patch_alone(content_type: str) -> None:
    check_content(Method.PATCH, content_type, None)
    with pytest.raises(ApiError) as refused:
        check_content(Method.POST, content_type, None)
    assert refused.value.problem.status == 415


@pytest.mark.parametrize("content_type", OTHER_TYPES, ids=str)
def test_refuses_a_body_of_type(content_type: str | None) -> None:
    with pytest.raises(ApiError) as refused:
        check_content(Method.POST, content_type, None)
    assert refused.value.problem.code == "unsupported-media-type"
    assert refused.value.members == {"supported": [JSON]}
    assert refused.value.headers == {"accept": JSON}


def test_a_patch_is_told_both_types_in_accept_patch() -> None:
    with pytest.raises(ApiError) as refused:
        check_content(Method.PATCH, "text/plain", None)
    assert refused.value.members == {"supported": [JSON, PATCH]}
    assert refused.value.headers == {"accept-patch": f"{JSON}, {PATCH}"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x-unknown"])
def test_refuses_a_body_that_is_encoded(encoding: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_content(Method.POST, JSON, encoding)
    assert refused.value.problem.status == 415
    assert refused.value.headers == {"accept": JSON, "accept-encoding": "identity"}


@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity"])
def test_takes_a_body_that_is_not_encoded(encoding: str | None) -> None:
    check_content(Method.POST, JSON, encoding)


ACCEPTED = [
    None,
    "",
    "  ",
    "*/*",
    "application/*",
    JSON,
    "APPLICATION/JSON",
    "text/html, application/json;q=0.1",
    "text/html;q=0.9,*/*;q=0.8",
    "application/json;version=1",
    "application/json;q=0.001",
    "*/*;q=0, application/json",
    "application/json;q=0, application/json;q=0.5",
    "application/json ; q=1",
    ",application/json,",
]
NOT_ACCEPTED = [
    "text/html",
    "application/xml",
    "application/problem+json",
    "application/json;q=0",
    "application/json;q=0, */*",
    "application/json;q=0.0, application/*",
    "*/*;q=0",
    "application/*;q=0, text/*",
    "text/*, image/png",
    "application/jsonp",
]


@pytest.mark.parametrize("accept", ACCEPTED, ids=str)
def test_json_may_answer(accept: str | None) -> None:
    check_accept(accept)


@pytest.mark.parametrize("accept", NOT_ACCEPTED)
def test_json_may_not_answer(accept: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_accept(accept)
    assert refused.value.problem.code == "not-acceptable"
    assert refused.value.members == {"supported": [JSON]}
