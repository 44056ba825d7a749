"""What the transcoder shows to an internal service, and by what it knows it: files, which may be renewed at any time.

Owns the `INTERNAL_*_FILE` settings. Knows no dialect: one that signs in by other means has settings of its own.
"""

import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from infra.process.settings import SettingsReader

RELOAD_EVERY_S = 10.0
"""How long a renewed file may go unnoticed. A look costs a `stat` for each."""
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""RFC 6750 §2.1."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the files are; None stands for what is not used."""

    ca: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    token: Path | None = None

    def open(self, log: FilteringBoundLogger, clock_s: Callable[[], float] = time.monotonic) -> "CurrentCredentials":
        """What is in them, kept up to date."""
        return CurrentCredentials(self, log, clock_s)

    def files(self) -> list[Path]:
        """All that there are."""
        return [path for path in (self.ca, self.certificate, self.private_key, self.token) if path]


class CurrentCredentials:
    """What is shown on new connections and in calls, read again once a file has changed."""

    def __init__(self, credentials: Credentials, log: FilteringBoundLogger, clock_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._files = credentials.files()
        self._log = log
        self._clock_s = clock_s
        self._look_again_s = 0.0
        self._seen: list[tuple[int, int]] = []
        self._headers: dict[str, str] = {}
        self._tls = ssl.create_default_context(cafile=credentials.ca)

    def tls(self) -> ssl.SSLContext:
        """The context for a new connection; one that is open keeps the context that it was made with."""
        return self._tls

    def headers(self) -> dict[str, str]:
        """What goes with every call."""
        if self._files and self._clock_s() >= self._look_again_s:
            self._look_again_s = self._clock_s() + RELOAD_EVERY_S
            self._look()
        return self._headers

    def _look(self) -> None:
        """Half a renewal is no reason to stop: what was good stays until what is new can be read."""
        try:
            seen = [(state.st_mtime_ns, state.st_ino) for state in map(Path.stat, self._files)]
            if seen != self._seen:
                self._read()
                self._seen = seen
        except (OSError, ValueError) as fault:
            self._log.error("internal credentials unreadable", fault=str(fault))

    def _read(self) -> None:
        own = self._credentials
        # A new context each time: what one has loaded, such as an authority that was replaced, it trusts for ever.
        tls = ssl.create_default_context(cafile=own.ca)
        if own.certificate and own.private_key:
            tls.load_cert_chain(own.certificate, own.private_key)
        headers = {"Authorization": f"Bearer {_token_in(own.token)}"} if own.token else {}
        self._tls, self._headers = tls, headers


def read_credentials(reader: SettingsReader) -> Credentials:
    """By the settings; each file has to be usable when the process starts."""
    pem = "the path of a file of certificates in PEM"
    either = reader.is_set("INTERNAL_CERTIFICATE_FILE") or reader.is_set("INTERNAL_PRIVATE_KEY_FILE")
    read = reader.read if either else reader.optional  # one of the two is of no use
    certificate = read("INTERNAL_CERTIFICATE_FILE", _of_certificates, pem)
    return Credentials(
        ca=reader.optional("INTERNAL_CA_FILE", _of_certificates, pem),
        certificate=certificate,
        private_key=read(
            "INTERNAL_PRIVATE_KEY_FILE", partial(_key_of, certificate), "the path of that certificate's key"
        ),
        token=reader.optional("INTERNAL_TOKEN_FILE", _of_a_token, "the path of a file with a bearer token"),
    )


def _of_certificates(text: str) -> Path:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    return Path(text)


def _key_of(certificate: Path | None, text: str) -> Path:
    if certificate:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, text)
    return Path(text)


def _of_a_token(text: str) -> Path:
    _token_in(Path(text))
    return Path(text)


def _token_in(path: Path) -> str:
    token = path.read_text(encoding="ascii").strip()
    if not _B64TOKEN.fullmatch(token):
        raise ValueError("it is no bearer token")  # which is not for a log
    return token
