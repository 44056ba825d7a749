"""The pure parts that read what callers write, by name, each with its judge. Knows nothing of how they are fuzzed."""

from collections.abc import Callable

from tests.fuzz import bodies, texts

PARTS: dict[str, Callable[[bytes], object]] = {
    "json": texts.judge_json,
    "ids": texts.judge_ids,
    "cursor": texts.judge_cursor,
    "headers": texts.judge_headers,
    "problem": texts.judge_problem,
    "filters": bodies.judge_filters,
    "merge_patch": bodies.judge_merge_patch,
    "versions": bodies.judge_versions,
    "parameters": bodies.judge_parameters,
}
