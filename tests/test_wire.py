"""Payloads are what the shipped schemas say, whatever goes into them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

import fastjsonschema
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.state import FeedState, Phase
from kioskd.alarms.alarm import Alarm, AlarmCode
from kioskd.delivery import wire
from kioskd.event import ActionId, LivenessState, Result, Verdict
from kioskd.health import DoorHealth, Faces, Health, Light, Obstacle
from kioskd.modes.attempt import spread
from kioskd.modes.catalogue import ACTIONS
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate import Bound, Finding
from kioskd.modes.mode import PROMPT_CODES
from kioskd.modes.reasons import Reason
from kioskd.time_service import ClockQuality
from tests.support.results import LIVE
from tests.support.schemas import check, closed, readers

EVENT = "0d5c1c4e-8a43-4a86-9a3e-1f4bd1c7a001"
BOOT = "7b9e44fc-9166-4225-8bb3-eee100a39cc2"
DOORS = {"door-3": "side-entrance"}
SENDER = wire.Sender("hq", "kiosk-07", BOOT, "0.1.0", "hybrid@1f2e", "sha256:ab", DOORS)
ISSUE = wire.Issue(EVENT, 4711, wall=1730000001.25, monotonic=1.25, expiry_s=5.0)

words = st.text(min_size=1, max_size=20)
seconds = st.floats(0, 4e9)
unit = st.floats(0, 1)
Attributes = st.SearchStrategy[dict[str, str | float]]
confirmed = st.sampled_from(["true", "false"])
LIVENESS: Attributes = st.fixed_dictionaries({"liveness": unit, "livenessConfirmed": confirmed})
SMILE: Attributes = st.fixed_dictionaries({"smile": confirmed})
CHALLENGE: Attributes = st.fixed_dictionaries({"challengeConfirmed": confirmed})
DEPTH = ("3dLiveness", "depthLiveness", "infraredLiveness", "rgb3dLiveness")
attributes: dict[str, Attributes] = {
    "rgbLiveness": LIVENESS,
    "poseLiveness": st.just({}),
    "smileToActivate": SMILE | LIVENESS,
    **dict.fromkeys(DEPTH, LIVENESS),
}


def rgb_state(action: str, said: Mapping[str, str | float], emits: bool) -> LivenessState | None:
    """What RGB liveness came to, where it ran."""
    if action in DEPTH or "livenessConfirmed" not in said:
        return None
    if not emits:
        return "LIVENESS_UNKNOWN"
    return "LIVENESS_CONFIRMED" if said["livenessConfirmed"] == "true" else "NOTLIVE_CONFIRMED"


FINDINGS = st.builds(
    Finding,
    words,
    st.none() | st.sampled_from(Reason),
    st.none() | st.floats(),  # also what is no number, and what has no end
    st.floats(-1e4, 1e4),
    st.sampled_from(get_args(Bound)),
    st.sampled_from(["", "px"]),
)
SPREADS = st.lists(FINDINGS, max_size=4).map(lambda found: tuple(spread({}, found).values()))


@st.composite
def results(draw: st.DrawFn, emits: bool) -> Result:
    action = draw(st.sampled_from(ACTIONS))
    said = draw(attributes.get(action, CHALLENGE))
    started_at = draw(st.floats(0, 1e6))
    return Result(
        action=action,
        feed=draw(words),
        mode=draw(words),
        track_id=draw(st.integers(0, 2**31)),
        attempt=draw(st.integers(0, 1000)),
        verdict=draw(st.sampled_from(get_args(Verdict))),
        state=rgb_state(action, said, emits),
        emits=emits,
        attributes=said,
        started_at=started_at,
        decided_at=started_at + draw(st.floats(0, 60)),
        captured_at=draw(st.floats(1e9, 4e9)),
        frames=draw(st.integers(0, 1000)),
        reasons=tuple(draw(st.lists(words, max_size=3))),
        scores=draw(st.dictionaries(words, unit, max_size=3)),
        challenges=tuple(draw(st.lists(st.sampled_from([*Challenge]), max_size=3))),
        measured=draw(SPREADS),
    )


@given(results(emits=True), st.booleans())
def test_every_action_is_what_its_schema_says(result: Result, digests: bool) -> None:
    sender = SENDER if digests else replace(SENDER, model_version=None, config_digest=None)
    issue = replace(ISSUE, monotonic=result.decided_at + 0.01)
    check("action", wire.action(sender, result, issue))


@given(results(emits=True), st.floats(1e9, 4e9), st.floats(-60, 60), st.floats(0.5, 5.0))
def test_no_event_is_of_the_future_or_lasts_longer_than_its_time(
    result: Result, wall: float, age: float, expiry: float
) -> None:
    issue = wire.Issue(EVENT, 1, wall, result.decided_at + age, expiry)
    payload = wire.action(SENDER, result, issue)
    ours = payload["x"]
    assert isinstance(ours, dict)
    assert ours["capturedAt"] <= ours["issuedAt"]
    assert ours["expiresAt"] <= ours["issuedAt"] + 1000 * expiry + 1  # rounded
    assert payload["startTime"] <= payload["endTime"] == ours["capturedAt"]  # type: ignore[operator]
    assert wire.audited_result(SENDER, result, EVENT, wall)["endTime"] == payload["endTime"]


def test_an_event_issued_late_has_no_longer_to_live_on_a_clock_that_was_set_back() -> None:
    set_back = replace(ISSUE, wall=ISSUE.wall - 3600, monotonic=LIVE.decided_at + 4)
    ours = wire.action(SENDER, LIVE, set_back)["x"]
    assert isinstance(ours, dict)
    assert ours["expiresAt"] - ours["issuedAt"] == 1000


@given(results(emits=False), results(emits=True))
def test_every_audit_record_of_a_result_is_what_its_schema_says(
    silent: Result, told: Result
) -> None:
    for result in (silent, told):
        record = wire.audited_result(SENDER, result, EVENT, 1730000001.25)
        check("audit", wire.audit_row(1, BOOT, record))


@given(words, seconds, st.sampled_from(get_args(wire.Outcome)), st.text())
def test_every_audit_record_of_a_delivery_is_what_its_schema_says(
    source: str, wall: float, outcome: wire.Outcome, detail: str
) -> None:
    record = wire.audited_delivery(SENDER, EVENT, source, wall, outcome, detail)
    check("audit", wire.audit_row(9, BOOT, record))


@given(words, seconds, st.booleans(), st.text(max_size=200))
def test_every_audit_record_of_a_reply_is_what_its_schema_says(
    source: str, wall: float, granted: bool, text: str
) -> None:
    record = wire.audited_reply(SENDER, EVENT, source, wall, granted, text)
    check("audit", wire.audit_row(9, BOOT, record))


@given(words, st.sampled_from(["starting", "online", "stalled", "offline"]), st.text(), seconds)
def test_every_feed_state_is_what_its_schema_says(
    feed: str, phase: str, text: str, since: float
) -> None:
    state = FeedState(feed, phase, text, text, since)  # type: ignore[arg-type]
    check("state", wire.feed_state(SENDER, state))


counts = st.integers(0, 2**53)
phases = st.sampled_from(get_args(Phase))
OBSTACLES = st.builds(Obstacle, words, st.text(), st.just("") | words)
shares = st.floats(0, 1)
LIGHTS = st.builds(Light, seconds, seconds, st.integers(1, 3600), shares)
FACES = st.builds(
    Faces,
    seconds,
    seconds,
    st.integers(5, 500),
    st.floats(-1, 2),
    st.floats(-1, 2),
    shares,
    st.none() | shares,
    st.none() | shares,
)
DOOR_HEALTHS = st.builds(
    DoorHealth,
    words,
    words,
    phases,
    counts,
    counts,
    counts,
    counts,
    counts,
    st.none() | LIGHTS,
    st.none() | FACES,
)
HEALTHS = st.builds(
    Health,
    st.lists(OBSTACLES, max_size=3).map(tuple),
    st.lists(DOOR_HEALTHS, max_size=3).map(tuple),
    st.none() | counts,
    counts,
    counts,
    counts,
    seconds,
)


@given(HEALTHS, seconds, st.booleans())
def test_every_health_is_what_its_schema_says(told: Health, wall: float, digests: bool) -> None:
    sender = SENDER if digests else replace(SENDER, model_version=None, config_digest=None)
    payload = wire.health(sender, told, wall)
    check("health", payload)
    assert payload["ready"] is not bool(payload["why"])


ALARMS = st.builds(
    Alarm, st.sampled_from(get_args(AlarmCode)), st.text(), seconds, st.none() | seconds, words
)


@given(st.lists(ALARMS, max_size=4), seconds, st.booleans())
def test_every_state_of_the_alarms_is_what_its_schema_says(
    told: list[Alarm], wall: float, synchronised: bool
) -> None:
    for quality in (ClockQuality(synchronised), ClockQuality(synchronised, -0.8, 31.5)):
        check("alarms", wire.alarms(SENDER, told, wire.Telling(3, wall, quality)))


@given(
    st.sampled_from(get_args(wire.DaemonState)),
    st.dictionaries(words, st.text(), max_size=3),
    st.none() | seconds,
)
def test_every_status_is_what_its_schema_says(
    state: wire.DaemonState, problems: dict[str, str], since: float | None
) -> None:
    check("status", wire.status(SENDER, state, problems, since))


@given(results(emits=False), words, st.lists(words, max_size=3), st.lists(FINDINGS), seconds)
def test_every_diagnostic_is_what_its_schema_says(
    result: Result, phase: str, reasons: list[str], found: list[Finding], wall: float
) -> None:
    check("diag", wire.diag_result(SENDER, result, EVENT))
    check("diag", wire.diag_phase(SENDER, result.feed, phase, reasons, found, wall))


def test_what_was_measured_stands_beside_its_limit_and_not_in_the_event_for_the_door() -> None:
    dark = Finding("minimum_brightness", Reason.TOO_DARK, 0.10526, 0.15)
    live = Finding("liveness", None, 0.93, 0.6)
    found = [live, dark, replace(dark, value=0.11)]
    result = replace(LIVE, measured=tuple(spread({}, found).values()))
    told: Any = wire.audited_result(SENDER, result, EVENT, ISSUE.wall)["measured"]
    liveness, brightness = told
    assert liveness == {
        "key": "liveness",
        "frames": 1,
        "low": 0.93,
        "high": 0.93,
        "limit": 0.6,
        "bound": "least",
    }
    assert brightness == {
        "key": "minimum_brightness",
        "reason": "too_dark",
        "frames": 2,
        "low": 0.1053,
        "high": 0.11,
        "limit": 0.15,
        "bound": "least",
    }
    assert wire.action(SENDER, result, ISSUE) == wire.action(SENDER, LIVE, ISSUE)
    still = replace(live, value=0.4)
    found = [still, dark, replace(dark, value=0.5)]
    at_once: Any = wire.diag_phase(SENDER, "door-3", "QUALITY", ["too_dark"], found, 1.0)
    assert [each["key"] for each in at_once["measured"]] == ["liveness", "minimum_brightness"]
    assert at_once["measured"][1]["frames"] == 1


@given(words, st.none() | st.sampled_from(PROMPT_CODES), st.text(), seconds)
def test_every_prompt_is_what_its_schema_says(
    source: str, code: str | None, text: str, wall: float
) -> None:
    check("prompt", wire.prompt(SENDER, source, code, text, "en", wall))


def objects(schema: object) -> Iterator[dict[str, object]]:
    """Every part of a schema that describes an object."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@pytest.mark.parametrize("name", get_args(wire.SchemaName))
