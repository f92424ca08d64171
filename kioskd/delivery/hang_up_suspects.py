"""Which message it is that a broker answers by hanging up. Pure.

A broker that does not take a message (too large, a topic or retain it does not allow) often just
ends the connection, and MQTT 3.1.1 lets it do nothing else. Sent again and again, that one message
would end every connection, and no event would reach a door. A network that breaks looks the same.
So whatever was on its way when a connection died is suspected, and from then on goes one at a time,
behind the actions; what dies alone STRIKES times in a row is at fault.
"""

from collections import Counter
from collections.abc import Iterable

STRIKES = 2

Key = str | int  # a topic, or the number of an audit row


class Suspects:
    def __init__(self) -> None:
        self._suspected: set[Key] = set()
        self._strikes: Counter[Key] = Counter()

    @property
    def careful(self) -> bool:
        """Something is suspected: send one message at a time."""
        return bool(self._suspected)

    def suspected(self, key: Key) -> bool:
        return key in self._suspected

    def struck(self, key: Key) -> bool:
        """It was alone on its way when a connection died, and was not answered since."""
        return self._strikes[key] > 0

    def died(self, actions: Iterable[Key], others: Iterable[Key]) -> Key | None:
        """A connection ended with these unanswered; the one at fault, if that is certain now.

        An action may leave while another message is tried, and so may what nobody suspects: it is
        the suspect that is tried.
        """
        actions, others = set(actions), set(others)
        alone = others & self._suspected or others or actions & self._suspected or actions
        self._suspected |= actions | others
        if len(alone) != 1:
            return None
        (key,) = alone
        self._strikes[key] += 1
        if self._strikes[key] < STRIKES:
            return None
        self.cleared(key)
        return key

    def cleared(self, key: Key) -> None:
        """The broker answered for it, or it is not sent any more."""
        self._suspected.discard(key)
        self._strikes.pop(key, None)
