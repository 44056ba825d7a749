"""`python -m envoy_config` writes envoy/; `--check` tells whether it is current; `--out FILE` renders another
deployment.

Beside FILE goes what describes the certificate to Envoy, under the name that `certificate_source` has.
"""

import argparse
import ssl
from dataclasses import fields
from pathlib import Path

from envoy_config.bootstrap import text
from envoy_config.deployment import Deployment
from envoy_config.tls_certificate import sds_file
from infra.process import generated_files

FOLDER = Path("envoy")
_DEFAULT = Deployment()
RENDERED: dict[str, Deployment] = {
    "local.yaml": Deployment(),
    "compose.yaml": Deployment(bind="0.0.0.0", admin_port=9901, watch_port=9902),  # noqa: S104 (all of the container's)
    "kubernetes.yaml": Deployment(
        api_url="https://api.example.com",
        auth_url="https://auth.example.com",
        bind="0.0.0.0",  # noqa: S104 (all of the pod's)
        auth_port=8443,
        certificate="/etc/gateway/tls/tls.crt",
        private_key="/etc/gateway/tls/tls.key",
        oauth="oauth:8080",
        admin_port=9901,
        watch_port=9902,
        concurrency=2,
    ),
}
"""The committed files: one a deployment. Host names and ports that an operator chooses have their defaults here."""


def main() -> None:
    """Do what the command line says."""
    parsed = _arguments().parse_args()
    if parsed.see_certificate:
        _see_certificate(parsed)
    if parsed.out:
        chosen = {field.name: getattr(parsed, field.name, None) for field in fields(Deployment)}
        deployment = Deployment(**{name: value for name, value in chosen.items() if value is not None})
        parsed.out.write_text(text(deployment), encoding="utf-8")
        beside = parsed.out.with_name(Path(deployment.certificate_source).name)
        beside.write_text(sds_file(deployment), encoding="utf-8")
    elif parsed.check:
        generated_files.check(FOLDER, _wanted(), "python -m envoy_config")
    else:
        generated_files.write(FOLDER, _wanted())


def _wanted() -> dict[str, str]:
    return {name: text(deployment) for name, deployment in RENDERED.items()}


def _see_certificate(parsed: argparse.Namespace) -> None:
    """Envoy would start without one, wait for it, and close every connection meanwhile."""
    certificate, private_key = parsed.certificate or _DEFAULT.certificate, parsed.private_key or _DEFAULT.private_key
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, private_key)
    except OSError as fault:  # ssl.SSLError is one
        raise SystemExit(f"edge: {certificate} and {private_key} are no certificate and its key: {fault}") from None


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m envoy_config", description=f"Without an option: write {FOLDER}/.")
    parser.add_argument("--check", action="store_true", help=f"exit 1 when {FOLDER}/ is not current")
    parser.add_argument("--out", type=Path, metavar="FILE", help="render one deployment, by the options below, to FILE")
    parser.add_argument(
        "--see-certificate", action="store_true", help="end with a line if there is none that fits its key"
    )
    for field in fields(Deployment):
        option = f"--{field.name.replace('_', '-')}"
        kind = type(field.default)
        read = _switch if kind is bool else kind
        parser.add_argument(option, type=read, metavar=kind.__name__.upper(), help=f"default: {field.default}")
    return parser


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text == "true"


if __name__ == "__main__":
    main()
