"""What a terminal shows of a door, from what the page's stream says of it. Pure."""

from collections.abc import Iterator
from typing import Any

from kioskd.terminal_sections import Row, Section
from kioskd.watch.checklist import check_rows, failing, name_of, summary
from kioskd.watch.wording import NONE, Wording

Json = dict[str, Any]
ATTEMPTS = 5  # the newest that are listed
REASONS = 4  # of the last hour
SPAN_S = 30  # of the plot, a bar for each second
BARS = "▁▂▃▄▅▆▇█"
LIMITS = {"liveness_detection_threshold": "live_line", "fake_detection_threshold": "fake_line"}
MOODS = {"passed": "good", "failed": "bad", "undecided": "note"}


def sections(look: Json | None, state: Json, words: Wording, trouble: str = "") -> list[Section]:
    """All of it, what matters most first; `look` is None before the first picture.

    look, state  the values of the stream's events of these names (kioskd/page/site.py)
    trouble      a sentence that stands above everything
    """
    return [
        Section("", tuple(_head(look, state, words, trouble))),
        Section(words("page.state"), tuple(_phase(look, words))),
        Section(words("page.gate"), () if look is None else (summary(look, words),)),
        Section("", () if look is None else tuple(check_rows(look, words))),
        Section(words("page.scores"), tuple(_scores(state, words))),
        Section(words("page.attempts"), tuple(_attempts(state, words))),
        Section(words("page.hour"), tuple(_hour(state, words))),
        Section(words("page.health"), tuple(_health(state, words))),
    ]


def phase_line(look: Json | None, state: Json, words: Wording) -> str:
    """Phase and gate in a line without figures: it is another one when something changed."""
    feed = _feed(state, words)
    if feed is not None:
        return feed
    if look is None:
        return words("page.no_picture")
    wrong = [name_of(one["key"], words) for one in failing(look)]
    fits = f"{words('page.failed')}: {', '.join(wrong)}" if wrong else summary(look, words).cells[0]
    return f"{_phase_word(look, words)}. {fits}"


def attempt_line(one: Json, words: Wording) -> str:
    """An attempt that ended: the verdict, what it rests on, and what stood in the way."""
    verdict = words(f"verdicts.{one['verdict']}")
    scores = [
        f"{name} {words.figure(value)}"
        for name, value in one["scores"].items()
        if not name.endswith("_against") or (value or 0.0) > 0
    ]
    outcome = f"outcomes.{one['outcome']}"
    facts = (
        words("page.frames", n=one["frames"]),
        words("page.took", n=words.figure(one["tookS"])),
        words("page.track", id=one["track"]),
        *one["challenges"],
        *scores,
        *([words(outcome)] if words.knows(outcome) else []),
        *(_why(one, reason, words) for reason in one["reasons"][:2]),
    )
    return f"{verdict}: {' · '.join(facts)}"


def _head(look: Json | None, state: Json, words: Wording, trouble: str) -> Iterator[Row]:
    kiosk = state["kiosk"]
    yield Row((f"{kiosk['site']} / {kiosk['device']} / {state['door']}",), "strong")
    facts = [words("page.no_picture")] if look is None else _facts(look, state, words)
    yield Row((" · ".join(facts),))
    disabled = None if state.get("enabled", True) else words("reasons.disabled")
    problems = (one["detail"] for one in kiosk["problems"])
    told = [trouble, disabled, _feed(state, words), *problems, state["watchFailure"]]
    for sentence in filter(None, told):
        yield Row((f"! {sentence}",), "bad")


def _facts(look: Json, state: Json, words: Wording) -> list[str]:
    facts = [
        words("page.age", ms=look["ageMs"]),
        words("page.judge", ms=words.figure(state["judgeMs"])),
    ]
    if "track" in look:
        facts.append(words("page.track", id=look["track"]))
    if "pose" in look:
        yaw, pitch, roll = (NONE if angle is None else round(angle) for angle in look["pose"])
        facts.append(words("page.pose", yaw=yaw, pitch=pitch, roll=roll))
    return facts


def _feed(state: Json, words: Wording) -> str | None:
    """What is wrong with the camera; None if nothing."""
    feed = state["state"]
    if feed is None or feed["phase"] == "online":
        return None
    phase = words(f"phases.{feed['phase']}")
    return f"{words('page.feed')} {state['feed']}: {phase}. {feed['detail']}"


