"""`python -m authz.healthcheck`: ends well if the authz that listens at LISTEN answers a Check.

A connection would not do: the kernel accepts those on behalf of a process that hangs. It asks what the edge asks for
`GET /readyz`, which needs no token and charges nobody.
"""

import os
import sys

import grpc

from authz.check_request import METHOD, NO_TRACE, OPERATION_KEY, SERVICE
from authz.ext_authz_pb2 import AttributeContext, CheckRequest, CheckResponse
from contract.headers import REQUEST_ID
from contract.operations import READINESS
from infra.process.address import Address, UnixAddress
from infra.process.healthcheck import WITHIN_S, listen_address
from infra.process.settings import load_or_exit


def health_problem(address: Address) -> str:
    """What is wrong with the authz there; empty if nothing is."""
    target = f"unix:{address.path}" if isinstance(address, UnixAddress) else f"{address.host}:{address.port}"
    with grpc.insecure_channel(target) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/{METHOD}")
        try:
            answer = CheckResponse.FromString(ask(_probe(), timeout=WITHIN_S))
        except grpc.RpcError as error:
            return f"{target} does not answer: {error.code().name}"
    return "" if answer.HasField("ok_response") else f"{target} is not ready"


def _probe() -> bytes:
    attributes = AttributeContext(context_extensions={OPERATION_KEY: READINESS})
    attributes.request.http.headers[REQUEST_ID.name] = NO_TRACE
    return CheckRequest(attributes=attributes).SerializeToString()


if __name__ == "__main__":
    sys.exit(health_problem(load_or_exit(listen_address, os.environ, "healthy")) or 0)
