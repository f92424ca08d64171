"""The page's addresses, and what each answers. The only file that imports starlette.

Every address but POST /what-if, /login and /logout only reads, and those change nothing of a door;
but for those that another part answers, by a credential of its own (answerer.py).
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kioskd import log, prompts
from kioskd.page import access, assets, door_view
from kioskd.page.access import Role, Sessions
from kioskd.page.answerer import Answerer, is_of
from kioskd.page.door_keys import ChangeError, Scalar, changed, door_keys, yaml
from kioskd.page.door_view import DoorView, Json
from kioskd.page.event_stream import EventStream
from kioskd.page.kept import DoorKept, Kept
from kioskd.page.looking import Looking
from kioskd.page.page_settings import PageSettings
from kioskd.page.pictures import Pictures
from kioskd.page.what_if import what_if

LOOK_EVERY_S = 0.1  # a viewer's pictures
STATE_EVERY_S = 1.0  # what changes slowly
SCREEN_EVERY_S = 0.1
MOST_BODY = 64 * 1024  # bytes of a request: "what if" sends some hundred
ANSWER_S = 8.0  # a controller has so long to answer (kioskd/delivery/replies.py)
SHOWN_S = 6.0  # its answer stands on the screen for so long
SAFE_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
        b" form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),  # with none a form would come from nowhere
    (b"cross-origin-resource-policy", b"same-origin"),
]
OF_SCREENS = ("/screen/", "/static/", "/words/", "/api/screens")  # with a screen's token


class Site:
    """One kiosk's page.

    kept     what happened at the doors; read only
    overview values for JSON that say how the kiosk is, asked for once a second per viewer
    keeps_up which share of a door's frames is judged, 0 to 1
    others   parts that answer at addresses of their own
    """

    def __init__(
        self,
        settings: PageSettings,
        kept: Kept,
        views: Mapping[str, DoorView],
        looking: Looking,
        pictures: Pictures,
        overview: Callable[[], Json],
        keeps_up: Callable[[str], float | None],
        others: Sequence[Answerer] = (),
    ) -> None:
        self._settings, self._kept, self._views = settings, kept, views
        self._looking, self._pictures, self._overview = looking, pictures, overview
        self._keeps_up, self._others = keeps_up, others
        self._sessions = Sessions(settings)
        self._one_at_a_time = threading.Lock()  # of "what if": it takes a processor for a while

    def app(self) -> ASGIApp:
        routes = [
            Route("/", self._page),
            Route("/door/{door}", self._page),
            Route("/people", self._people),
            Route("/screen/{door}", self._screen),
            Route("/login", self._login_page),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/static/{name}", self._static),
            Route("/words/{language}", self._words),
            Route("/api/kiosk", self._kiosk),
            Route("/api/doors/{door}", self._door),
            Route("/api/doors/{door}/live", self._live),
            Route("/api/doors/{door}/keys", self._keys),
            Route("/api/doors/{door}/what-if", self._what_if, methods=["POST"]),
            Route("/api/screens", self._screens),
            Route("/api/screens/{door}/live", self._screen_live),
        ]
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        for base in [base for other in self._others for base in other.bases]:
            for path in (base, f"{base}/{{rest:path}}"):
                routes.append(Route(path, self._other, methods=every))
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._not_answered})
        return Guard(app, self._settings, self._sessions, self._others)

    # pages

    async def _page(self, request: Request) -> Response:
        door = request.path_params.get("door")
        if door is not None and door not in self._views:
            return _no_such_door(door)
        return _file("page.html")

    async def _people(self, request: Request) -> Response:
        return _file("people.html")

    async def _screen(self, request: Request) -> Response:
        door = request.path_params["door"]
        return _file("screen.html") if door in self._views else _no_such_door(door)

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _file(name) if name in assets.FILES else _error(404, "There is no such file.")

    async def _words(self, request: Request) -> Response:
        language = request.path_params["language"]
        if language not in prompts.languages():
            known = ", ".join(prompts.languages())
            return _error(404, f"There are no words for this language; there are {known}.")
        return JSONResponse(assets.words(language))

    async def _login_page(self, request: Request) -> Response:
        return _file("login.html")

    async def _login(self, request: Request) -> Response:
        if self._sessions.must_wait:
            return _error(429, "Too many wrong tokens; wait a minute.")
        body = (await _body(request)).decode("utf-8", "replace")
        token = parse_qs(body, max_num_fields=4).get("token", [""])[0]
        role = self._sessions.of_token(token)
        if role is None:
            return RedirectResponse("/login?wrong", 303)
        response = RedirectResponse("/" if role == "page" else "/static/screens.html", 303)
        response.set_cookie(
            access.COOKIE,
            self._sessions.begin(role),
            max_age=int(access.SESSION_S),
            httponly=True,
            secure=self._settings.certificate is not None,
            samesite="strict",
        )
        return response

    async def _logout(self, request: Request) -> Response:
        self._sessions.end(request.cookies)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(access.COOKIE)
        return response

    # what is read

    async def _kiosk(self, request: Request) -> Response:
        return JSONResponse(self._overview() | {"doors": list(self._views)})

    async def _screens(self, request: Request) -> Response:
        return JSONResponse({"doors": list(self._views)})

    async def _door(self, request: Request) -> Response:
        door = request.path_params["door"]
        if door not in self._views:
            return _no_such_door(door)
        return JSONResponse(self._state(door))

    async def _live(self, request: Request) -> Response | EventStream:
        """Pictures, checks and scores as they come; `picture=no` leaves the pictures out."""
        door = request.path_params["door"]
        if door not in self._views:
            return _no_such_door(door)
        messages = _Live(self, door, pictures=request.query_params.get("picture") != "no")
        return self._stream(messages.new, LOOK_EVERY_S, door, aims=True)

    async def _screen_live(self, request: Request) -> Response | EventStream:
        door = request.path_params["door"]
        if door not in self._views:
            return _no_such_door(door)
        messages = _Screen(self, door)
        return self._stream(messages.new, SCREEN_EVERY_S, door, aims=False)

    def _stream(
        self,
        messages: Callable[[], Awaitable[Iterable[tuple[str, Any]]]],
        every_s: float,
        door: str,
        *,
        aims: bool,
    ) -> Response | EventStream:
        if self._looking.is_full:
            most = self._settings.viewers
            return _error(503, f"{most} look already, and no more may (page.viewers).")
        held = ExitStack()  # entered here, so that nobody can come in between
        held.enter_context(self._looking.at(door, aims=aims))
        return EventStream(messages, every_s, held)

    async def _keys(self, request: Request) -> Response:
        door = request.path_params["door"]
        if door not in self._views:
            return _no_such_door(door)
        return JSONResponse([_key(each) for each in door_keys(self._views[door].door)])

    async def _what_if(self, request: Request) -> Response:
        door = request.path_params["door"]
        if door not in self._views:
            return _no_such_door(door)
        try:
            changes = _changes(await _body(request))
            answer = await asyncio.to_thread(self._would, door, changes)
        except ChangeError as error:
            return _error(422, str(error))
        if answer is None:
            return _error(503, "Another question is being answered; ask again in a moment.")
        return JSONResponse(answer)

    def _would(self, door: str, changes: Mapping[str, Scalar]) -> Json | None:
        """What would have been; None while another question is being answered."""
        view, kept = self._views[door], self._kept.doors[door]
        other = changed(view.door, changes)
        if not self._one_at_a_time.acquire(blocking=False):
            return None
        try:
            looked = kept.kept.copy()  # once, so that both sides are of the same frames
            seen = [one.seen for one in looked]
            did = [result for one in looked if (result := one.step.result) is not None]
            would = what_if(seen, other, self._kept.added, _breathe)
        finally:
            self._one_at_a_time.release()
        newest = seen[-1].at if seen else 0.0
        return {
            "spanS": round(newest - seen[0].at, 1) if seen else 0.0,
            "frames": would.frames,
            "unmeasured": would.unmeasured,
            "did": [_ended(one, newest) for one in did],
            "would": [_ended(one, newest) for one in would.results],
            "yaml": yaml(view.door, changes),
        }

    async def _other(self, request: Request) -> Response:
        """It has a credential of its own, and answers of its own."""
        other = _whose(self._others, request)
        assert other is not None
        known = other.knows(request.headers)
        try:
            body = await _body(request, other.largest if known else MOST_BODY)
        except ChangeError:
            body = b" " * (other.largest + 1)  # whoever answers says what is wrong with it
        given = request.method, request.url.path, dict(request.headers), body
        status, told = await asyncio.to_thread(other.answer, *given)
        headers = {"cache-control": "no-store"}
        if told is None:
            return Response(status_code=status, headers=headers)
        return JSONResponse(told, status, headers)

    async def _not_answered(self, request: Request, error: Exception) -> Response:
        """An address that nobody serves, or not by this method; in JSON, as all answers here."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        other = _whose(self._others, request)
        if other is None:
            return _error(status, "There is no such address, or it answers to other methods.")
        return JSONResponse(other.nothing_there(status), status)

    # what viewers are sent

    def _state(self, door: str) -> Json:
        kept, view = self._kept.doors[door], self._views[door]
        share = self._keeps_up(door)
        told = door_view.door(kept, view, time.monotonic(), self._kept.outcomes)
        return told | {"keepsUp": None if share is None else round(share, 3)}

    def state(self, door: str) -> Json:
        return {"kiosk": self._overview() | {"doors": list(self._views)}, **self._state(door)}

    async def look(self, door: str, number: object, *, pictures: bool) -> Json | None:
        """The newest frame, if it is another than `number`."""
        kept = self._kept.doors[door]
        frame, looked = kept.frame, kept.looked
        if frame is None or looked is None or (frame.session, frame.number) == number:
            return None
        view = self._views[door].look(frame, looked, time.time())
        if pictures:
            view |= await asyncio.to_thread(self._pictures.of, frame)
        return view | {"session": frame.session}

    def screen(self, door: str) -> Json:
        """What the person before the camera may see: no score, no name, no number of a limit."""
        kept: DoorKept = self._kept.doors[door]
        state, looked, answer = kept.state, kept.looked, kept.answer
        now = time.monotonic()
        online = state is not None and state.phase == "online"
        stands = answer is not None and now - answer.at < SHOWN_S
        return {
            "online": online and kept.enabled,  # else the screen sends people to another door
            "prompt": kept.prompt,
            "progress": None if looked is None else door_view.progress(looked.step.progress),
            "answer": {"granted": answer.granted, "text": answer.text}
            if stands and answer
            else None,
            "waits": self._settings.awaits_answer and kept.passed_lately(now, ANSWER_S),
            "view": self._settings.mirrored_view,
            "language": self._settings.language,
        }

    async def screen_picture(self, door: str, number: object) -> tuple[object, str] | None:
        frame = self._kept.doors[door].frame
        if not self._settings.mirrored_view or frame is None:
            return None
        if (frame.session, frame.number) == number:
            return None
        made = await asyncio.to_thread(self._pictures.of, frame)
        return (frame.session, frame.number), made["picture"]


