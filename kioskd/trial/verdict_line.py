"""What the broker carries, as one line for the person before the camera. Pure."""

from datetime import datetime
from typing import Any

from kioskd.modes.reasons import sentence

REASONS = 2  # that are told of one attempt
WORDS = {"passed": "passed", "failed": "NOT passed", "undecided": "not decided"}
LIVE = {"true": "LIVE", "false": "NOT live"}

Json = dict[str, Any]


def verdict_line(topic: str, payload: Any) -> str | None:
    """A line for an attempt that ended or a camera that comes or goes; None for anything else.

    topic, payload  of a message of kioskd's own (docs/connect/mqtt.md)
    """
    if not isinstance(payload, dict):
        return None
    kind = topic.rpartition("/")[2]
    if kind == "audit" and payload.get("kind") == "result":
        return _result(payload)
    if kind == "state" and payload.get("state") != "starting":
        return f"{_clock(payload['since'])}  camera {payload['state']}: {payload['detail']}"
    return None


def _result(record: Json) -> str:
    verdict = WORDS[record["verdict"]]
    if record["verdict"] != "undecided":
        verdict = LIVE.get(record["attributes"].get("livenessConfirmed"), verdict)
    facts = [
        f"{record['frames']} frames",
        f"{(record['endTime'] - record['startTime']) / 1000:.1f} s",
        *(challenge for challenge in record["challenges"]),
        *(f"{name} {value:.2f}" for name, value in _scores(record).items()),
    ]
    why = "; ".join(sentence(reason) for reason in record["reasons"][:REASONS])
    told = f"{_clock(record['endTime'])}  {verdict:11}  ({', '.join(facts)})"
    return f"{told}  {why}".rstrip()


def _scores(record: Json) -> dict[str, float]:
    """Without the evidence that did not weigh."""
    return {
        name: value
        for name, value in record["scores"].items()
        if value is not None and (value > 0 or not name.endswith("_against"))
    }


def _clock(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000).strftime("%H:%M:%S")
