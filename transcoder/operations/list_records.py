"""List: a page of records by query parameters."""

import re
from urllib.parse import parse_qsl, urlencode

from contract import headers
from transcoder.backend.interface import AllOf, Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext
from transcoder.operations.paging import PageRequest, fetch_page
from transcoder.presentation.to_public import encode


async def run(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200 with `data` and `meta`."""
    asked, resource = call.parameters, call.operation.resource
    wish = PageRequest(
        where=AllOf(asked.conditions) if asked.conditions else None,
        text=None,
        order_by=asked.order_by or resource.order_by,
        descending=resource.descending if asked.descending is None else asked.descending,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    found = await fetch_page(desk, call, wish)
    links: dict[str, str] = {}
    if found.next is not None:
        # RFC 8288; made from the public URL and never from the request's Host.
        links[headers.LINK] = f'<{desk.api_url}{call.path}?{next_query(call.query, found.next)}>; rel="next"'
    return Answer(call.operation.success_status, encode(found.body), links)


def next_query(query: str, cursor: str) -> str:
    """The query of the next page.

    As long as what the caller sent, and no longer: there is room for that in an answer's headers.
    """
    if _AS_WE_WRITE_IT.fullmatch(query):
        kept = [pair for pair in query.split("&") if pair and not pair.startswith("cursor=")]
    else:
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [urlencode([pair], safe=",:") for pair in pairs if pair[0] != "cursor"]
    return "&".join([*kept, f"cursor={cursor}"])


_PAIR = r"[\w.~:,-]+=[\w.~:,-]*"
_AS_WE_WRITE_IT = re.compile(rf"(?:{_PAIR}(?:&{_PAIR})*)?", re.ASCII)
"""A query in which nothing is escaped, and nothing needs to be: read and written again it would be the same."""
