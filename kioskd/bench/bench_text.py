"""The figures of a bench as text to read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Run = Mapping[str, Any]

_ROWS: Sequence[tuple[str, Callable[[Run], str]]] = (
    ("frames judged per second and feed", lambda r: f"{r['frames_per_s_per_feed']:.1f}"),
    ("frames replaced by newer ones", lambda r: f"{100 * r['frames_dropped_share']:.1f} %"),
    ("judge, ms per frame", lambda r: f"{r['ms_per_frame']:.2f}"),
    ("  of it bare networks, ms", lambda r: f"{r['network_ms_per_frame']:.2f}"),
    ("  ratio", lambda r: f"{r['ratio_to_networks']:.2f}" if r["ratio_to_networks"] else "-"),
    ("daemon CPU, ms per frame", lambda r: f"{r['daemon_cpu_ms_per_frame']:.2f}"),
    ("capture CPU, ms per frame", lambda r: f"{r['capture_cpu_ms_per_frame']:.2f}"),
    ("daemon + capture, cores", lambda r: f"{r['daemon_cores']:.2f} + {r['capture_cores']:.2f}"),
    ("frame age when judged, ms", lambda r: _spread(r["age_ms"])),
    ("frame age when decided and told, ms", lambda r: _spread(r["decided_age_ms"])),
    ("events received", lambda r: str(r["events"])),
    ("capture to broker, ms", lambda r: _spread(r["capture_to_broker_ms"])),
    ("  of it since the event's issue, ms", lambda r: _spread(r["issue_to_broker_ms"])),
    ("ms per counted frame", lambda r: _spread(r["ms_per_counted_frame"])),
    ("daemon resident (peak), MB", lambda r: f"{r['daemon_mb']:.0f} ({r['daemon_peak_mb']:.0f})"),
    (
        "captures resident (peak), MB",
        lambda r: f"{r['capture_mb']:.0f} ({r['capture_peak_mb']:.0f})",
    ),
)


def text(body: Mapping[str, Any]) -> str:
    runs, machine = body["runs"], body["machine"]
    head = (
        f"{body['file']} on {machine['cores']} cores of {machine['processor']}, "
        f"Python {machine['python']}, networks on {runs[0]['provider']}, "
        f"broker {runs[0]['broker']}; spreads are p50 / p95 / p99, of 2, 20 and 100 values or more"
    )
    table = _table(["feeds", *(str(run["feeds"]) for run in runs)], runs)
    return "\n\n".join([head, table, _stages(runs[0])])


def _table(header: Sequence[str], runs: Sequence[Run]) -> str:
    rows = [header, *([name, *(show(run) for run in runs)] for name, show in _ROWS)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def _stages(run: Run) -> str:
    lines = [f"with {run['feeds']} feed(s), ms per judged frame by stage:"]
    lines += [f"  {name:<24}{ms:8.2f}" for name, ms in sorted(run["stage_ms_per_frame"].items())]
    lines += ["ms per call by network:"]
    lines += [f"  {name:<24}{ms:8.2f}" for name, ms in sorted(run["network_ms_per_call"].items())]
    return "\n".join(lines)


def _spread(quantiles: Mapping[str, float]) -> str:
    return " / ".join(f"{value:.1f}" for value in quantiles.values()) or "-"
