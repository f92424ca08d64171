"""What may name something, here or anywhere else: one line of text."""

import re

_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # NUL, line breaks and their like


def is_one_line(text: str) -> bool:
    """Whether `text` holds no NUL, which would end it early for the kernel, and no line break,
    which would begin a line of a log or a protocol; nor any other character for machines.
    """
    return _NO_TEXT.search(text) is None
