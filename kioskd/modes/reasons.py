"""Why a frame is no evidence, or an attempt came to nothing: a code and a sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """A code as it stands in logs, diagnostics and the audit; docs/understand/gate.md has all."""

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
    JUST_SEEN = "just_seen"
    # what the crop looks like: Measure.QUALITY
    BLURRY = "blurry"
    LOW_CONTRAST = "low_contrast"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    STILL_PICTURE = "still_picture"
    # what was done to the picture as a whole: Measure.PICTURE
    NO_COLOUR = "no_colour"
    FALSE_COLOURS = "false_colours"
    FEW_TONES = "few_tones"
    COMPRESSED = "compressed"
    # where the head points: Measure.POSE
    HEAD_TURNED = "head_turned"
    HEAD_PITCHED = "head_pitched"
    HEAD_TILTED = "head_tilted"
    PICTURE_TURNED = "picture_turned"
    CENTRE_POSE_LOW = "centre_pose_low"
    # what the networks said
    NOT_MEASURED = "not_measured"
    NOT_ARMED = "not_armed"
    NOT_THE_PERSON = "not_the_person"
    STRANGER = "stranger"
    THREAT = "threat"
    NOT_ADMITTED = "not_admitted"
    SCORE_INVALID = "score_invalid"
    # what the depth camera said
    NO_DEPTH_CAMERA = "no_depth_camera"
    DEPTH_MISSING = "depth_missing"
    DEPTH_FROZEN = "depth_frozen"
    DEPTH_LATE = "depth_late"
    TWO_CLOCKS = "two_clocks"
    DEPTH_SPARSE = "depth_sparse"
    TOO_NEAR = "too_near"
    TOO_FAR = "too_far"
    INFRARED_MISSING = "infrared_missing"
    INFRARED_LATE = "infrared_late"
    INFRARED_FACELESS = "infrared_faceless"
    # what the person was asked for and did not do
    NOT_NEUTRAL = "not_neutral"
    NO_SMILE = "no_smile"
    MOUTH_COVERED = "mouth_covered"
    EYES_COVERED = "eyes_covered"
    FACE_COVERED = "face_covered"
    SUDDEN = "sudden"
    BLENDED = "blended"
    TURNED_TOO_FAST = "turned_too_fast"
    TURNED_BACK = "turned_back"
    WRONG_DIRECTION = "wrong_direction"
    NOT_NEARER = "not_nearer"
    PLANAR_MOTION = "planar_motion"
    NO_DEPTH_EVIDENCE = "no_depth_evidence"
    # the start condition of a challenge
    MOUTH_OPEN = "mouth_open"
    EYES_CLOSED = "eyes_closed"
    EYEBROWS_RAISED = "eyebrows_raised"
    FACE_TOO_WIDE = "face_too_wide"
    OUTSIDE_AREA = "outside_area"
    # another action than the one asked for
    FRAUD_ANGLES = "fraud_angles"
    FRAUD_MOUTH = "fraud_mouth"
    FRAUD_EYEBROWS = "fraud_eyebrows"
    FRAUD_EYES = "fraud_eyes"
    FRAUD_SMILE = "fraud_smile"
    # the return codes of a challenge's engine
    OK = "ok"
    NOT_INITIALIZED = "not_initialized"
    NOT_READY = "not_ready"
    PRECONDITION_FAILED = "precondition_failed"
    INTERNAL = "internal"
    # what ended an attempt
    TRACK_LOST = "track_lost"
    SUBJECT_CHANGED = "subject_changed"
    OTHER_PERSON = "other_person"
    NOT_COMPARED = "not_compared"
    # what an action is joined with
    LIFE_NOT_SHOWN = "life_not_shown"
    TURN_NOT_SHOWN = "turn_not_shown"
    NOT_LIVE = "not_live"
    # how an attempt may end
    FRAMES_MISSING = "frames_missing"
    FEED_RESTARTED = "feed_restarted"
    TIME_OVER = "time_over"
    OVERLOADED = "overloaded"
    UNDECIDED = "undecided"
    EVIDENCE_AGAINST = "evidence_against"
    # why nothing is tried
    FRAME_OUT_OF_ORDER = "frame_out_of_order"
    ALREADY_DECIDED = "already_decided"
    COOLING_DOWN = "cooling_down"
    ATTEMPTS_USED_UP = "attempts_used_up"
    CALLED_AN_ATTACK = "called_an_attack"
    DOOR_RESTS = "door_rests"
    LOCKED_OUT = "locked_out"
    OUT_OF_HOURS = "out_of_hours"
    JUST_OPENED = "just_opened"
    DISABLED = "disabled"

    @property
    def sentence(self) -> str:
        """What the operator reads."""
        return SENTENCES[self]


def sentence(code: str) -> str:
    """What the operator reads for a code; one that is not known here stands for itself."""
    try:
        return Reason(code).sentence
    except ValueError:
        return code


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
    Reason.JUST_SEEN: "The face just came; how it changes is not known yet",
    Reason.BLURRY: "The face is blurred; hold still, clean the lens or set the focus",
    Reason.LOW_CONTRAST: "The face shows too little contrast; avoid backlight, clean the lens",
    Reason.TOO_DARK: "The face is too dark; add light from the front",
    Reason.TOO_BRIGHT: "The face is washed out; reduce the light or the exposure",
    Reason.STILL_PICTURE: "The picture does not change; the camera hangs, or shows a still",
    Reason.NO_COLOUR: "The picture has no colour: the camera is in night mode; end that, add light",
    Reason.FALSE_COLOURS: "The colours are false; set the camera's pixel format, take effects off",
    Reason.FEW_TONES: "The picture has too few tones; take picture effects off, raise the bit rate",
    Reason.COMPRESSED: "The picture is compressed or enlarged too far; raise bit rate and size",
    Reason.HEAD_TURNED: "The head is turned to a side; look at the camera",
    Reason.HEAD_PITCHED: "The head points up or down; look at the camera",
    Reason.HEAD_TILTED: "The head is tilted to a shoulder; hold it upright",
    Reason.PICTURE_TURNED: "The face lies on its side or stands on its head in the picture; hang"
    " the camera upright, or set rotate of its feed",
    Reason.CENTRE_POSE_LOW: "The face does not look straight into the lens",
    Reason.NOT_MEASURED: "A measurement that is needed could not be made on this frame",
    Reason.NOT_ARMED: "Nobody has asked for anybody here: this door waits for a session",
    Reason.NOT_THE_PERSON: "A live person stands there, and not the one who was asked for",
    Reason.STRANGER: "A live person stands there who is not enrolled",
    Reason.THREAT: "Somebody stands there who is enrolled as a threat",
    Reason.NOT_ADMITTED: "Somebody stands there who is enrolled, and may not enter here now",
    Reason.SCORE_INVALID: "The networks gave no usable liveness score for this frame",
    Reason.NO_DEPTH_CAMERA: "The camera that watches here is no depth camera",
    Reason.DEPTH_MISSING: "The camera gave no depth with this image",
    Reason.DEPTH_FROZEN: "The depth is that of the image before, to the last pixel",
    Reason.DEPTH_LATE: "Depth and image were not taken at the same time",
    Reason.TWO_CLOCKS: "The camera times its images by two clocks, which cannot be compared",
    Reason.DEPTH_SPARSE: "Too little of the face has depth; look at the camera, out of the sun",
    Reason.TOO_NEAR: "The face is too near for a depth camera; step back",
    Reason.TOO_FAR: "The face is too far from the depth camera; step closer",
    Reason.INFRARED_MISSING: "The camera gave no infrared image",
    Reason.INFRARED_LATE: "Infrared and colour image were not taken at the same time",
    Reason.INFRARED_FACELESS: "No face stands in infrared where the colour image has one",
    Reason.NOT_NEUTRAL: "The face smiles before it was asked to; look neutral first",
    Reason.NO_SMILE: "No smile came, or it did not last",
    Reason.MOUTH_COVERED: "The mouth cannot be seen, so what it does is not known; take off masks",
    Reason.EYES_COVERED: "The eyes cannot be seen, so a blink is not known; take glasses off",
    Reason.FACE_COVERED: "Something lies over the parts of the face that were asked for nothing",
    Reason.BLENDED: "The picture changed as one picture does into another, not as a face",
    Reason.SUDDEN: "The look changed at once, as when one picture takes another's place",
    Reason.TURNED_TOO_FAST: "The head was in profile at once; turn it slowly",
    Reason.TURNED_BACK: "The head went back before the profile; look at the camera again",
    Reason.WRONG_DIRECTION: "The head turned to the other side",
    Reason.NOT_NEARER: "The face did not come nearer during the turn",
    Reason.PLANAR_MOTION: "The face moved like a flat picture, not like a head",
    Reason.NO_DEPTH_EVIDENCE: "Too little was seen of the turn to know a head from a flat picture",
    Reason.MOUTH_OPEN: "The mouth is open before it was asked to be; close it",
    Reason.EYES_CLOSED: "The eyes are closed; open both",
    Reason.EYEBROWS_RAISED: "The eyebrows are still raised; relax",
    Reason.FACE_TOO_WIDE: "The face's outline is wider than a face is high; look straight",
    Reason.OUTSIDE_AREA: "The face is outside the area in which a challenge may start",
    Reason.FRAUD_ANGLES: "The head turned, which was not asked for",
    Reason.FRAUD_MOUTH: "The mouth opened, which was not asked for",
    Reason.FRAUD_EYEBROWS: "The eyebrows rose, which was not asked for",
    Reason.FRAUD_EYES: "The eyes blinked, which was not asked for",
    Reason.FRAUD_SMILE: "The face smiled, which was not asked for",
    Reason.OK: "The challenge was passed",
    Reason.NOT_INITIALIZED: "Nobody is being asked for anything",
    Reason.NOT_READY: "The challenge needs more frames before it can say more",
    Reason.PRECONDITION_FAILED: "The start condition does not hold, so nothing was asked for yet",
    Reason.INTERNAL: "A measure came out as no number; the frame is no evidence",
    Reason.TRACK_LOST: "The person left, or was lost from view, before the decision",
    Reason.SUBJECT_CHANGED: "Another face took the person's place before the decision",
    Reason.OTHER_PERSON: "Somebody else stands there than at the attempt's beginning",
    Reason.NOT_COMPARED: "Whether it is still the same person could not be compared in this frame",
    Reason.LIFE_NOT_SHOWN: "The action was seen; what it is joined with has not shown life yet",
    Reason.TURN_NOT_SHOWN: "The action was seen; the turn that goes with it was not yet",
    Reason.NOT_LIVE: "What the action is joined with was taken for an attack",
    Reason.FRAMES_MISSING: "No frame was judged for too long during the attempt",
    Reason.FEED_RESTARTED: "The camera was opened again during the attempt",
    Reason.TIME_OVER: "The attempt's time was over before a decision",
    Reason.OVERLOADED: "The machine was too busy to look at most of the attempt's frames",
    Reason.UNDECIDED: "The scores were neither clearly live nor clearly an attack",
    Reason.EVIDENCE_AGAINST: "These frames look live, but all that was seen of this face does not",
    Reason.FRAME_OUT_OF_ORDER: "The frame is not newer than the one before it",
    Reason.ALREADY_DECIDED: "This person is confirmed already; nothing more until they leave",
    Reason.COOLING_DOWN: "The next attempt of this person may begin after the cool-down",
    Reason.ATTEMPTS_USED_UP: "This person has used all attempts; they must leave the view first",
    Reason.CALLED_AN_ATTACK: "This face was taken for an attack; it must leave the view first",
    Reason.DOOR_RESTS: "After an attack this door tries nobody for a while",
    Reason.LOCKED_OUT: "The door stays shut for some minutes, after repeated attacks",
    Reason.OUT_OF_HOURS: "The door does not open at this time; or the kiosk's clock is in doubt",
    Reason.JUST_OPENED: "The door was told to open a moment ago",
    Reason.DISABLED: "An operator disabled this door: nobody is decided on here",
}
