"""What devices in the field tell: reports, where they are kept, and how they are judged."""

from coincell.monitor.accuracy import Estimate, Recalibration
from coincell.monitor.alerts import Alert, new_alerts, read_state, tell, write_state
from coincell.monitor.bank import Bank, Condition
from coincell.monitor.bluetooth import BluetoothSource
from coincell.monitor.change import Changes, ChangeSettings, find_changes
from coincell.monitor.collecting import Wish, collecting_wishes
from coincell.monitor.database import StoreError, longer_and_longer, patiently
from coincell.monitor.drift import Drift, drift_from_reference
from coincell.monitor.from_files import ingest_file, watch_folder
from coincell.monitor.health import ChannelHealth, sensor_health
from coincell.monitor.histograms import Histograms
from coincell.monitor.history import History
from coincell.monitor.hysteresis import Hysteresis
from coincell.monitor.labels import label_counts
from coincell.monitor.layout import CounterLayout
from coincell.monitor.mqtt import Broker, MqttSource
from coincell.monitor.outliers import Outlier, find_outliers
from coincell.monitor.overview import DeviceState, list_devices, metrics, refusals
from coincell.monitor.packing import merged_by
from coincell.monitor.receiving import build_receiver, collect_seldom, run_receiver
from coincell.monitor.reference import Counts, Reference
from coincell.monitor.retention import Forgotten, forget, prune
from coincell.monitor.rollups import Buckets, by_bucket, read_rollups
from coincell.monitor.simulator import FleetSettings, simulate
from coincell.monitor.splitting import split_reports
from coincell.monitor.store import Outcome, Store
from coincell.monitor.telemetry import Envelope, Report, parse_report
from coincell.monitor.timeline import Day, days_of
from coincell.monitor.trial import ConditionTrial, false_alarms, try_condition
from coincell.monitor.watch import DeviceView, FleetView, view_device, watch_fleet

__all__ = [
    "Alert",
    "Bank",
    "BluetoothSource",
    "Broker",
    "Buckets",
    "ChangeSettings",
    "Changes",
    "ChannelHealth",
    "Condition",
    "ConditionTrial",
    "CounterLayout",
    "Counts",
    "Day",
    "DeviceState",
    "DeviceView",
    "Drift",
    "Envelope",
    "Estimate",
    "FleetSettings",
    "FleetView",
    "Forgotten",
    "Histograms",
    "History",
    "Hysteresis",
    "MqttSource",
    "Outcome",
    "Outlier",
    "Recalibration",
    "Reference",
    "Report",
    "Store",
    "StoreError",
    "Wish",
    "build_receiver",
    "by_bucket",
    "collect_seldom",
    "collecting_wishes",
    "days_of",
    "drift_from_reference",
    "false_alarms",
    "find_changes",
    "find_outliers",
    "forget",
    "ingest_file",
    "label_counts",
    "list_devices",
    "longer_and_longer",
    "merged_by",
    "metrics",
    "new_alerts",
    "parse_report",
    "patiently",
    "prune",
    "read_rollups",
    "read_state",
    "refusals",
    "run_receiver",
    "sensor_health",
    "simulate",
    "split_reports",
    "tell",
    "try_condition",
    "view_device",
    "watch_fleet",
    "watch_folder",
    "write_state",
]