class _Live:
    """What one viewer of a door has been sent."""

    def __init__(self, site: Site, door: str, *, pictures: bool) -> None:
        self._site, self._door, self._pictures = site, door, pictures
        self._number: object = None
        self._state_at = -STATE_EVERY_S

    async def new(self) -> list[tuple[str, Any]]:
        told: list[tuple[str, Any]] = []
        look = await self._site.look(self._door, self._number, pictures=self._pictures)
        if look is not None:
            self._number = look["session"], look["number"]
            told.append(("look", look))
        now = time.monotonic()
        if now - self._state_at >= STATE_EVERY_S:
            self._state_at = now
            told.append(("state", self._site.state(self._door)))
        return told


class _Screen:
    """What one kiosk's screen has been sent: each change, and what stands once a second."""

    def __init__(self, site: Site, door: str) -> None:
        self._site, self._door = site, door
        self._shown: Json | None = None
        self._at = -STATE_EVERY_S
        self._number: object = None

    async def new(self) -> list[tuple[str, Any]]:
        told: list[tuple[str, Any]] = []
        shown, now = self._site.screen(self._door), time.monotonic()
        if shown != self._shown or now - self._at >= STATE_EVERY_S:
            self._shown, self._at = shown, now
            told.append(("screen", shown))
        if (picture := await self._site.screen_picture(self._door, self._number)) is not None:
            self._number = picture[0]
            told.append(("picture", picture[1]))
        return told