def _phase_word(look: Json, words: Wording) -> str:
    known = f"modes.{look['phase']}"
    return words(known) if words.knows(known) else str(look["phase"])


def _phase(look: Json | None, words: Wording) -> Iterator[Row]:
    if look is None:
        yield Row((words("page.no_picture"),))
        return
    yield Row((f"{_phase_word(look, words)} ({look['phase']})",), "strong")
    if look["prompt"] is not None:
        yield Row((f"„{words('prompts.' + look['prompt'])}“",))
    if look["progress"] is not None:
        done, of, what = (look["progress"][key] for key in ("done", "of", "what"))
        yield Row((words(f"page.progress_{what}", done=done, of=of),))
    for reason in look["reasons"]:
        yield Row((words(f"reasons.{reason}"),))


def _scores(state: Json, words: Wording) -> Iterator[Row]:
    """Each network's newest score, and the last seconds, oldest first."""
    plot = state["plot"]
    names = dict.fromkeys(name for point in plot for name in point if name != "ago")
    for name in names:
        points = [(p["ago"], p[name]) for p in plot if p.get(name) is not None]
        if points:
            newest = words.figure(min(points)[1])
            label = words("page.together") if name == "together" else name
            yield Row((label, newest, _bars(points)))
    limits = [
        f"{words('page.' + LIMITS[key])} {words.figure(value)}"
        for key, value in state["thresholds"].items()
        if key in LIMITS
    ]
    if not names:
        yield Row((words("page.none_yet"),))
    elif limits:
        yield Row((" · ".join(limits),))


def _bars(points: list[tuple[float, float]]) -> str:
    """The mean score of each second as a bar, a blank where there was none."""
    bars = []
    for second in reversed(range(SPAN_S)):
        within = [score for ago, score in points if second <= ago < second + 1]
        mean = sum(within) / len(within) if within else None
        bars.append(" " if mean is None else BARS[min(7, max(0, int(8 * mean)))])
    return "".join(bars).strip()


def _attempts(state: Json, words: Wording) -> Iterator[Row]:
    newest = state["attempts"][:ATTEMPTS]
    for one in newest:
        mood: Any = MOODS.get(one["verdict"], "")
        yield Row((_ago(one["ago"], words), attempt_line(one, words)), mood)
    if not newest:
        yield Row((words("page.none_yet"),))


def _why(one: Json, reason: str, words: Wording) -> str:
    """The reason with the figures that it rests on."""
    sentence = words(f"reasons.{reason}")
    found = next((each for each in one["measured"] if each["reason"] == reason), None)
    if found is None or found["low"] is None or found["limit"] is None:
        return sentence
    low, high = words.figure(found["low"]), words.figure(found["high"])
    values = low if low == high else f"{low} {NONE} {high}"
    limit = words(f"page.{found['bound']}", limit=words.figure(found["limit"], found["unit"]))
    return f"{sentence} ({values}, {limit})"


def _ago(seconds: float, words: Wording) -> str:
    if seconds < 2:
        return words("page.now")
    if seconds < 90:
        return words("page.seconds", n=round(seconds))
    return words("page.minutes", n=round(seconds / 60))


def _hour(state: Json, words: Wording) -> Iterator[Row]:
    often = list(state["hour"].items())[:REASONS]
    for reason, times in often:
        yield Row((f"{times}\N{MULTIPLICATION SIGN}", words(f"reasons.{reason}")))
    if not often:
        yield Row((words("page.none_yet"),))


def _health(state: Json, words: Wording) -> Iterator[Row]:
    kiosk, feed = state["kiosk"], state["state"]
    phase = "starting" if feed is None else feed["phase"]
    connected = words("page.connected" if kiosk["connected"] else "page.not_connected")
    yield Row((words("page.feed"), f"{state['feed']}: {words('phases.' + phase)}"))
    yield Row((words("page.broker"), f"{kiosk['broker']} {connected}".strip()))
    problems = len(kiosk["problems"]) or words("page.no_problems")
    yield Row((words("page.problems"), str(problems)))
    share = state["keepsUp"]
    yield Row((words("page.keeps_up"), NONE if share is None else f"{100 * share:.0f} %"))
    events = {"published": 0, "expired": 0, "refused": 0, **kiosk["events"]}
    yield Row((words("page.events"), words("page.events_are", **events)))
    yield Row((words("page.version"), kiosk["version"]))
    yield Row((words("page.networks_on"), kiosk["networksOn"]))
