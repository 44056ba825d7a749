"""What a caller sent in confidence stands in no log: not its token, not its query, not its body."""

import pytest

from tests.security.wire import CREATE, Message
from tests.support.stack import Stack
from tests.support.waiting import until

SERVICES = ("envoy", "authz-1", "authz-2", "transcoder-1", "transcoder-2", "oauth", "sandbox", "supervisor")
SECRET = "hush4711"


async def test_logs_keep_secrets(stack: Stack) -> None:
    if stack.folder is None:
        pytest.skip("the logs of a stack that was not started here are not at hand")
    token = stack.token()
    body = f'{{"first_name":"{SECRET}"}}'
    keyed = ("Content-Type: application/json", f"Content-Length: {len(body)}", f"Idempotency-Key: {SECRET}")
    sent = (
        Message(),
        Message(f"GET /v1/contacts?external_id={SECRET} HTTP/1.1"),
        Message(f"GET /v1/me?access_token={SECRET} HTTP/1.1"),
        Message(f"GET /v1/me?access_token={SECRET} HTTP/1.1", authorization=()),
        Message(authorization=(f"Authorization: Bearer {SECRET}.{{token}}",)),
        Message(authorization=("Authorization: Basic {token}",)),
        Message(more=(f"Cookie: session={SECRET}",)),
        CREATE.but(more=keyed, body=body),
        CREATE.but(line="POST /v1/contacts HTTP/1.1", more=keyed, body=body),
        CREATE.but(line="POST /v1/contacts HTTP/1.1", more=keyed[:2], body=body[:-1] + "x"),
    )
    answers = [message.send(stack, token) for message in sent]
    last = answers[-1].headers["x-request-id"]
    await until(lambda: last in stack.log("envoy"), "the last request's line")
    head, claims, signature = token.split(".")
    for service in SERVICES:
        log = stack.log(service)
        for secret in (SECRET, claims, signature):
            assert secret not in log, service
        assert head not in log, service
