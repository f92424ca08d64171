"""How a face's patch differs from a sheet of anything: 22 numbers, each with a meaning.

The patch is compared with three things: a plane, a cylinder whatever its axis and however it is
rolled, and the mean face, turned, shifted and scaled until it fits best.
"""

from functools import cache

import numpy as np

from models.relief import flat_face
from models.relief.flat_face import Floats
from models.relief.patch import Patch

NAMES = (
    "distance",  # log of metres
    "valid",  # share of the places that have depth
    "size",  # log of the face's size in the mean face's
    "off_face",  # mm, RMS: how far it is from the mean face, fitted
    "off_plane",  # mm, RMS
    "off_cylinder",  # mm, RMS: from the best of eight
    "off_quadric",  # mm, RMS: from the best bowl or saddle
    "face_or_plane",  # log of off_plane / off_face
    "face_or_cylinder",  # log of off_cylinder / off_face
    "relief",  # of the face without its plane, in the mean face's: 1 as much, -1 hollow
    "relief_alike",  # correlation with the mean face, without the plane
    "features",  # as relief, without a bowl too: nose, brow, chin
    "features_alike",  # correlation
    "nose",  # mm that the tip of the nose stands before the cheeks
    "forehead",  # mm that the middle of the forehead stands before its sides
    "eyes",  # mm that the bridge of the nose stands before the eyes' outer corners
    "chin",  # mm that the chin stands before the jaw's sides
    "across",  # curvature, 1 / m; above 0 like a head
    "down",
    "beyond",  # share of the ring about the face that lies 25 mm or more behind its edge
    "drop",  # mm, median: how far behind
    "grain",  # mm: noise from place to place
)
LEAST = 60  # places with depth, without which nothing can be said
AXES = np.radians(np.arange(0.0, 180.0, 22.5))
FIT_ROUNDS = 2
REGIONS = {  # places within a reach of points on the mean face, millimetres
    "tip": ((0.0, 32.0), 8.0),
    "left cheek": ((42.0, 38.0), 12.0),
    "right cheek": ((-42.0, 38.0), 12.0),
    "brow": ((0.0, -35.0), 12.0),
    "left temple": ((46.0, -30.0), 11.0),
    "right temple": ((-46.0, -30.0), 11.0),
    "bridge": ((0.0, 0.0), 8.0),
    "left eye": ((42.0, 2.0), 9.0),
    "right eye": ((-42.0, 2.0), 9.0),
    "chin": ((0.0, 105.0), 12.0),
    "left jaw": ((42.0, 78.0), 12.0),
    "right jaw": ((-42.0, 78.0), 12.0),
}


def measures(patch: Patch) -> Floats | None:
    """(22,) in the order of NAMES; None where too little of the face has depth."""
    there = np.isfinite(patch.points[:, 2])
    if there.sum() < LEAST:
        return None
    there &= _near(patch.points[:, 2])
    if there.sum() < LEAST:
        return None
    points, mean = patch.points[there], _mean_points()[there]
    size, fitted = _fit(mean, points)
    sheet = _sheet(points)
    flat = sheet - _on(_plane(points), sheet)
    bowl = sheet - _on(_quadric(points), sheet)
    mean_sheet = -mean[:, 2]
    mean_flat = mean_sheet - _on(_plane(mean), mean_sheet)
    mean_bowl = mean_sheet - _on(_quadric(mean), mean_sheet)
    off_face = max(0.5, _rms(fitted))
    off_cylinder = min(_rms(sheet - _on(_rolled(points, axis), sheet)) for axis in AXES)
    across, down = _curvature(points, sheet)
    scaled = np.full(len(there), np.nan)
    scaled[there] = flat / size
    return np.array(
        (
            np.log(points[:, 2].mean() / 1000.0),
            patch.valid_ratio,
            np.log(size),
            off_face / size,
            _rms(flat),
            off_cylinder,
            _rms(bowl),
            np.log(max(0.5, _rms(flat)) / off_face),
            np.log(max(0.5, off_cylinder) / off_face),
            _gain(flat / size, mean_flat),
            _alike(flat, mean_flat),
            _gain(bowl / size, mean_bowl),
            _alike(bowl, mean_bowl),
            *_profiles(scaled),
            across * size,
            down * size,
            *_surroundings(patch, size),
            _grain(patch),
        )
    )


def _near(z: Floats) -> np.ndarray:
    """What is within a head's depth of the middle of the face; the rest is background."""
    with np.errstate(invalid="ignore"):
        near: np.ndarray = np.abs(z - np.nanmedian(z)) < 150.0
    return near


@cache
def _mean_points() -> Floats:
    return np.asarray(flat_face.blend() @ flat_face.mean()[: flat_face.MESHED])


def _sheet(points: Floats) -> Floats:
    """(N,) how far each point stands towards the camera."""
    return -points[:, 2]


def _fit(mean: Floats, points: Floats) -> tuple[float, Floats]:
    """The size of the mean face that fits best, and how far each point is off along z."""
    weights = np.ones(len(points))
    for _ in range(FIT_ROUNDS):
        size, turned = _laid_over(mean, points, weights)
        off = points[:, 2] - turned[:, 2]
        weights = 1 / (1 + (off / 12.0) ** 2)
    return float(np.clip(size, 0.05, 20.0)), off


