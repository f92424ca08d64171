"""Presentation attacks drawn from bona fide pictures: what prints and screens do to a face.

`recaptured` shows a face on a drawn medium and looks at it; `filmed` is a camera, and is put
over bona fide pictures and attacks alike, so that nothing a mere camera does gives a face away.
All is drawn anew for each picture, and wide, because the cameras and media of the world are many.
These are SYNTHETIC attacks: nobody held anything before a camera. Only for training.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Light = NDArray[np.float32]  # the same, 0..1
Random = np.random.Generator


def recaptured(face: Image, random: Random, screen: bool | None = None) -> Image:
    """The face on a screen or on paper, or either, before the camera that looks at it."""
    light = np.float32(face) / 255
    light = _stored(light, random)
    if screen is None:
        screen = random.random() < 0.65
    light = (_screen if screen else _paper)(light, random)
    light = _tilted(light, random)
    light = _lit(light, random)
    light = _blurred(light, random.uniform(0.2, 1.6) * _scale(light))
    return _image(light)


def filmed(
    face: Image, random: Random, share: float = 0.3, quality: tuple[int, int] = (35, 96)
) -> Image:
    """The picture as another camera might give it: worse in some ways, the same in others.

    `share` is how likely each thing is that a camera does; `quality` bounds that of its JPEG.
    """
    light = np.float32(face) / 255
    for step in _CAMERA:
        if random.random() < share:
            light = step(light, random)
    image = _image(light)
    if random.random() < 1.6 * share:
        image = _compressed(image, int(random.integers(*quality)))
    return image


# What the medium does.


def _stored(light: Light, random: Random) -> Light:
    """The stolen picture: of fewer pixels, smoothed and compressed before it is ever shown."""
    height, width = light.shape[:2]
    if random.random() < 0.6:
        share = random.uniform(0.35, 1.0)
        small = (max(8, int(width * share)), max(8, int(height * share)))
        light = cv2.resize(light, small, interpolation=cv2.INTER_AREA)
        light = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.5:
        light = np.float32(_compressed(_image(light), int(random.integers(20, 80)))) / 255
    return light


def _screen(light: Light, random: Random) -> Light:
    """A panel: its tone curve and colours, its grid of pixels, its refresh."""
    light = _toned(light, random, gamma=(0.75, 1.7), black=(0.0, 0.12), white=(0.75, 1.25))
    light = _coloured(light, random, saturation=(0.7, 1.5), blue=(0.9, 1.3))
    light = _grid(light, random)
    if random.random() < 0.25:
        light = light * _bands(light, random, depth=random.uniform(0.02, 0.15))
    return light


def _paper(light: Light, random: Random) -> Light:
    """A print: ink that is never black, paper that is never white, dots, grain, bends."""
    light = _toned(light, random, gamma=(0.7, 1.4), black=(0.06, 0.28), white=(0.65, 1.0))
    light = _coloured(light, random, saturation=(0.3, 1.0), blue=(0.75, 1.1))
    if random.random() < 0.7:
        light = _halftone(light, random)
    grain = _noise(light, random, pixels=random.uniform(0.5, 3.0) * _scale(light))
    light = light * (1 + random.uniform(0.0, 0.08) * grain)
    if random.random() < 0.3:
        light = light * _bands(light, random, depth=random.uniform(0.02, 0.1))
    bend = _noise(light, random, pixels=light.shape[0] / random.uniform(2.5, 6))
    return light * (1 + random.uniform(0.0, 0.12) * bend)


def _grid(light: Light, random: Random) -> Light:
    """The panel's sub-pixels, sampled by the sensor: fine ones beat with it into moire.

    The pitch is in sensor pixels; near 1 and 2 it gives the widest bands. It drifts over the
    picture, as on a panel that is not parallel to the sensor.
    """
    y, x = _places(light)
    angle = np.deg2rad(random.choice([0, 90]) + random.normal(0, 6))
    near = random.choice([1.0, 2.0, 0.0]) * (1 + random.normal(0, 0.03))
    pitch = near or random.uniform(0.8, 6.0)
    drift = 1 + random.normal(0, 0.03) * x / light.shape[1] + random.normal(0, 0.03) * y / len(y)
    across = (x * np.cos(angle) + y * np.sin(angle)) * drift / pitch
    along = (y * np.cos(angle) - x * np.sin(angle)) * drift / (pitch * random.uniform(0.95, 1.05))
    depth = random.uniform(0.02, 0.35) * (0.5 if near else 1.0)
    thirds = random.choice([0.0, 1 / 3])  # sub-pixels side by side, or all in one place
    pattern = [np.cos(2 * np.pi * (across + thirds * channel)) for channel in range(3)]
    rows = random.uniform(0.0, 1.0) * np.cos(2 * np.pi * along)[..., None]
    return light * (1 + depth * (np.stack(pattern, -1) + rows) / 2)


def _halftone(light: Light, random: Random) -> Light:
    """Each colour as dots on a grid turned by its own angle."""
    y, x = _places(light)
    pitch = random.uniform(1.6, 5.0)
    hardness = random.uniform(2, 8)
    inked = []
    for channel, degrees in enumerate((0, 75, 15)):
        angle = np.deg2rad(degrees + random.normal(0, 3))
        across = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / pitch)
        along = np.cos(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / pitch)
        level = (across + along) / 4 + 0.5
        inked.append(1 / (1 + np.exp(-hardness * (light[..., channel] - level))))
    share = random.uniform(0.1, 0.6)
    return (1 - share) * light + share * np.float32(np.stack(inked, -1))


def _tilted(light: Light, random: Random) -> Light:
    """Held at an angle: a slight perspective."""
    height, width = light.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + np.float32(random.normal(0, 0.03 * height, (4, 2)))
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(light, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)


def _lit(light: Light, random: Random) -> Light:
    """The light of the room on glass or paper: a veil, a slope, lamps."""
    y, x = (place / len(light) for place in _places(light))
    if random.random() < 0.5:
        slope = random.normal(0, 0.15) * (x - 0.5) + random.normal(0, 0.15) * (y - 0.5)
        light = light + np.float32(random.uniform(0.0, 0.15) + slope)[..., None]
    for _ in range(int(random.choice([0, 0, 0, 1, 1, 2]))):
        angle, (left, top) = random.uniform(0, np.pi), random.uniform(0, 1, 2)
        across = (x - left) * np.cos(angle) + (y - top) * np.sin(angle)
        along = (y - top) * np.cos(angle) - (x - left) * np.sin(angle)
        wide, long = random.uniform(0.04, 0.25), random.uniform(0.04, 0.5)
        lamp = np.exp(-((across / wide) ** 2) - (along / long) ** 2)
        light = light + np.float32(random.uniform(0.1, 0.7) * lamp)[..., None]
    return light


# What any camera does.


def _exposed(light: Light, random: Random) -> Light:
    return _toned(light, random, gamma=(0.75, 1.4), black=(-0.02, 0.04), white=(0.7, 1.25))


def _balanced(light: Light, random: Random) -> Light:
    return _coloured(light, random, saturation=(0.7, 1.25), blue=(0.85, 1.15))


def _noisy(light: Light, random: Random) -> Light:
    sigma = random.uniform(0.003, 0.04)
    noise = random.normal(0, sigma, light.shape).astype(np.float32)
    return light + (cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.8 if random.random() < 0.5 else noise)


def _smoothed(light: Light, random: Random) -> Light:
    """The noise reduction of a phone or a webcam."""
    return cv2.bilateralFilter(np.float32(light), 5, random.uniform(0.02, 0.1), 2.0)


def _sharpened(light: Light, random: Random) -> Light:
    soft = cv2.GaussianBlur(light, (0, 0), random.uniform(0.7, 2.0))
    return light + random.uniform(0.2, 1.2) * (light - soft)


def _unfocused(light: Light, random: Random) -> Light:
    return _blurred(light, random.uniform(0.1, 1.0) * _scale(light))


def _moved(light: Light, random: Random) -> Light:
    """Motion blur along a line."""
    length = max(2, int(random.uniform(0.008, 0.035) * len(light)))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turned = cv2.getRotationMatrix2D(
        (length / 2 - 0.5, length / 2 - 0.5), random.uniform(0, 180), 1
    )
    kernel = cv2.warpAffine(kernel, turned, (length, length))
    return cv2.filter2D(light, -1, kernel / max(kernel.sum(), 1e-6), borderType=cv2.BORDER_REFLECT)


_CAMERA: tuple[Callable[[Light, Random], Light], ...] = (
    _unfocused,
    _moved,
    _exposed,
    _balanced,
    _noisy,
    _smoothed,
    _sharpened,
)


# What both are made of.


def _toned(
    light: Light,
    random: Random,
    gamma: tuple[float, float],
    black: tuple[float, float],
    white: tuple[float, float],
) -> Light:
    """Another tone curve, between another darkest and brightest."""
    low, high = random.uniform(*black), random.uniform(*white)
    return np.float32(low + (high - low) * np.clip(light, 0, 1) ** random.uniform(*gamma))


def _coloured(
    light: Light, random: Random, saturation: tuple[float, float], blue: tuple[float, float]
) -> Light:
    """Another gamut and white: `blue` is the gain of blue against red."""
    grey = light.mean(2, keepdims=True)
    light = grey + (light - grey) * random.uniform(*saturation)
    gain = np.sqrt(random.uniform(*blue))
    return light * np.float32([gain, 1 + random.normal(0, 0.03), 1 / gain])


def _bands(light: Light, random: Random, depth: float) -> Light:
    """Wide stripes: a screen's refresh, a printer's passes."""
    y, x = _places(light)
    along = y if random.random() < 0.8 else x
    waves = along * random.uniform(1, 25) / len(light) + random.random()
    return np.float32(1 + depth * np.sin(2 * np.pi * waves))[..., None]


def _noise(light: Light, random: Random, pixels: float) -> Light:
    """(H, W, 1) smooth noise of about unit size, its grains `pixels` wide."""
    side = max(2, int(len(light) / max(pixels, 0.5)))
    noise = random.normal(0, 1, (side, side)).astype(np.float32)
    size = (light.shape[1], light.shape[0])
    return cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)[..., None]


def _blurred(light: Light, sigma: float) -> Light:
    return cv2.GaussianBlur(light, (0, 0), sigma) if sigma > 0.2 else light


def _compressed(image: Image, quality: int) -> Image:
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def _places(light: Light) -> tuple[Light, Light]:
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    return np.float32(y), np.float32(x)


def _scale(light: Light) -> float:
    """1 for a picture of 160 pixels: what is so wide there is wider on a larger one."""
    return light.shape[0] / 160


def _image(light: Light) -> Image:
    return np.uint8(np.clip(light, 0, 1) * 255 + 0.5)
