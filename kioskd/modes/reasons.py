"""Why a frame is no evidence, or an attempt came to nothing: a code and a sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """A code as it stands in logs, diagnostics and the audit; docs/gate.md lists them all."""

    # who stands there
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    # where the face is: the box alone
    FACE_MISSED = "face_missed"
    FACE_TOO_SMALL = "face_too_small"
    FACE_TOO_LARGE = "face_too_large"
    FACE_NEAR_BORDER = "face_near_border"
    MARGIN_LEFT = "margin_left"
    MARGIN_RIGHT = "margin_right"
    MARGIN_ABOVE = "margin_above"
    MARGIN_BELOW = "margin_below"
    MOVING = "moving"
    # what the crop looks like: Measure.QUALITY
    BLURRY = "blurry"
    LOW_CONTRAST = "low_contrast"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    # where the head points: Measure.POSE
    HEAD_TURNED = "head_turned"
    HEAD_PITCHED = "head_pitched"
    HEAD_TILTED = "head_tilted"
    CENTRE_POSE_LOW = "centre_pose_low"
    # what the networks said
    NOT_MEASURED = "not_measured"
    SCORE_INVALID = "score_invalid"
    # what ended an attempt
    TRACK_LOST = "track_lost"
    SUBJECT_CHANGED = "subject_changed"
    FRAMES_MISSING = "frames_missing"
    FEED_RESTARTED = "feed_restarted"
    TIME_OVER = "time_over"
    UNDECIDED = "undecided"
    # why nothing is tried
    FRAME_OUT_OF_ORDER = "frame_out_of_order"
    ALREADY_DECIDED = "already_decided"
    COOLING_DOWN = "cooling_down"
    ATTEMPTS_USED_UP = "attempts_used_up"

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        return SENTENCES[self]


SENTENCES: dict[Reason, str] = {
    Reason.NO_FACE: "Nobody is in view",
    Reason.SEVERAL_FACES: "More than one face is in view; one person at a time",
    Reason.FACE_MISSED: "The detector lost the face for a moment; keep it in view and uncovered",
    Reason.FACE_TOO_SMALL: "The face is too small; step closer or use more resolution",
    Reason.FACE_TOO_LARGE: "The face fills too much of the picture; step back",
    Reason.FACE_NEAR_BORDER: "The face touches the edge of the picture; stand in the middle",
    Reason.MARGIN_LEFT: "Too little room between the face and the picture's left edge",
    Reason.MARGIN_RIGHT: "Too little room between the face and the picture's right edge",
    Reason.MARGIN_ABOVE: "Too little room above the face; step back or raise the camera's view",
    Reason.MARGIN_BELOW: "Too little room below the face; step back or lower the camera's view",
    Reason.MOVING: "The face moves; hold still for a second",
    Reason.BLURRY: "The face is blurred; hold still, clean the lens or set the focus",
    Reason.LOW_CONTRAST: "The face shows too little contrast; avoid backlight, clean the lens",
    Reason.TOO_DARK: "The face is too dark; add light from the front",
    Reason.TOO_BRIGHT: "The face is washed out; reduce the light or the exposure",
    Reason.HEAD_TURNED: "The head is turned to a side; look at the camera",
    Reason.HEAD_PITCHED: "The head points up or down; look at the camera",
    Reason.HEAD_TILTED: "The head is tilted to a shoulder; hold it upright",
    Reason.CENTRE_POSE_LOW: "The face does not look straight into the lens",
    Reason.NOT_MEASURED: "A measurement that is needed could not be made on this frame",
    Reason.SCORE_INVALID: "The networks gave no usable liveness score for this frame",
    Reason.TRACK_LOST: "The person left, or was lost from view, before the decision",
    Reason.SUBJECT_CHANGED: "Another face took the person's place before the decision",
    Reason.FRAMES_MISSING: "The camera gave no frames for too long during the attempt",
    Reason.FEED_RESTARTED: "The camera was opened again during the attempt",
    Reason.TIME_OVER: "The attempt's time was over before a decision",
    Reason.UNDECIDED: "The scores were neither clearly live nor clearly an attack",
    Reason.FRAME_OUT_OF_ORDER: "The frame is not newer than the one before it",
    Reason.ALREADY_DECIDED: "This person is confirmed already; nothing more until they leave",
    Reason.COOLING_DOWN: "The next attempt of this person may begin after the cool-down",
    Reason.ATTEMPTS_USED_UP: "This person has used all attempts; they must leave the view first",
}
