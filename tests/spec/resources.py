"""The members of every resource in the order of answers, by the tables of the documentation; today's version.

Columns: name, type, create (R required, o optional, - not accepted), null (Y, N), write (cu create and update, c create
only, ro never), default as JSON (? where it is computed), filter group, sort and text (x where they apply).
"""

import json
from typing import Any, NamedTuple

COMPUTED = object()
"""A default that no table can give."""


class Member(NamedTuple):
    """A row of a table."""

    name: str
    type: str
    create: str
    null: str
    write: str
    default: Any
    group: str | None
    sort: bool
    text: bool

    @property
    def kind(self) -> str:
        """The type without its limits."""
        return self.type.partition("(")[0]


def _table(*texts: str) -> tuple[Member, ...]:
    rows: list[Member] = []
    for line in "\n".join(texts).splitlines():
        if not line:
            continue
        name, kind, create, null, write, default, group, sort, text = line.split()
        value = COMPUTED if default == "?" else json.loads(default)
        filtered_as = None if group == "-" else group
        rows.append(Member(name, kind, create, null, write, value, filtered_as, sort == "x", text == "x"))
    return tuple(rows)


_OWNED = """
owner_id            id(usr)      o N cu ?       id   - -
created_by_id       id(usr)      - N ro ?       id   - -"""
_LIFE = """
created_at          datetime     - N ro ?       time x -
updated_at          datetime     - N ro ?       time x -"""
_STAMPS = (
    _LIFE
    + """
deleted_at          datetime     - Y ro null    -    - -
etag                etag         - N ro ?       -    - -"""
)
_EXTERNAL_ID = """
external_id         line(128)    o Y cu null    str  - -"""
_TAGS = """
tags                tags         o N cu []      set  - -"""
_CUSTOM = """
custom_fields       custom       o N cu {}      -    - -"""
_LINKS = """
contact_id          id(con)      o Y cu null    id   - -
company_id          id(cmp)      o Y cu null    id   - -
deal_id             id(deal)     o Y cu null    id   - -"""