def test_a_schema_is_sound_and_no_reader_of_it_is_broken_by_a_new_key(
    name: wire.SchemaName,
) -> None:
    schema = wire.schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list(objects(schema))
    assert found
    for part in found:
        # the type of the values where the names are data (scores, attributes)
        assert part.get("additionalProperties", True) is not False
    assert list(objects(closed(schema))) != found


@pytest.mark.parametrize("name", get_args(wire.SchemaName))
def test_a_schema_needs_no_plugin_of_any_validator(name: wire.SchemaName) -> None:
    """Formats are optional in draft 2020-12, and ajv refuses a schema whose format it lacks."""
    words = set(re.findall(r'"(\$?\w+)":', json.dumps(wire.schema(name))))
    assert words & {"format", "unevaluatedProperties", "$dynamicRef", "discriminator"} == set()


def test_two_validators_refuse_the_same_and_take_the_same() -> None:
    """Each a reader's choice: a schema must not hang on how one of them reads it."""
    good = json.loads(wire.encode(wire.action(SENDER, LIVE, ISSUE)))
    fine: list[dict[str, object]] = [{}, {"later": 1}]
    wrong: list[dict[str, object]] = [
        {"actionId": "openDoor"},
        {"livenessConfirmed": "maybe"},
        {"livenessConfirmed": True},
        {"x": {**good["x"], "expiresAt": "soon"}},
        {"x": {key: value for key, value in good["x"].items() if key != "expiresAt"}},
    ]
    first = jsonschema.Draft202012Validator(wire.schema("action"))
    for changed in fine + wrong:
        payload = {**good, **changed}
        try:
            readers("action")(payload)
            taken = True
        except fastjsonschema.JsonSchemaValueException:
            taken = False
        assert first.is_valid(payload) == taken == (changed in fine), changed