class Guard:
    """Before every answer: is it we who are asked, by one of our own pages, by who may?"""

    def __init__(
        self,
        app: ASGIApp,
        settings: PageSettings,
        sessions: Sessions,
        others: Sequence[Answerer],
    ) -> None:
        self._app, self._settings, self._sessions, self._others = app, settings, sessions, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *SAFE_HEADERS]
            await send(message)

        request = Request(scope)
        answer = self._refusal(request) or self._app
        try:
            await answer(scope, receive, safely)
        except Exception:  # a mistake of ours: it is told, and costs this one answer
            log.logger().exception("the page failed to answer", path=request.url.path)

    def _refusal(self, request: Request) -> Response | None:
        path, headers = request.url.path, request.headers
        if not access.is_ours(headers.get("host", ""), self._settings):
            return _error(421, "This page is not known by that name: page.names lists names.")
        reads = request.method in ("GET", "HEAD")
        visits = reads and not path.startswith("/api/")  # a link from anywhere may lead to a page
        if not visits and not access.is_same_site(headers, request.url.scheme):
            return _error(403, "Another site asked for this, and is not answered.")
        if path == "/login" or path in assets.BEFORE_LOGIN or _whose(self._others, request):
            return None
        role = self._sessions.role(headers, request.cookies)
        if role is None and visits:
            return RedirectResponse("/login", 303)
        if role is None:
            return _error(401, "Show the token first, at /login or as a bearer token.")
        return None if _may(role, path) else _error(403, "This token is for the screens alone.")


