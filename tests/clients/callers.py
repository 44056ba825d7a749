"""The same call by different tools: curl, httpx, requests."""

import json
import ssl
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import requests

from tests.spec.operations import CURRENT
from tests.support.stack import Stack

TIMEOUT_S = 30


@dataclass(frozen=True)
class Call:
    """What is sent."""

    method: str
    path: str
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def _headers(call: Call, token: str) -> dict[str, str]:
    typed = {} if call.json is None else {"Content-Type": "application/json"}
    return {"Authorization": f"Bearer {token}", "Version": CURRENT, **typed, **call.headers}


def by_curl(stack: Stack, token: str, call: Call) -> Answer:
    query = f"?{urlencode(call.params)}" if call.params else ""
    command = ["curl", "--silent", "--show-error", "--include", "--http1.1", "--cacert", stack.facts["CA_FILE"]]
    command += ["--request", call.method, f"{stack.api_url}{call.path}{query}"]
    for name, value in _headers(call, token).items():
        command += ["--header", f"{name}: {value}"]
    if call.json is not None:
        command += ["--data", json.dumps(call.json)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    head, _, text = done.stdout.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(first.split()[1]), headers, text)


def by_httpx(stack: Stack, token: str, call: Call) -> Answer:
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    with httpx.Client(base_url=stack.api_url, verify=context, http2=True, timeout=TIMEOUT_S) as client:
        sent = _headers(call, token)
        answer = client.request(call.method, call.path, params=call.params, headers=sent, json=call.json)
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text)


def by_requests(stack: Stack, token: str, call: Call) -> Answer:
    answer = requests.request(
        call.method,
        stack.api_url + call.path,
        params=call.params,
        headers=_headers(call, token),
        json=call.json,
        verify=stack.facts["CA_FILE"],
        timeout=TIMEOUT_S,
    )
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.text)


Caller = Callable[[Stack, str, Call], Answer]
CALLERS: dict[str, Caller] = {"curl": by_curl, "httpx": by_httpx, "requests": by_requests}
