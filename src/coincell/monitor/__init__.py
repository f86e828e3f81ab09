"""What devices in the field tell: reports, where they are kept, and how they are judged."""

from coincell.monitor.layout import CounterLayout
from coincell.monitor.reference import Counts, Reference
from coincell.monitor.telemetry import Envelope, Report, parse_report

__all__ = ["CounterLayout", "Counts", "Envelope", "Reference", "Report", "parse_report"]
