"""Compressing answers for callers who ask (gzip). Requests are never decompressed."""

from contract.size_and_time_limits import JSON_MEDIA_TYPE
from envoy_config.proto import Yaml, extension

_WORTH_IT_BYTES = 1024
_TEXT = (JSON_MEDIA_TYPE, "text/html", "text/css", "text/javascript")
"""Answers to callers and documents for anybody; nothing holds a secret beside what a stranger may choose."""


def compressor() -> Yaml:
    """The filter."""
    return extension(
        "envoy.filters.http.compressor",
        "envoy.extensions.filters.http.compressor.v3.Compressor",
        compressor_library=extension("gzip", "envoy.extensions.compression.gzip.compressor.v3.Gzip"),
        response_direction_config={
            "common_config": {
                "min_content_length": _WORTH_IT_BYTES,
                "content_type_matcher": {"safe_regex": {"regex": f"({'|'.join(_TEXT)})(;.*)?"}},
            },
            # By default a strong ETag is deleted from a compressed answer (RFC 9110 §8.8.3.3 asks for a change).
            "weaken_etag_on_compress": True,
            "remove_accept_encoding_header": True,
        },
    )
