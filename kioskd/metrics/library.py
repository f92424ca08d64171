"""What the rest of the room has of prometheus_client. The only file that imports it."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

# When each series began: half as much again to read, and of no use to Prometheus.
disable_created_metrics()  # type: ignore[no-untyped-call]

__all__ = [
    "CONTENT_TYPE_LATEST",
    "Collector",
    "CollectorRegistry",
    "Counter",
    "CounterMetricFamily",
    "GaugeMetricFamily",
    "Histogram",
    "Metric",
    "ProcessCollector",
    "SummaryMetricFamily",
    "generate_latest",
]
