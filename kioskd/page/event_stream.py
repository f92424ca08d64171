"""Server-sent events to one viewer, no faster than it takes them.

Each message is made when the one before has gone, from what is newest then; so nothing queues up
for a slow viewer, and one that never reads is let go.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Messages = Callable[[], Awaitable[Iterable[tuple[str, Any]]]]  # what is new now: name and value

SLOW_S = 8.0  # a viewer that takes nothing for so long is gone
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """An ASGI response.

    messages  asked every `every_s` seconds, and after the one before went
    held      left when the viewer goes
    """

    def __init__(
        self, messages: Messages, every_s: float, held: AbstractContextManager[object]
    ) -> None:
        self._messages, self._every_s, self._held = messages, every_s, held

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        with self._held:
            gone = asyncio.ensure_future(_gone(receive))
            try:
                await self._serve(send, gone)
            except TimeoutError:
                pass  # it takes nothing: whoever it is may come again
            finally:
                gone.cancel()

    async def _serve(self, send: Send, gone: "asyncio.Future[None]") -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        while not gone.done():
            messages = await self._messages()
            body = b"".join(_event(name, value) for name, value in messages)
            await asyncio.wait_for(_sent(send, body or b":\n\n"), SLOW_S)
            await asyncio.wait({gone}, timeout=self._every_s)


async def _sent(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, value: Any) -> bytes:
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()
