"""`python -m infra.process.doctor`: what is wrong with all that the settings around it name, a line each, with its
cure.

Run in a service's own environment, such as `docker compose exec transcoder-1 python -m infra.process.doctor`: it looks
at the files and asks whom the addresses lead to. Repairs nothing and knows no service; a setting that is malformed is
told by the service itself, as it starts.
"""

import datetime as dt
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from socket import AF_UNIX, create_connection, socket
from urllib.parse import urlsplit

from contract.operations import HEALTH_PATH
from contract.size_and_time_limits import CLOCK_SKEW_S
from infra.process.address import TcpAddress, UnixAddress, parse_address
from infra.process.file_checks import wrong_certificate, wrong_cursor_keys, wrong_id_key, wrong_secret
from infra.process.healthcheck import UnixConnection
from infra.process.settings import SettingsReader
from infra.process.shared_secret import internal_secret

ANSWER_WITHIN_S = 3.0
_REFUSED = (401, 403)
_WRITE = "return redis.call('SET', KEYS[1], '', 'PX', 1)"

Settings = Mapping[str, str]
Check = Callable[[str, Settings], Iterable[str]]


def findings(environment: Settings) -> list[str]:
    """All of them; each setting that is there is looked at."""
    found: dict[str, None] = {}
    for name, look in CHECKS.items():
        try:
            text = _text(environment, name)
        except (OSError, UnicodeError) as fault:
            found[f"{name}_FILE cannot be read ({fault}): mount it, or correct the setting."] = None
            continue
        if text:
            found |= dict.fromkeys(f"{name}: {line}" for line in look(text, environment))
    return list(found)


def _text(environment: Settings, name: str) -> str:
    file = "" if name.endswith(("_FILE", "_DIR")) else environment.get(f"{name}_FILE", "")
    return Path(file).read_text(encoding="utf-8").strip() if file else environment.get(name, "")


def _file(look: Callable[[Path], Iterable[str]]) -> Check:
    return lambda text, _: look(Path(text))


def _signing_keys(text: str, _: Settings) -> Iterator[str]:
    keys = sorted(Path(text).glob("*.pem"))
    if not keys:
        yield f"{text} holds no key: `python -m infra.process.keys` makes the first, or put the backup back."
    for path in keys:
        yield from wrong_secret(path)


def _own_folder(text: str, _: Settings) -> Iterator[str]:
    folder = Path(text).parent
    if not os.access(folder, os.W_OK):
        yield f"{folder} cannot be written: without it a restart without the authorization server knows no revocations."


def _store(text: str, _: Settings) -> Iterator[str]:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(text, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S) as store:
            store.eval(_WRITE, 1, "once:{doctor}")  # with the rights of our own user, and no others
            yield from _apart(float(store.time()[0]), "the store")
    except (RedisError, OSError, ValueError) as fault:
        yield f"the store takes no writes ({_first_line(fault)}): start it, or correct address, user, role or memory."


def _database(_: str, environment: Settings) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", "oauth", "check"], env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        yield done.stderr.strip() or "`python -m oauth check` failed"


def _inside(text: str, environment: Settings) -> Iterator[str]:
    """The authorization server's internal listener, with the secret that it is to be shown."""
    reader = SettingsReader(environment)
    secret = internal_secret(reader, None)
    shown = {"Authorization": secret.authorization} if secret else {}
    yield from _answering(text, lambda: _ask(text, "GET", HEALTH_PATH, shown))


def check_service(text: str, environment: Settings) -> Iterator[str]:
    """Internal services that cannot be reached, that refuse our token, or whose clock is not ours.

    Any other answer will do: a dialect may sign in by means of its own.
    """
    try:
        token = _text(environment, "INTERNAL_TOKEN")
    except OSError:
        token = ""  # which is a finding of its own
    except UnicodeError:
        token = ""
        yield "INTERNAL_TOKEN_FILE holds no text: mount the token."
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    refusals = _REFUSED if token else ()
    yield from _answering(text, lambda: _ask(text, "HEAD", "/", headers, partial(_trust, environment)), refusals)


def _provider(text: str, environment: Settings) -> Iterator[str]:
    ca = environment.get("OIDC_CA_FILE", "system")
    trust = partial(ssl.create_default_context, cafile=None if ca == "system" else ca)
    yield from _answering(text, lambda: _ask(text, "HEAD", "/", {}, trust), refusals=())


