"""A collector's counts, as Prometheus reads them. docs/install/fleet.md has the list."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import get_args

from kioskd.fleet.collector.batch import KINDS
from kioskd.fleet.collector.counts import PARTIES, Counts
from kioskd.fleet.collector.record import Reason
from kioskd.metrics.library import (
    CONTENT_TYPE_LATEST,
    Collector,
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    ProcessCollector,
    SummaryMetricFamily,
    generate_latest,
)
from kioskd.metrics.metrics_server import Answer, MetricsServer
from kioskd.metrics.metrics_settings import MetricsSettings


def metrics_of(
    counts: Counts, settings: MetricsSettings, trouble: Callable[[str | None], object]
) -> MetricsServer:
    """Serves them once it is started; `trouble` hears why it cannot, or None when it can."""
    registry = CollectorRegistry()
    registry.register(_Counted(counts))
    ProcessCollector(registry=registry)

    def page() -> Answer:
        return Answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)

    return MetricsServer(settings, {"/metrics": page}, trouble)


class _Counted(Collector):
    """Asked by the registry, in the thread of whoever scrapes."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def describe(self) -> Iterator[Metric]:
        """Nothing: what it gives is known when it is asked."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from _records(self._counts)
        yield from _letters(self._counts)
        yield from _troubles(self._counts)
        yield _batches(self._counts)


def _records(counts: Counts) -> Iterator[Metric]:
    tally = counts.tally
    yield CounterMetricFamily("kioskd_collector_rows", "Rows that were new.", value=tally.rows)
    yield CounterMetricFamily(
        "kioskd_collector_again", "Records that had come before.", value=tally.again
    )
    aside = CounterMetricFamily("kioskd_collector_aside", "Put aside.", labels=["reason"])
    for reason in get_args(Reason):
        aside.add_metric([reason], tally.aside[reason])
    yield aside


def _letters(counts: Counts) -> Iterator[Metric]:
    letters = CounterMetricFamily(
        "kioskd_collector_letters", "Messages that are done with.", labels=["kind"]
    )
    waiting = GaugeMetricFamily(
        "kioskd_collector_waiting", "Messages that the cluster still has for us.", labels=["kind"]
    )
    behind = GaugeMetricFamily(
        "kioskd_collector_behind_seconds", "Age of the newest at its commit.", labels=["kind"]
    )
    for kind in KINDS:
        letters.add_metric([kind], counts.letters[kind])
        if kind in counts.waiting:
            waiting.add_metric([kind], counts.waiting[kind])
        if kind in counts.behind_s:
            behind.add_metric([kind], counts.behind_s[kind])
    yield from (letters, waiting, behind)


def _troubles(counts: Counts) -> Iterator[Metric]:
    now = GaugeMetricFamily(
        "kioskd_collector_trouble", "1 while it waits for the other.", labels=["party"]
    )
    times = CounterMetricFamily(
        "kioskd_collector_troubles", "Times that it began to.", labels=["party"]
    )
    troubled = {party for party, _ in list(counts.troubled.values())}
    for party in PARTIES:
        now.add_metric([party], float(party in troubled))
        times.add_metric([party], counts.troubles[party])
    yield from (now, times)


def _batches(counts: Counts) -> Metric:
    batches = SummaryMetricFamily(
        "kioskd_collector_batch_seconds", "Spent on batches.", labels=["kind", "stage"]
    )
    for (kind, stage), took in counts.took.items():
        batches.add_metric([kind, stage], took.batches, took.seconds)
    return batches
