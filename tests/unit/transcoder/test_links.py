"""The link to the next page: what the caller asked for, written as we write it, behind another cursor."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.operations.list_records import next_query

GOES_ON = {
    "": "cursor=c",
    "limit=25": "limit=25&cursor=c",
    "limit=25&cursor=Zm9v-_": "limit=25&cursor=c",
    "cursor=a&limit=25": "limit=25&cursor=c",
    "fields=email,id&created_after=2026-06-17T14:30:00Z": "fields=email,id&created_after=2026-06-17T14:30:00Z&cursor=c",
    "email=ada%40x.example": "email=ada%40x.example&cursor=c",
    "email=ada@x.example&limit=5": "email=ada%40x.example&limit=5&cursor=c",
    "phone=+44%2079": "phone=+44+79&cursor=c",
    "ids=a%2Cb": "ids=a,b&cursor=c",
    "%63ursor=a&limit=5": "limit=5&cursor=c",
    "external_id=a=b": "external_id=a%3Db&cursor=c",
    "source=&&limit=5&": "source=&limit=5&cursor=c",
}


@pytest.mark.parametrize(("asked", "query"), GOES_ON.items())
def test_the_next_page_is_asked_for_as_this_one_was(asked: str, query: str) -> None:
    assert next_query(asked, "c") == query


@given(asked=st.text("acursor=&%2,C:+ .~-_é", max_size=30) | st.text(max_size=30))
def test_any_query_goes_on_as_it_is_read_and_written_again(asked: str) -> None:
    pairs = [pair for pair in parse_qsl(asked, keep_blank_values=True) if pair[0] != "cursor"]
    assert next_query(asked, "Zm9v-_") == urlencode([*pairs, ("cursor", "Zm9v-_")], safe=",:")
