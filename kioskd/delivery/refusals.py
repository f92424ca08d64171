"""Tells the operator what this broker does not take, each kind as one problem with one sentence."""

from collections.abc import Mapping

from kioskd.delivery import broker_sentences
from kioskd.delivery.broker_limits import Limits
from kioskd.delivery.delivery_context import Shared


class Refusals:
    """Used by the courier's thread alone."""

    def __init__(self, shared: Shared) -> None:
        self._settings = shared.settings
        self._problems = shared.problems
        self._denied: dict[str, str] = {}  # topics, and why if it is not for want of a right
        self._rejected: dict[str, None] = {}  # what ended connections, in words, in order

    def answered(self, topic: str, taken: bool, why: str = "") -> None:
        """The broker took a message on this topic, or not; `why`, if it is no matter of rights."""
        before = dict(self._denied)
        if taken:
            self._denied.pop(topic, None)
        else:
            self._denied[topic] = why
        if self._denied != before:
            sentence = broker_sentences.denied(self._denied) if self._denied else None
            self._problems.set("broker_acl", sentence)

    def reject(self, words: str) -> None:
        """Say what the broker does not take, the newest few of it."""
        self._rejected[words] = None
        self._problems.set(
            "broker_rejects", broker_sentences.rejects(tuple(self._rejected), self._settings)
        )

    def limited(self, limits: Limits, oversize: Mapping[str, int], rows: str) -> None:
        """What this broker lacks, and what is too large for it.

        oversize  bytes of what is left out, by topic; rows: the same of audit rows, in words
        """
        lacks = broker_sentences.lacks(limits)
        lacks += [
            broker_sentences.too_large(topic, n, self._settings) for topic, n in oversize.items()
        ]
        lacks += [rows] if rows else []
        sentence = broker_sentences.limited(lacks, limits, self._settings) if lacks else None
        self._problems.set("broker_limits", sentence)
