"""What devices in the field tell: reports, where they are kept, and how they are judged."""

from coincell.monitor.database import StoreError, longer_and_longer, patiently
from coincell.monitor.layout import CounterLayout
from coincell.monitor.mqtt import Broker, MqttSource
from coincell.monitor.overview import DeviceState, list_devices, metrics, refusals
from coincell.monitor.packing import merged_by
from coincell.monitor.receiving import (
    build_receiver,
    collect_seldom,
    ingest_file,
    run_receiver,
    watch_folder,
)
from coincell.monitor.reference import Counts, Reference
from coincell.monitor.retention import Forgotten, forget, prune
from coincell.monitor.rollups import Buckets, by_bucket, read_rollups
from coincell.monitor.splitting import split_reports
from coincell.monitor.store import Outcome, Store
from coincell.monitor.telemetry import Envelope, Report, parse_report

__all__ = [
    "Broker",
    "Buckets",
    "CounterLayout",
    "Counts",
    "DeviceState",
    "Envelope",
    "Forgotten",
    "MqttSource",
    "Outcome",
    "Reference",
    "Report",
    "Store",
    "StoreError",
    "build_receiver",
    "by_bucket",
    "collect_seldom",
    "forget",
    "ingest_file",
    "list_devices",
    "longer_and_longer",
    "merged_by",
    "metrics",
    "parse_report",
    "patiently",
    "prune",
    "read_rollups",
    "refusals",
    "run_receiver",
    "split_reports",
    "watch_folder",
]
