"""Where the same edge stands: names, ports, files. All that differs between deployments, and nothing else."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from contract.size_and_time_limits import MAX_IN_FLIGHT_PER_TRANSCODER

_HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Deployment:
    """One rendering of the edge. The defaults are those of the committed `envoy/local.yaml`.

    `certificate` and `private_key` lie in one folder; `certificate_source` is the file that describes them to Envoy.
    `oauth` is the `host:port` of an authorization server on another machine; without one it has a socket as all others.
    `admin_port` puts the admin interface on a loopback port, for those who cannot speak to a socket file.
    `address_limit_per_s` guards against floods from one address, before any token is known: far above what an honest
    client's plan allows, because many may share an address. `cors_origins`, comma-separated, are those whose scripts
    may call the API; none by default. `in_flight_a_transcoder` is the room for requests under way at once: more of it
    where internal services are slow.

    `trusted_hops` are the proxies in front, each of which adds to `X-Forwarded-For` whom it heard from. With
    `proxy_protocol` every connection has to begin with a PROXY header (version 1 or 2), which says who is calling. Both
    trust whoever can reach the ports. `watch_port` is for those who run it: probes and metrics, without TLS.

    `traces` is the `http://host:port` of a collector (OTLP over gRPC, without TLS), `traced_share`, 0 to 1, of how many
    requests it hears.
    """

    api_url: str = "https://localhost:8443"
    auth_url: str = "https://localhost:8444"
    bind: str = "127.0.0.1"
    api_port: int = 8443
    auth_port: int = 8444
    certificate: str = "/etc/gateway/tls/server.pem"
    private_key: str = "/etc/gateway/tls/server.key"
    certificate_source: str = "/etc/gateway/envoy/certificate.yaml"
    socket_dir: str = "/run/gateway"
    oauth: str = ""
    admin_port: int = 0
    watch_port: int = 0
    concurrency: int = 1
    authz_processes: int = 2
    transcoder_processes: int = 2
    address_limit_per_s: int = 1_000
    in_flight_a_transcoder: int = MAX_IN_FLIGHT_PER_TRANSCODER
    cors_origins: str = ""
    trusted_hops: int = 0
    proxy_protocol: bool = False
    traces: str = ""
    traced_share: float = 1.0

    @property
    def ports(self) -> tuple[int, ...]:
        """The listening ports: two locally, one where two host names share it."""
        return (self.api_port,) if self.api_port == self.auth_port else (self.api_port, self.auth_port)

    @property
    def auth_authorities(self) -> tuple[str, ...]:
        """What `Host` says when the auth host is meant; clients leave the port out where it is the scheme's own."""
        url = urlsplit(self.auth_url)
        if (url.port or _HTTPS_PORT) != _HTTPS_PORT:
            return (url.netloc,)
        host = url.netloc.removesuffix(f":{_HTTPS_PORT}")
        return host, f"{host}:{_HTTPS_PORT}"

    def socket(self, name: str) -> str:
        """The path of a process's UNIX socket."""
        return f"{self.socket_dir}/{name}.sock"
