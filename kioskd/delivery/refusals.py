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
        self._denied: set[str] = set()  # topics
        self._rejected: dict[str, None] = {}  # what ended connections, in words, in order

    def answered(self, topic: str, taken: bool) -> None:
        """The broker took a message on this topic, or its access rights forbid it."""
        before = len(self._denied)
        if taken:
            self._denied.discard(topic)
        else:
            self._denied.add(topic)
        if len(self._denied) != before:
            sentence = (
                broker_sentences.denied(", ".join(sorted(self._denied))) if self._denied else None
            )
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
