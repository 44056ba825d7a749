"""What tests were told in confidence, and whether a log tells it: asked of every stack when it has ended.

Tokens, codes, secrets, passwords and cookies are remembered where tests get or send them: nobody has to think of it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

SHORTEST = 16
LETTERS = 8
"""What is shorter, or of fewer different letters, is no secret of ours but a word that a test made up."""
_START = 12
_FIELDS = frozenset(
    {
        *("access_token", "refresh_token", "client_secret", "secret", "token", "code", "code_verifier"),
        *("csrf", "password", "request", "id_token"),
    }
)
_WORD = re.compile(rf"[\w-]{{{SHORTEST},}}", re.ASCII)
_TOLD = re.compile(r"/v1/(personal_access_tokens|apps)\b")
_HUSHED: set[str] = set()
"""Of this process of tests: a stack may outlive the test that made a secret."""


def hush(*texts: str | None) -> None:
    """Remember; of a JWT its claims and its signature each, since its header is everybody's."""
    for text in texts:
        parts = (text or "").split(".")
        for part in parts[1:] if len(parts) == 3 else parts:
            if _WORD.fullmatch(part) and len(set(part)) >= LETTERS:
                _HUSHED.add(part)


def hush_fields(fields: Mapping[str, Any]) -> None:
    """Remember what a form or an answer has of such."""
    hush(*(value for name, value in fields.items() if name in _FIELDS and isinstance(value, str)))


def hush_form(body: str | None) -> None:
    """Likewise of a form as it was sent."""
    hush_fields(dict(parse_qsl(body or "")))


def hush_answer(answer: httpx.Response) -> None:
    """What the API shows once. For the hooks of a client."""
    if answer.request.method == "POST" and _TOLD.match(answer.request.url.path):
        answer.read()
        body = json.loads(answer.content or b"null")
        data = body.get("data") if isinstance(body, dict) else None
        hush_fields(data if isinstance(data, dict) else {})


def told_in(text: str) -> set[str]:
    """The secrets that a text holds, whatever they are glued to."""
    # Trace ids and the like, of which logs are full, are in lower case, as hardly any secret is.
    found = {secret for secret in _HUSHED if secret == secret.lower() and secret in text}
    starts: dict[str, list[str]] = {}
    for secret in _HUSHED:
        starts.setdefault(secret[:_START], []).append(secret)
    for word in {each for each in _WORD.findall(text) if each != each.lower()}:
        for place in range(len(word) - SHORTEST + 1):
            found.update(secret for secret in starts.get(word[place : place + _START], ()) if secret in word)
    return found


def tellers(folder: Path) -> list[str]:
    """The logs below a folder that tell something, and how it begins."""
    return [
        f"{file.relative_to(folder)} tells {secret[:6]}…"
        for file in sorted(folder.rglob("*.log*"))
        for secret in sorted(told_in(file.read_text(errors="replace")))
    ]


def assert_none_tells(folder: Path) -> None:
    """For the end of whatever kept its logs there."""
    found = tellers(folder)
    assert not found, f"a log tells what was said in confidence: {found}"