MEMBERS: dict[str, tuple[Member, ...]] = {
    "contacts": _table(
        """
id                  id(con)      - N ro ?       id   - -
first_name          line(100)    o Y cu null    str  - x
last_name           line(100)    o Y cu null    str  x x
full_name           full_name    - Y ro ?       -    - -
email               email        o Y cu null    str  x x
phone               phone        o Y cu null    str  - x
job_title           line(150)    o Y cu null    str  - x
lifecycle_stage     enum(lead,prospect,customer,former) o N cu "lead" enum - -
source              line(100)    o Y cu null    str  - -
birth_date          date         o Y cu null    time - -
do_not_contact      bool         o N cu false   bool - -
company_id          id(cmp)      o Y cu null    id   - -
address             address      o Y cu null    -    - -""",
        _TAGS + _EXTERNAL_ID + _CUSTOM + _OWNED + _STAMPS,
    ),
    "companies": _table(
        """
id                  id(cmp)      - N ro ?       id   - -
name                line(200)    R N cu ?       str  x x
domain              domain       o Y cu null    str  - x
website             url          o Y cu null    str  - -
phone               phone        o Y cu null    str  - x
industry            line(100)    o Y cu null    str  - -
employee_count      int(0..10000000) o Y cu null num x -
description         text(5000)   o Y cu null    text - -
address             address      o Y cu null    -    - -""",
        _TAGS + _EXTERNAL_ID + _CUSTOM + _OWNED + _STAMPS,
    ),
    "deals": _table(
        """
id                  id(deal)     - N ro ?       id   - -
title               line(200)    R N cu ?       str  x x
pipeline_id         id(pipe)     o N c  ?       id   - -
stage_id            id(stage)    o N c  ?       id   - -
status              enum(open,won,lost) o N c "open" enum - -
amount              amount       o Y cu null    num  x -
currency            currency     o Y cu null    enum - -
expected_close_date date         o Y cu null    time x -
closed_at           datetime     o Y c  null    time x -
stage_changed_at    datetime     - N ro ?       time x -
lost_reason         line(255)    o Y c  null    str  - -
company_id          id(cmp)      o Y cu null    id   - -
contact_ids         ids(con,20)  o N cu []      set  - -""",
        _TAGS + _EXTERNAL_ID + _CUSTOM + _OWNED + _STAMPS,
    ),
    "tasks": _table(
        """
id                  id(task)     - N ro ?       id   - -
title               line(200)    R N cu ?       str  - x
description         text(5000)   o Y cu null    text - x
type                enum(todo,call,email,meeting) o N cu "todo" enum - -
priority            enum(low,normal,high) o N cu "normal" enum - -
status              enum(open,completed) o N c "open" enum - -
due_at              datetime     o Y cu null    time x -
completed_at        datetime     o Y c  null    time x -""",
        _LINKS + _EXTERNAL_ID + _OWNED + _STAMPS,
    ),
    "notes": _table(
        """
id                  id(note)     - N ro ?       id   - -
body                text(20000)  R N cu ?       text - x
occurred_at         datetime     o N cu ?       time x -
is_pinned           bool         o N cu false   bool - -""",
        _LINKS + _EXTERNAL_ID + _OWNED + _STAMPS,
    ),
    "activities": _table(
        """
id                  id(act)      - N ro ?       id   - -
type                enum(call,email,meeting,sms,other) R N c ? enum - -
direction           enum(inbound,outbound) o Y cu null enum - -
subject             line(255)    R N cu ?       str  - x
body                text(20000)  o Y cu null    text - x
occurred_at         datetime     o N cu ?       time x -
duration_seconds    int(0..86400) o Y cu null   num  - -
outcome             enum(connected,no_answer,voicemail,busy,completed,cancelled) o Y cu null enum - -""",
        _LINKS + _EXTERNAL_ID + _OWNED + _STAMPS,
    ),
    "pipelines": _table(
        """
id                  id(pipe)     - N ro ?       id   - -
name                line(100)    R N cu ?       str  - x
is_default          bool         o N cu false   bool - -
stages              stages       R N c  ?       -    - -""",
        _STAMPS,
    ),
    "stages": _table(
        """
id                  id(stage)    - N ro ?       id   - -
pipeline_id         id(pipe)     - N ro ?       id   - -
name                line(100)    R N cu ?       str  - x
position            int(0..49)   o N cu ?       num  x -
probability         int(0..100)  o N cu 0       num  - -""",
        _STAMPS,
    ),
    "users": _table(
        """
id                  id(usr)      - N ro ?       id   - -
full_name           line(201)    - N ro ?       str  - x
email               email        - N ro ?       str  - x
role                enum(admin,manager,member,viewer) - N ro ? enum - -
status              enum(active,inactive) - N ro ? enum  - -
time_zone           zone         - Y ro ?       -    - -""",
        _LIFE
        + """
etag                etag         - N ro ?       -    - -""",
    ),
    "custom_fields": _table(
        """
id                  id(cf)       - N ro ?       id   - -
resource            enum(contacts,companies,deals) - N ro ? enum - -
key                 key          - N ro ?       str  - x
label               line(100)    - N ro ?       str  - x
type                field_type   - N ro ?       enum - -
options             options      - N ro ?       -    - -
description         text(500)    - Y ro ?       text - x""",
        _LIFE
        + """
etag                etag         - N ro ?       -    - -""",
    ),
    "personal_access_tokens": _table(
        """
id                  id(tok)      - N ro ?       -    - -
name                line(100)    R N c  ?       -    - -
scopes              scopes       R N c  ?       -    - -
user_id             id(usr)      o N c  ?       -    - -
expires_at          datetime     o N c  ?       -    - -
status              enum(active,expired,revoked) - N ro ? - - -
last_used_at        datetime     - Y ro ?       -    - -
revoked_at          datetime     - Y ro ?       -    - -
created_by_id       id(usr)      - N ro ?       -    - -
created_at          datetime     - N ro ?       -    x -
etag                etag         - N ro ?       -    - -""",
    ),
    "apps": _table(
        """
id                  id(app)      - N ro ?       -    - -
name                line(100)    R N cu ?       -    - -
kind                enum(marketplace,service) R N c ? - - -
is_public           bool         o N c  false   -    - -
redirect_uris       uris(10)     o N cu ?       -    - -
scopes              scopes       R N cu ?       -    - -
service_role        enum(viewer,member,manager,admin) o Y cu null - - -
client_id           line(64)     - N ro ?       -    - -
service_user_id     id(usr)      - Y ro ?       -    - -
secret_rotated_at   datetime     - Y ro ?       -    - -
created_by_id       id(usr)      - N ro ?       -    - -
created_at          datetime     - N ro ?       -    x -
etag                etag         - N ro ?       -    - -""",
    ),
}

