"""Profile pose as the rest of the daemon knows it."""

from kioskd.modes.pose.pose_mode import MODE, PoseMode
from kioskd.modes.pose.pose_phases import PROMPTS, TRANSITIONS
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from kioskd.modes.spec import ACTING, GateKeys, ModeSpec, Needs, Order, Place

# Its gate leaves out what a walking, turning head breaks.
WALKING = GateKeys(
    defaults=GATE,
    without=frozenset(
        {
            "numbers",
            "maximum_drift",
            "hybrid_margin_left",
            "hybrid_margin_right",
            "hybrid_margin_above",
            "hybrid_margin_below",
            "minimum_change",
            "minimum_centre_pose_quality",
            "maximum_yaw_deg",
        }
    ),
    highest={"maximum_pitch_deg": 60.0, "maximum_roll_deg": 60.0},
    sentence="When a frame of a walking, turning person is fit to be evidence"
    " (docs/understand/gate.md).",
)
SPEC = ModeSpec(
    name=MODE,
    sentence="Secure access with profile pose: a person who looks at the camera, then turns away.",
    settings=PoseSettings(),
    sections={"profile_pose": Place("", "Which turn is asked for.")},
    make=lambda settings, gate, _: PoseMode(settings, gate),
    needs=lambda _: Needs(ACTING),
    actions=("poseLiveness",),
    attributes=(frozenset(),),
    table=TRANSITIONS,
    prompts=PROMPTS,
    gate=WALKING,
    replays=lambda _: True,
    orders=(Order("profile_pose", "profile_pose_quality", "centre_pose_quality", strict=True),),
)
