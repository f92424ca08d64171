"""A session as others read it, in the words of the service that the seed describes. Pure.

Two versions of the status: `status` as in the seed's sample (NotStarted, Started,
ResultAvailable), and `state` as that service says it today (NotStarted, Running, Succeeded, Failed,
Canceled). docs/connect/sessions.md tells it.
"""

from datetime import UTC, datetime
from typing import Any

from kioskd.sessions.session_life import AttemptRecord, Rectangle, Session, sentence

Json = dict[str, Any]

IMAGE_TYPES = {"Passive": "Color", "PassiveActive": "Color", "Depth": "Depth"}


def created(session: Session, token: str) -> Json:
    """The answer to whoever opened it: only here stands the token."""
    return {
        "sessionId": session.id,
        "authToken": token,
        **_image(session),
        "expiresDateTime": when(session.created_at + session.ttl_s),
        **head(session),
    }


def head(session: Session) -> Json:
    """What is known of a session before it has a result."""
    told: Json = {
        "id": session.id,
        "doorId": session.door,
        "livenessOperationMode": session.operation,
        "createdDateTime": when(session.created_at),
        "authTokenTimeToLiveInSeconds": session.ttl_s,
        "numberOfClientAttemptsAllowed": session.attempts_allowed,
        "sessionExpired": session.expired,
        "status": status(session),
        "state": state(session),
    }
    given = {
        "deviceCorrelationId": session.device_correlation_id,
        "userCorrelationId": session.user_correlation_id,
        "nonce": session.nonce,
        "personId": session.person_id,
        "detail": session.why,
    }
    return told | {key: value for key, value in given.items() if value}


def whole(session: Session, flagged: tuple[str, ...] = ()) -> Json:
    """All of it, for its creator.

    flagged  other sessions of the same device or user that met attacks or other people
    """
    told = head(session)
    if session.attempts and status(session) == "ResultAvailable":
        told["result"] = _result(session, session.attempts[-1])
    return told | {
        **_image(session),
        "attempts": [_attempt(each) for each in session.attempts],
        "abuseMonitoringResult": {
            "isAbuseDetected": bool(flagged),
            "otherFlaggedSessions": [{"sessionId": each} for each in flagged],
        },
    }


def for_token(session: Session) -> Json:
    """For whoever runs it: how it stands, and the decision only if its creator wants that."""
    told = head(session)
    for secret in ("userCorrelationId", "nonce", "personId", "deviceCorrelationId"):
        told.pop(secret, None)
    last = session.attempts[-1] if session.attempts else None
    given = session.send_results and session.phase == "ended"
    if given and last is not None and last.decision is not None:
        told |= {"livenessDecision": last.decision, **_match(last)}
    return told


def status(session: Session) -> str:
    """In the seed's words."""
    if session.phase in ("waiting", "armed"):
        return "NotStarted"
    if session.phase == "running":
        return "Started"
    return "ResultAvailable" if session.attempts else "NotStarted"


def state(session: Session) -> str:
    """In the words of today."""
    if session.outcome is not None:
        return session.outcome
    return "Running" if session.phase == "running" else "NotStarted"


def when(seconds: float) -> str:
    """Unix seconds as the seed writes them, to the millisecond and in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def rectangle(box: Rectangle) -> Json:
    left, top, width, height = box
    return {"top": top, "left": left, "width": width, "height": height}


def _result(session: Session, last: AttemptRecord) -> Json:
    """The seed's `result`, of the attempt that ended it. What has no meaning here is left out:
    `request.url` and the like are of an upload, and here the kiosk has the camera.
    """
    body: Json = {"livenessDecision": last.decision or "uncertain"}
    if last.rectangle is not None:
        body["target"] = {
            "faceRectangle": rectangle(last.rectangle),
            "timeOffsetWithinFile": 0,
            "imageType": IMAGE_TYPES[session.operation],
        }
    body |= {"modelVersionUsed": last.model_version, **_match(last)}
    told: Json = {
        "id": last.number,
        "sessionId": session.id,
        "requestId": last.request_id,
        "receivedDateTime": when(last.at),
        "response": {
            "body": body,
            "statusCode": 200,
            "latencyInMilliseconds": last.latency_ms,
        },
    }
    return told | ({"digest": last.digest.upper()} if last.digest else {})


def _attempt(one: AttemptRecord) -> Json:
    """A result or an error, and never both."""
    told: Json = {
        "attemptId": one.number,
        "attemptStatus": "Succeeded" if one.decision is not None else "Failed",
        "requestId": one.request_id,
        "actionId": one.action,
        "frames": one.count,
        "reasons": list(one.reasons),
    }
    if one.decision is None:
        code = one.error or ""
        return told | {"error": {"code": code, "message": sentence(code)}}
    result: Json = {"livenessDecision": one.decision, **_match(one)}
    if one.rectangle is not None:
        result["targets"] = {"color": {"faceRectangle": rectangle(one.rectangle)}}
    if one.digest:
        result["digest"] = one.digest.upper()
    return told | {"result": result}


def _match(one: AttemptRecord) -> Json:
    if one.match is None:
        return {}
    confidence, identical = one.match
    return {"verifyResult": {"matchConfidence": round(confidence, 6), "isIdentical": identical}}


def _image(session: Session) -> Json:
    image = session.verify_image
    if image is None:
        return {}
    told: Json = {
        "faceRectangle": rectangle(image.rectangle),
        "qualityForRecognition": image.quality,
    }
    if image.reasons:
        told["reasons"] = list(image.reasons)
    return {"verifyImage": told}