def test_a_key_that_is_added_later_is_taken_by_readers_and_never_sent_by_us() -> None:
    payload = wire.action(SENDER, LIVE, ISSUE)
    ours = payload["x"]
    assert isinstance(ours, dict)
    later = {**payload, "later": 1, "x": {**ours, "later": {"at": 2}}}
    jsonschema.Draft202012Validator(wire.schema("action")).validate(later)
    with pytest.raises(jsonschema.ValidationError, match="later"):
        check("action", later)


@given(results(emits=True))
def test_a_compact_action_has_the_attributes_the_id_and_the_times(result: Result) -> None:
    full = wire.action(SENDER, result, replace(ISSUE, monotonic=result.decided_at + 0.01))
    compact = wire.compact_action(full)
    check("action_compact", compact)
    ours = full["x"]
    assert isinstance(ours, dict)
    same = {"eventId", "actionId", "endTime", *result.attributes}
    assert {key: compact[key] for key in compact if key != "x"} == {key: full[key] for key in same}
    assert compact["x"] == {"boot": BOOT[:8], "expiresAt": ours["expiresAt"]}
    assert ours["capturedAt"] == compact["endTime"]


@given(st.dictionaries(words, st.text(), max_size=3), st.none() | seconds, words)
def test_a_compact_status_and_state_say_what_is_with_codes_alone(
    problems: dict[str, str], since: float | None, feed: str
) -> None:
    status = wire.compact_status(wire.status(SENDER, "online", problems, since))
    check("status_compact", status)
    assert status["problems"] == [{"code": code} for code in problems]
    state = FeedState(feed, "stalled", "no_frames", "a long sentence", 1.0)
    check("state_compact", wire.compact_state(wire.feed_state(SENDER, state)))


