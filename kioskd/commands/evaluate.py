"""`kioskd evaluate`: sight the data set, decide by each scheme, and write the reports."""

import json
import sys
from dataclasses import asdict

from kioskd.commands.configuration import WRONG, configuration
from kioskd.commands.figures import written
from kioskd.evaluation import report_page, report_text
from kioskd.evaluation.dataset import DataSetError, read_data_set
from kioskd.evaluation.report import Report
from kioskd.evaluation.request import Request, check, judgings_of, report_of, settings_of, sight
from kioskd.evaluation.thumbnails import thumbnails
from kioskd.terminal import progress
from models.network_file import NetworkError


def run(request: Request) -> int:
    """Print the figures, and write the reports asked for.

    Exit status 0; 1 where a file could not be read or written; 2 where nothing can be evaluated.
    """
    config = None if request.config is None else configuration(request.config)
    try:
        settings = settings_of(request, config)
        check(request, settings)
        judgings_of(request, settings)  # before minutes of looking
        data = read_data_set(request.data_set, request.clip_frames, request.label)
        with progress("Looking") as tell:
            sighted = sight(data, settings, request.gate, request.images_fps, tell)
    except (DataSetError, NetworkError) as error:
        print(error, file=sys.stderr)
        return WRONG
    report = report_of(request, settings, sighted)
    print(*(report_text.markdown if request.markdown else report_text.lines)(report), sep="\n")
    return written(lambda: _write(request, report), report.unread)


def _write(request: Request, report: Report) -> None:
    if request.json_file is not None:
        request.json_file.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    if request.html_file is not None:
        mistakes = [m for scheme in report.schemes for m in scheme.worst]
        shown = thumbnails(mistakes) if request.thumbnails else {}
        request.html_file.write_text(report_page.page(report, shown), encoding="utf-8")
