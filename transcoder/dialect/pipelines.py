"""Pipelines and their stages inside."""

from contract.resources import PIPELINE, STAGE
from transcoder.dialect.conversions import shifted
from transcoder.dialect.rows import Differences, dialect

STAGES = dialect(
    STAGE,
    Differences(
        path="pipelines/{parent}/stages",
        names={"position": "sort_index", "probability": "win_percent"},
        conversions={"position": shifted(1)},
        by_offset=True,
    ),
)
PIPELINES = dialect(PIPELINE, Differences(path="pipelines", parts={"stages": STAGES}, by_offset=True))