ONCE = {"personal_access_tokens": "token", "apps": "client_secret"}
"""The member that only the answer which made it shows."""

FIRST_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "notes": {"content": ("body",)},
    "deals": {"value": ("amount", "currency")},
    "tasks": {"due_date": ("due_at",)},
}
"""What the first version calls members that have other names today."""

ADDRESS = {
    "line1": "line(200)",
    "line2": "line(200)",
    "city": "line(200)",
    "region": "line(200)",
    "postal_code": "line(20)",
    "country": "country",
}
FILTERABLE_ADDRESS = ("city", "region", "postal_code", "country")

OPERATORS = {
    "id": ("eq", "neq", "in", "not_in", "is_null"),
    "enum": ("eq", "neq", "in", "not_in", "is_null"),
    "str": ("eq", "neq", "in", "not_in", "contains", "starts_with", "is_null"),
    "text": ("contains", "is_null"),
    "bool": ("eq", "is_null"),
    "num": ("eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "between", "is_null"),
    "time": ("eq", "neq", "gt", "gte", "lt", "lte", "between", "is_null"),
    "set": ("has_any", "has_all", "has_none", "is_empty"),
}
"""Filter operators by group; `is_null` only where null is allowed."""

CUSTOM_GROUPS = {
    "text": "str",
    "long_text": "text",
    "number": "num",
    "boolean": "bool",
    "date": "time",
    "datetime": "time",
    "select": "enum",
    "multi_select": "set",
    "email": "str",
    "phone": "str",
    "url": "str",
    "user": "id",
}
WITH_CUSTOM = ("contacts", "companies", "deals")

LIST_FILTERS = {
    "contacts": ("email", "phone", "external_id", "company_id", "owner_id", "lifecycle_stage"),
    "companies": ("domain", "external_id", "owner_id"),
    "deals": ("pipeline_id", "stage_id", "status", "company_id", "contact_id", "external_id", "owner_id"),
    "tasks": ("status", "priority", "type", "contact_id", "company_id", "deal_id", "external_id", "owner_id"),
    "notes": ("contact_id", "company_id", "deal_id", "is_pinned", "external_id", "owner_id"),
    "activities": ("type", "contact_id", "company_id", "deal_id", "external_id", "owner_id"),
    "pipelines": ("is_default",),
    "stages": (),
    "users": ("status", "role", "email"),
    "custom_fields": ("resource", "type"),
    "personal_access_tokens": ("user_id", "status"),
    "apps": (),
}

EXPONENTS = {"JPY": 0, "KRW": 0, "BHD": 3, "TND": 3, "GBP": 2, "EUR": 2, "USD": 2}
"""Some currencies of each exponent."""


def names(resource: str, *, first: bool = False) -> tuple[str, ...]:
    """The members of an answer, in order; as the first version has them when `first`."""
    found = [row.name for row in MEMBERS[resource]]
    if first:
        for older, newer in FIRST_NAMES.get(resource, {}).items():
            found[found.index(newer[0])] = older
            for other in newer[1:]:
                found.remove(other)
    return tuple(found)


def member(resource: str, name: str) -> Member:
    """One row."""
    return next(row for row in MEMBERS[resource] if row.name == name)
