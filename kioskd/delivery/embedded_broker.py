"""An MQTT broker inside the daemon, on loopback, for trials and the demo. The one file with amqtt.

It knows MQTT 3.1.1 only, asks nobody for a password, keeps nothing on disk and may deliver a
retained message twice: enough to see kioskd work without installing anything, and no more.
"""

import asyncio
import logging
import threading

from feeds.installation import to_add
from kioskd.loopback import LOOPBACK, free_port

START_S = 60.0  # a busy machine takes some seconds to load it


class EmbeddedError(Exception):
    """The embedded broker cannot be had; the sentence says what to do."""


class EmbeddedBroker:
    """`start()` before a Courier with protocol 3.1.1 connects to 127.0.0.1 and `port`.

    A part (kioskd/part.py) that nobody waits for: it is for trials.
    """

    name = "embedded-broker"
    stop_s = 0.8  # the daemon must end in time, and this thread ends with it
    progress_at = None
    failure = None

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self._started = threading.Event()
        self._why_not: EmbeddedError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="embedded-broker", daemon=True)

    def start(self) -> int:
        """The port it listens on. EmbeddedError if it cannot."""
        self._thread.start()
        if not self._started.wait(START_S):
            raise EmbeddedError(f"the embedded broker did not start within {START_S:.0f} s")
        if self._why_not is not None:
            raise self._why_not
        return self.port

    def stop(self, failure: str | None = None) -> None:
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)

    def join(self, timeout: float = stop_s) -> None:
        self._thread.join(timeout)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except ImportError:
            self._why_not = EmbeddedError(
                f"the embedded broker needs amqtt: {to_add('demo')}, "
                "or install mosquitto and name it in mqtt.broker"
            )
        except Exception as error:  # amqtt lets through whatever its plugins raise
            self._why_not = EmbeddedError(
                f"the embedded broker cannot use {LOOPBACK}:{self.port} ({error}): "
                "is another kioskd running? Otherwise choose another mqtt.port"
            )
        finally:
            self._started.set()

    async def _serve(self) -> None:
        from amqtt.broker import Broker

        for name in ("amqtt", "transitions"):  # they log each packet, and our stops as errors
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{self.port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await broker.start()
        self._started.set()
        await self._end.wait()
        await broker.shutdown()
