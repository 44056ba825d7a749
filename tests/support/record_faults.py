"""Where what is built in a test's own process tells its faults of records: nobody hears of them."""

from tests.support.quiet_log import QUIET
from transcoder.metrics import TranscoderMetrics
from transcoder.presentation.invalid_record_log import InvalidRecordLog

FAULTS = InvalidRecordLog(QUIET, TranscoderMetrics())
