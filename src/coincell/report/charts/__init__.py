"""Report -> Vega-Lite specifications, by pure functions; each chart has its figures as a table."""

from coincell.report.charts.audit import audit_charts
from coincell.report.charts.base import Chart, Table
from coincell.report.charts.dataset import split_chart
from coincell.report.charts.energy import energy_charts
from coincell.report.charts.evaluation import confusion_chart, f1_chart, roc_chart
from coincell.report.charts.features import example_charts
from coincell.report.charts.maps import map_charts
from coincell.report.charts.memory import contributors_chart, memory_charts
from coincell.report.charts.normality import normality_charts
from coincell.report.charts.quantity import quantity_charts
from coincell.report.charts.quantization import quantization_chart
from coincell.report.charts.time import latency_budget_chart, layers_chart
from coincell.report.charts.training import training_charts

__all__ = [
    "Chart",
    "Table",
    "audit_charts",
    "confusion_chart",
    "contributors_chart",
    "energy_charts",
    "example_charts",
    "f1_chart",
    "latency_budget_chart",
    "layers_chart",
    "map_charts",
    "memory_charts",
    "normality_charts",
    "quantity_charts",
    "quantization_chart",
    "roc_chart",
    "split_chart",
    "training_charts",
]