def _may(role: Role, path: str) -> bool:
    return role == "page" or path == "/logout" or path.startswith(OF_SCREENS)


async def _body(request: Request, most: int = MOST_BODY) -> bytes:
    """Raises ChangeError for one that is too large."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise ChangeError(f"the request is larger than {most // 1024} KiB")
    except ClientDisconnect:
        return b""
    return body


def _changes(body: bytes) -> dict[str, Scalar]:
    try:
        said = json.loads(body)["changes"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ChangeError('the request is to be JSON such as {"changes": {}}') from None
    fit = isinstance(said, dict) and len(said) <= 200
    if not fit or not all(isinstance(value, str | float | int | bool) for value in said.values()):
        raise ChangeError("changes are numbers, words, true or false, each by its key")
    return dict(said)


def _key(each: Any) -> Json:
    return {
        "path": ".".join(each.path),
        "sentence": each.sentence,
        "value": each.value,
        "default": each.default,
        "low": each.low,
        "high": each.high,
        "whole": each.whole,
        "unit": each.unit,
        "among": list(each.among),
    }


def _ended(one: Any, newest: float) -> Json:
    return {"ago": round(newest - one.decided_at, 1), **door_view.result(one)}


def _breathe() -> None:
    """Whoever decides goes first."""
    time.sleep(0.01)


def _whose(others: Sequence[Answerer], request: Request) -> Answerer | None:
    return next((other for other in others if is_of(other, request.url.path)), None)


def _file(name: str) -> Response:
    content, kind = assets.file(name)
    return Response(content, media_type=kind, headers={"cache-control": "no-cache"})


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


def _no_such_door(door: str) -> Response:
    return _error(404, f"There is no door {door[:60]!r} in the configuration.")
