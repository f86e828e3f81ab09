"""What devices in the field tell: reports, where they are kept, and how they are judged."""

from coincell.monitor.admission import split_reports
from coincell.monitor.database import StoreError
from coincell.monitor.layout import CounterLayout
from coincell.monitor.reference import Counts, Reference
from coincell.monitor.rollups import Buckets, by_bucket, read_rollups
from coincell.monitor.store import Outcome, Store
from coincell.monitor.telemetry import Envelope, Report, parse_report

__all__ = [
    "Buckets",
    "CounterLayout",
    "Counts",
    "Envelope",
    "Outcome",
    "Reference",
    "Report",
    "Store",
    "StoreError",
    "by_bucket",
    "parse_report",
    "read_rollups",
    "split_reports",
]
