"""Prints the RealSense cameras on this machine, as JSON: python -m feeds.realsense.list_attached.

A program of its own: a driver in trouble hangs, and then only killing it helps.
"""

import json
import sys
from dataclasses import asdict

from feeds.realsense import library


def main() -> None:
    try:
        found = library.attached()
    except (library.NoLibraryError, RuntimeError) as error:
        sys.exit(str(error))
    print(json.dumps([asdict(camera) for camera in found]))


if __name__ == "__main__":
    main()