def test_a_door_is_named_wherever_its_source_is_and_never_takes_room_in_the_compact_forms() -> None:
    action = wire.action(SENDER, LIVE, ISSUE)
    state = wire.feed_state(SENDER, FeedState("door-3", "online", "", "", 1.0))
    ours = action["x"]
    assert isinstance(ours, dict)
    beside: list[tuple[wire.SchemaName, wire.Payload]] = [
        ("state", state),
        ("audit", wire.audit_row(1, BOOT, wire.audited_result(SENDER, LIVE, EVENT, ISSUE.wall))),
        (
            "audit",
            wire.audit_row(
                2, BOOT, wire.audited_delivery(SENDER, EVENT, "door-3", ISSUE.wall, "published", "")
            ),
        ),
        (
            "audit",
            wire.audit_row(
                3, BOOT, wire.audited_reply(SENDER, EVENT, "door-3", ISSUE.wall, True, "Welcome")
            ),
        ),
        ("diag", wire.diag_result(SENDER, LIVE, EVENT)),
        ("diag", wire.diag_phase(SENDER, "door-3", "IDLE", [], [], 1.0)),
        ("prompt", wire.prompt(SENDER, "door-3", "nod", "Nod", "en", 1.0)),
    ]
    for name, payload in beside:
        check(name, payload)
        assert (payload["sourceId"], payload["doorId"]) == ("door-3", "side-entrance")
    check("action", action)
    assert (action["sourceId"], ours["doorId"]) == ("door-3", "side-entrance")
    assert "side-entrance" not in str(wire.compact_action(action)) + str(wire.compact_state(state))


