"""`kioskd bench FILE`: the daemon with one, two, four, eight cameras, all showing FILE."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from kioskd.bench import bench_text
from kioskd.bench.measure import machine, measured
from kioskd.commands.configuration import FAILED, OK


def run(file: Path, feeds: Sequence[int], seconds: float, as_json: bool = False) -> int:
    """Measure a run for each number of feeds, and print the figures.

    Exit status 0, or 1 with a sentence where a run gave nothing to measure.
    """
    if not file.exists():
        print(f"{file} does not exist: give a video to show to the cameras", file=sys.stderr)
        return FAILED
    results = []
    for count in feeds:
        try:
            results.append(measured(file.resolve(), count, seconds))
        except (OSError, RuntimeError) as error:
            print(f"bench with {count} feeds: {error}", file=sys.stderr)
            return FAILED
        if not as_json:
            print(f"measured {count} feed(s)", file=sys.stderr, flush=True)
    body = {"machine": machine(), "file": file.name, "runs": results}
    print(json.dumps(body, indent=2) if as_json else bench_text.text(body))
    return OK
