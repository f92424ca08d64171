"""Whether another client uses our name on the broker, and the two throw each other out. Pure.

MQTT 5 has a reason code for it, but common brokers (mosquitto 2.0.11) just hang up, and 3.1.1
has no word for it at all. So being hung up on again and again soon after being taken counts.
"""

from kioskd.delivery import broker_sentences
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Lost

SOON_S = 10.0  # a connection the broker ended after less than this was a short one
SHORT_ONES = 3  # so many in a row are no accident
ALONE_S = 60.0  # after a connection this long there is no rival any more


class NameClash:
    def __init__(self, settings: DeliverySettings) -> None:
        self._settings = settings
        self._short = 0
        self.sentence: str | None = None

    def thrown_out(self, lost: Lost, lasted_s: float) -> None:
        """A connection that the broker had taken ended after `lasted_s`."""
        self.steady(lasted_s)
        if lost.cause == "taken_over":
            self.sentence = lost.sentence
        elif lost.cause == "broken" and lasted_s < SOON_S:
            self._short += 1
            if self._short >= SHORT_ONES:
                self.sentence = broker_sentences.perhaps_taken_over(self._settings, self._short)

    def explained(self) -> None:
        """The broker hung up on a message, and not because of a rival."""
        self._short = 0

    def steady(self, lasts_s: float) -> None:
        """The present connection has lasted so long."""
        if lasts_s >= SOON_S:
            self._short = 0
        if lasts_s >= ALONE_S:
            self.sentence = None
