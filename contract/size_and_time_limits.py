"""Sizes and times that a caller can meet, and the deadlines that nest inside each other."""

MAX_BODY_BYTES = 1024 * 1024
MAX_BATCH_BODY_BYTES = 8 * 1024 * 1024
MAX_HEADER_BYTES = 60 * 1024
MAX_HEADERS = 100
"""All request headers together, in Envoy's count, which has the request line's parts among them; more is 431."""
MAX_NESTING = 32
MAX_JSON_TOKENS = 350_000
"""Strings, numbers, objects and arrays of a batch that is larger than other bodies may be: many times what large
records have. Each takes up to a microsecond in which nobody else is answered."""
MAX_INTEGER = 2**53 - 1
"""Larger integers do not survive in every client (RFC 8259 §6)."""
MAX_ERRORS = 50
"""Item errors in one problem."""
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_IDS = 200
MAX_BATCH_ITEMS = 100
MAX_SEARCH_TEXT = 200
MAX_FILTER_DEPTH = 3
MAX_CONDITIONS = 50
"""In one search, and in one group of it."""
MAX_LIST_VALUES = 200
"""Values in one condition."""
MAX_PATTERN = 255
"""Characters of what `contains` and `starts_with` look for."""
MAX_IDEMPOTENCY_KEY = 255
CURSOR_LIFETIME_S = 30 * 24 * 3600

EDGE_TIMEOUT_S = 15.0
REQUEST_TIMEOUT_S = 10.0
"""What the transcoder has for a request, all in all."""
INTERNAL_TIMEOUT_S = 8.0
"""What the internal service has of it."""
DECISION_TIMEOUT_S = 1.0
"""What the edge grants authz for one decision, waiting for a processor included."""
STORE_TIMEOUT_S = 0.05
MAX_IN_FLIGHT_PER_TRANSCODER = 400
"""Requests under way at once, for each process that works on them; one resource may have half of them. More are refused
before anything is done for them. Of a pair, one resource has room for twice the largest burst of a plan: who sends that
at once is told of the limit, and not of a lack of room."""

IDEMPOTENCY_LEASE_S = 12
"""A claim outlives `REQUEST_TIMEOUT_S`, so that no two runs of one key overlap."""
IDEMPOTENCY_RETENTION_S = 24 * 3600
RECEIPT_RETENTION_S = 24 * 3600
RECEIPTS_PER_BUSINESS = 10_000
"""The latest are kept: about 4 MB of a business that is never silent."""
MAX_STORED_RESPONSE_BYTES = 64 * 1024
MAX_TOKEN_LIFETIME_S = 366 * 24 * 3600
"""A personal access token lives for a year at most, which may be a leap year."""
DEFAULT_PAT_LIFETIME_S = 90 * 24 * 3600
"""Of a personal access token, unless its maker says otherwise: up to a year."""
MAX_OVERLAP_S = 24 * 3600
"""For so long at the most an old token or secret goes on beside the one that replaces it."""
MAX_PATS = 100
MAX_APPS = 100
"""Live ones of one business."""
CLOCK_SKEW_S = 5
"""Granted to other clocks: in tokens, and where an instant may not lie in the future."""

JSON_MEDIA_TYPE = "application/json"
MERGE_PATCH_MEDIA_TYPE = "application/merge-patch+json"
PROBLEM_MEDIA_TYPE = "application/problem+json"
IDENTITY_CODING = "identity"
"""The one coding of a body that is taken, which is none."""