def test_a_source_that_watches_no_door_is_given_none() -> None:
    assert "doorId" not in wire.feed_state(SENDER, FeedState("door-9", "online", "", "", 1.0))


def test_an_unknown_state_can_never_be_an_action() -> None:
    unknown = replace(LIVE, state="LIVENESS_UNKNOWN")
    with pytest.raises(jsonschema.ValidationError, match="LIVENESS_UNKNOWN"):
        check("action", wire.action(SENDER, unknown, ISSUE))


ALL: dict[str, str | float] = {
    "liveness": 0.9,
    "livenessConfirmed": "true",
    "smile": "true",
    "challengeConfirmed": "true",
}


@pytest.mark.parametrize("action", ACTIONS)
@given(data=st.data())
def test_an_action_has_exactly_the_attributes_of_its_kind(
    action: ActionId, data: st.DataObject
) -> None:
    said = data.draw(attributes.get(action, CHALLENGE))
    right = replace(LIVE, action=action, attributes=said, state=rgb_state(action, said, True))
    check("action", wire.action(SENDER, right, ISSUE))
    strange = data.draw(st.sampled_from(sorted(ALL.keys() - said.keys())))
    assert refused(replace(right, attributes={**said, strange: ALL[strange]}))
    for name in said:
        assert refused(replace(right, attributes={k: said[k] for k in said if k != name}))


def refused(result: Result) -> bool:
    try:
        check("action", wire.action(SENDER, result, ISSUE))
    except jsonschema.ValidationError:
        return True
    return False


def test_not_confirmed_never_stands_beside_a_confirmed_state() -> None:
    both = replace(LIVE, attributes={"liveness": 0.9, "livenessConfirmed": "false"})
    with pytest.raises(jsonschema.ValidationError, match="LIVENESS_CONFIRMED"):
        check("action", wire.action(SENDER, both, ISSUE))


def test_only_where_rgb_liveness_ran_is_its_state_told() -> None:
    smile = replace(LIVE, action="smileToActivate", attributes={"smile": "true"}, state=None)
    assert "rgbLivenessState" not in str(wire.action(SENDER, smile, ISSUE))
    assert "currentState" not in wire.audited_result(SENDER, smile, EVENT, 1.0)
    assert "currentState" not in wire.diag_result(SENDER, smile, EVENT)


def test_the_vendors_fields_come_first_and_everything_of_ours_is_under_x() -> None:
    payload = wire.action(SENDER, LIVE, ISSUE)
    assert list(payload.items())[:-1] == [
        ("eventId", EVENT),
        ("type", "action"),
        ("actionId", "rgbLiveness"),
        ("startTime", 1730000000000),
        ("endTime", 1730000001200),
        ("siteId", "hq"),
        ("sourceId", "door-3"),
        ("personId", None),
        ("idClass", None),
        ("liveness", 0.93),
        ("livenessConfirmed", "true"),
    ]
    assert payload["x"] == {
        "schema": 1,
        "deviceId": "kiosk-07",
        "doorId": "side-entrance",
        "bootId": BOOT,
        "seq": 4711,
        "trackId": 18,
        "mode": "secure_access_rgb_liveness",
        "attempt": 1,
        "frames": 10,
        "capturedAt": 1730000001200,
        "issuedAt": 1730000001250,
        "expiresAt": 1730000006200,
        "latencyMs": 1250,
        "clockSynchronised": None,
        "rgbLivenessState": {"currentState": "LIVENESS_CONFIRMED"},
        "modelVersion": "hybrid@1f2e",
        "configDigest": "sha256:ab",
    }


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_is_never_sent(score: float) -> None:
    result = replace(LIVE, attributes={"liveness": score, "livenessConfirmed": "true"})
    with pytest.raises(ValueError, match="JSON"):
        wire.encode(wire.action(SENDER, result, ISSUE))


@pytest.mark.parametrize("name", ["", "a/b", "+", "front#1", "nul\0", "two\nlines", "$SYS"])
def test_a_name_that_would_reach_other_topics_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="MQTT topic"):
        wire.Topics("liveness/v1", "hq", "kiosk-07").action(name)
    with pytest.raises(ValueError, match="MQTT topic"):
        wire.Topics("liveness/v1", name, "kiosk-07")
