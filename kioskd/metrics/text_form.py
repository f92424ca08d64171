"""The metrics as text that Prometheus reads (text format 0.0.4). Pure.

The library's own writer checks each name and label again at each scrape, which takes longer than
all the rest; ours were checked when they were made.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from kioskd.metrics.library import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_WORDS = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}


def text(metrics: Iterable[Metric]) -> bytes:
    """All of them, a line for each sample. A timestamp or an exemplar is left out: we have none."""
    return "".join(line for metric in metrics for line in _lines(metric)).encode()


def _lines(metric: Metric) -> Iterator[str]:
    name = metric.name + "_total" if metric.type == "counter" else metric.name
    told = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {name} {told}\n# TYPE {name} {metric.type}\n"
    for sample in metric.samples:
        value = repr(float(sample.value))
        series = _series(sample.name, tuple(sample.labels.items()))
        yield f"{series} {_WORDS.get(value, value)}\n"


@lru_cache(maxsize=10_000)  # there are as many as doors, modes and codes make; far fewer
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return name
    return name + "{" + ",".join(f'{k}="{v.translate(_ESCAPES)}"' for k, v in labels) + "}"