def _laid_over(mean: Floats, points: Floats, weights: Floats) -> tuple[float, Floats]:
    """The mean face shifted, turned and scaled over the points, least squares with weights."""
    share = (weights / weights.sum())[:, None]
    a, b = mean - (share * mean).sum(axis=0), points - (share * points).sum(axis=0)
    u, strength, v = np.linalg.svd((share * b).T @ a)
    mirror = np.array((1.0, 1.0, np.sign(np.linalg.det(u @ v))))
    size = (strength * mirror).sum() / (share * a**2).sum()
    return size, size * a @ (u * mirror @ v).T + (share * points).sum(axis=0)


def _plane(points: Floats) -> Floats:
    x, y = _unit(points)
    return np.column_stack((np.ones_like(x), x, y))


def _quadric(points: Floats) -> Floats:
    x, y = _unit(points)
    return np.column_stack((np.ones_like(x), x, y, x * x, x * y, y * y))


def _rolled(points: Floats, axis: float) -> Floats:
    """A sheet rolled about an axis: straight along it, anything of degree four across it."""
    x, y = _unit(points)
    across, along = x * np.cos(axis) + y * np.sin(axis), y * np.cos(axis) - x * np.sin(axis)
    return np.column_stack((np.ones_like(x), along, across, across**2, across**3, across**4))


def _unit(points: Floats) -> tuple[Floats, Floats]:
    """x and y about their middle, in about half a face's height."""
    middle = points[:, :2].mean(axis=0)
    x, y = ((points[:, :2] - middle) / 100.0).T
    return x, y


def _on(terms: Floats, sheet: Floats) -> Floats:
    """The sheet that is a sum of these terms and nearest to a given one."""
    gram = terms.T @ terms + 1e-9 * np.eye(terms.shape[1])
    return np.asarray(terms @ np.linalg.solve(gram, terms.T @ sheet))


def _curvature(points: Floats, sheet: Floats) -> tuple[float, float]:
    """Across and down, 1 / m, of the quadric that fits best."""
    terms = _quadric(points)
    gram = terms.T @ terms + 1e-9 * np.eye(terms.shape[1])
    found = np.linalg.solve(gram, terms.T @ sheet)
    return float(-2 * found[3] / 10.0), float(-2 * found[5] / 10.0)


def _profiles(scaled: Floats) -> tuple[float, float, float, float]:
    """Nose, forehead, eyes and chin, from heights above the plane at every place."""
    height = {name: _height(scaled, name) for name in REGIONS}

    def before(part: str, beside: str) -> float:
        sides = (height[f"left {beside}"] + height[f"right {beside}"]) / 2
        return float(np.nan_to_num(height[part] - sides))

    return (
        before("tip", "cheek"),
        before("brow", "temple"),
        before("bridge", "eye"),
        before("chin", "jaw"),
    )


def _height(scaled: Floats, region: str) -> float:
    found = scaled[_regions()[region]]
    found = found[np.isfinite(found)]
    return float(np.median(found)) if found.size else np.nan


@cache
def _regions() -> dict[str, np.ndarray]:
    places = flat_face.places()
    return {name: np.hypot(*(places - at).T) < reach for name, (at, reach) in REGIONS.items()}


def _surroundings(patch: Patch, size: float) -> tuple[float, float]:
    """Share of the inner ring that lies well behind the face's edge, and by how much."""
    edge = float(np.nanmedian(patch.points[_edge(), 2])) if _edge_seen(patch) else np.nan
    ring = patch.around[0]
    behind = np.where(ring > 0, ring - edge, 300.0)
    behind = np.clip(np.nan_to_num(behind), -100.0, 300.0) / size
    return float((behind > 25.0).mean()), float(np.clip(np.median(behind), -100.0, 300.0))


@cache
def _edge() -> np.ndarray:
    """The places along the outline, the chin left out."""
    places, middle = flat_face.places(), flat_face.places().mean(axis=0)
    far = np.hypot(*((places - middle) / np.ptp(places, axis=0) * 2).T)
    edge: np.ndarray = (far > 0.85) & (places[:, 1] < 90.0)
    return edge


def _edge_seen(patch: Patch) -> bool:
    return bool(np.isfinite(patch.points[_edge(), 2]).any())


def _grain(patch: Patch) -> float:
    """Median difference of neighbours along a row, without the slope, millimetres."""
    z = patch.points[:, 2]
    bend = z[2:] - 2 * z[1:-1] + z[:-2]
    bend = np.abs(bend[np.isfinite(bend)])
    return float(np.clip(np.median(bend), 0.0, 60.0)) if bend.size else 60.0


def _gain(found: Floats, mean: Floats) -> float:
    """How many times the mean face's shape is in what was found."""
    return float(found @ mean / (mean @ mean))


def _alike(found: Floats, mean: Floats) -> float:
    return float(found @ mean / (np.linalg.norm(found) * np.linalg.norm(mean) + 1e-9))


def _rms(values: Floats) -> float:
    return float(np.sqrt((values**2).mean()))