def _answering(text: str, ask: Callable[[], tuple[int, str]], refusals: tuple[int, ...] = _REFUSED) -> Iterator[str]:
    try:
        status, date = ask()
    except (OSError, HTTPException, ValueError) as fault:
        yield f"{text} cannot be reached ({_first_line(fault)}): start what is there, or correct it."
        return
    if status in refusals:
        yield f"{text} refuses what we show it ({status}): let both have the same secret, token or certificate."
    if (there_s := _instant_s(date)) is not None:
        yield from _apart(there_s, text)


def _ask(
    text: str, method: str, path: str, headers: Mapping[str, str], trust: Callable[[], ssl.SSLContext] | None = None
) -> tuple[int, str]:
    """The status and the date of an answer. Raises OSError, HTTPException, or ValueError for no address."""
    connection = _connection(text, trust or ssl.create_default_context)
    try:
        connection.request(method, path, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Date") or ""
    finally:
        connection.close()


def _connection(text: str, trust: Callable[[], ssl.SSLContext]) -> HTTPConnection:
    if text.startswith("unix:"):
        return UnixConnection(Path(text.removeprefix("unix:")))
    url = urlsplit(text.replace("tcp:", "http://", 1) if text.startswith("tcp:") else text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("it is not unix:/path, http://host:port or https://host:port")
    if url.scheme == "https":
        return HTTPSConnection(url.hostname, url.port, timeout=ANSWER_WITHIN_S, context=trust())
    return HTTPConnection(url.hostname, url.port, timeout=ANSWER_WITHIN_S)


def _instant_s(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _trust(environment: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=environment.get("INTERNAL_CA_FILE") or None)
    certificate, key = environment.get("INTERNAL_CERTIFICATE_FILE"), environment.get("INTERNAL_PRIVATE_KEY_FILE")
    if certificate and key:
        context.load_cert_chain(certificate, key)
    return context


def _apart(there_s: float, whose: str) -> Iterator[str]:
    apart_s = abs(time.time() - there_s)
    if apart_s > CLOCK_SKEW_S:
        yield f"the clock of {whose} and ours are {apart_s:.0f} s apart: let both follow NTP, or tokens are refused."


def _listening(text: str, _: Settings) -> Iterator[str]:
    try:
        match parse_address(text):
            case UnixAddress(path):
                with socket(AF_UNIX) as way:
                    way.settimeout(ANSWER_WITHIN_S)
                    way.connect(str(path))
            case TcpAddress(host, port):
                create_connection((host, port), ANSWER_WITHIN_S).close()
    except (OSError, ValueError) as fault:
        yield f"nothing listens at {text} ({_first_line(fault)}): is the service up? Its log says why not."


def _first_line(fault: BaseException) -> str:
    return str(fault).split("\n")[0] or type(fault).__name__


def _certificate(path: Path) -> Iterator[str]:
    return wrong_certificate(path, dt.datetime.now(dt.UTC))


CHECKS: dict[str, Check] = {
    "LISTEN": _listening,
    "ID_KEY_FILE": _file(wrong_id_key),
    "CURSOR_KEYS_FILE": _file(wrong_cursor_keys),
    "SIGNING_KEYS_DIR": _signing_keys,
    "INTERNAL_SECRET_FILE": _file(wrong_secret),
    "INTERNAL_PRIVATE_KEY_FILE": _file(wrong_secret),
    "INTERNAL_TOKEN_FILE": _file(wrong_secret),
    "INTERNAL_CERTIFICATE_FILE": _file(_certificate),
    "OIDC_CLIENT_SECRET_FILE": _file(wrong_secret),
    "PEOPLE_SECRET_FILE": _file(wrong_secret),
    "REVOCATIONS_FILE": _own_folder,
    "VALKEY_URL": _store,
    "OAUTH_DATABASE_URL": _database,
    "REVOCATIONS_FEED": _inside,
    "OAUTH_INTERNAL_URL": _inside,
    "INTERNAL_URL": check_service,
    "OIDC_ISSUER": _provider,
    "PEOPLE_URL": _provider,
}
"""By the setting that names it."""


def main() -> int:
    """Tell what is wrong; 1 if anything is."""
    found = findings(os.environ)
    sys.stderr.writelines(f"{line}\n" for line in found)
    if not found:
        seen = [name for name in CHECKS if os.environ.get(name) or os.environ.get(f"{name}_FILE")]
        sys.stdout.write(f"Nothing is wrong with {', '.join(seen) or 'settings, of which there are none'}.\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
