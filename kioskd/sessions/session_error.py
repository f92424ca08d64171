"""What a request for a session is refused with: a code for programs, a sentence for people."""

from typing import Literal

from kioskd.refused import RefusedError

Code = Literal[
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "SessionNotFound",
    "DoorNotFound",
    "OperationNotSupported",
    "DoorBusy",
    "SessionEnded",
    "TooManyRequests",
    "RequestTooLarge",
    "MethodNotAllowed",
    "PersonNotFound",
    "PersonNotAdmitted",
    "ImageEmpty",
    "ImageTooLarge",
    "UnsupportedImageFormat",
    "ImageUnreadable",
    "NoFaceInImage",
    "SeveralFacesInImage",
    "FaceTooSmallInImage",
    "NotComparable",
    "StoreFailed",
]

# As HTTP has them; over MQTT the code alone goes.
STATUS: dict[Code, int] = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "SessionNotFound": 404,
    "DoorNotFound": 404,
    "PersonNotFound": 404,
    "MethodNotAllowed": 405,
    "PersonNotAdmitted": 409,
    "OperationNotSupported": 409,
    "DoorBusy": 409,
    "SessionEnded": 409,
    "RequestTooLarge": 413,
    "ImageTooLarge": 413,
    "UnsupportedImageFormat": 415,
    "ImageEmpty": 422,
    "ImageUnreadable": 422,
    "NoFaceInImage": 422,
    "SeveralFacesInImage": 422,
    "FaceTooSmallInImage": 422,
    "NotComparable": 422,
    "TooManyRequests": 429,
    "StoreFailed": 503,
}


class SessionError(RefusedError):
    """One refusal."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(STATUS[code], code, sentence)
