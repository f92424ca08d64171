"""Libraries that not every machine has, and the sentence that says how to get them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from feeds.installation import to_add
from models import gpu

OURS = ("feeds", "models", "kioskd")
RUNTIME, OPENCV = "onnxruntime", "cv2"  # what every door needs


@contextmanager
def extra(name: str, *libraries: str) -> Iterator[None]:
    """Around imports of what comes with this extra: without it the command ends with status 2.

    libraries  that come with it, where others that may be missing come with another; none: all
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in (*OURS, RUNTIME, OPENCV) or (libraries and library not in libraries):
            raise
        _end(f"this command needs {library}, which is not installed: {to_add(name)}")


@contextmanager
def what_every_door_needs() -> Iterator[None]:
    """Around a command: without OpenCV or an ONNX Runtime it ends with status 2."""
    try:
        yield
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and library == RUNTIME:
            fitting = "gpu" if gpu.has_driver() else "cpu"
            _end(f"kioskd needs an ONNX Runtime, and none is installed: {to_add(fitting)}")
        if isinstance(error, ModuleNotFoundError) and library == OPENCV:
            pip = f"{sys.prefix}/bin/pip"
            _end(f"kioskd needs OpenCV, which is not installed: {pip} install {HEADLESS}")
        if "libGL" in str(error):
            _end(f"OpenCV cannot be loaded, for it is the one with windows ({error}): {NO_WINDOWS}")
        raise


HEADLESS = "opencv-python-headless"
NO_WINDOWS = f"put {HEADLESS} in the place of opencv-python, or apt-get install libgl1"


def _end(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)
