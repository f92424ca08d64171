"""The project's only door to OpenCV: opening cameras and files, and plain work on pixels.

Uses nothing that is missing from either OpenCV 4 or 5. Images are uint8: BGR (H, W, 3), or
grey (H, W) where the name says so. OpenCV and FFmpeg are kept silent, because what an operator
reads should be our sentences; every failure is told to the caller instead.
"""

import os
from collections.abc import Sequence
from typing import Literal, TypeVar, cast

# Read once, when cv2 is loaded.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")  # seconds a read waits, not 10

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) BGR, or (H, W) grey
Points = NDArray[np.float32]  # (N, 2) x, y in pixels
Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.uint16], NDArray[np.float32])

cv2.setNumThreads(1)  # feeds and networks already run side by side; a pool would only compete


_PACKETS = (cv2.CAP_PROP_FORMAT, -1)  # what is read is not decoded
_GLANCE_S = 0.1  # at a stream that is opened
_LOOK, _LOOK_BYTES = 0.8, 32 << 20  # share of the time for opening, and a rich stream's bytes


class ImageFileError(Exception):
    """A file that should hold an image cannot be read or written; the message names it."""


class NoKeyFrameError(Exception):
    """A stream that nothing describes sent no key frame, which would, while it was opened."""


class Capture:
    """An opened camera, stream or video file, decoded frame by frame."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture

    def read(self) -> Image | None:
        """The next image, blocking until there is one; None at the end or on a read error.

        An image is no proof of freshness: after a time-out OpenCV hands out buffered ones.
        """
        try:
            done, image = self._capture.read()
        except cv2.error:
            return None
        return cast(Image, image) if done else None

    def position_s(self) -> float:
        """Stream time of the image last read, seconds; 0 where the source has no clock."""
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0

    @property
    def fps(self) -> float | None:
        """The rate the source claims, frames per second; None when it claims nothing credible."""
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        return fps if 0.1 <= fps <= 1000 else None

    @property
    def described(self) -> bool:
        """Whether the size of the images is known: without it none can be decoded."""
        return self._capture.get(cv2.CAP_PROP_FRAME_WIDTH) > 0

    @property
    def codec(self) -> str:
        """Four letters, such as "H264" or "MJPG"."""
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        return (code & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1").upper()

    @property
    def pixel_aspect(self) -> float:
        """How many times as wide as high a pixel is, as the source says; 1 if it says nothing."""
        width = self._capture.get(cv2.CAP_PROP_SAR_NUM)
        height = self._capture.get(cv2.CAP_PROP_SAR_DEN)
        return width / height if width > 0 and height > 0 else 1.0

    @property
    def holds_key_frame(self) -> bool:
        """Of a capture of packets: whether the one last read begins a whole picture."""
        return self._capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME) > 0

    @property
    def header(self) -> bytes:
        """The codec's own header, such as H.264's parameter sets; empty where there is none."""
        index = int(self._capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))
        try:
            done, header = self._capture.retrieve(None, index) if index > 0 else (False, None)
        except cv2.error:
            return b""
        return bytes(header) if done and header is not None else b""

    def release(self) -> None:
        self._capture.release()


def open_capture(
    target: str | int,
    *,
    open_timeout_s: float = 10.0,
    read_timeout_s: float = 10.0,
    silence_s: float = 2.0,
    transport: Literal["tcp", "udp"] = "tcp",
    packets: bool = False,
) -> Capture | None:
    """Opens a video file or a stream address through FFmpeg, an index through V4L2.

    With `packets` it is read as it is coded: each "image" is a packet's bytes.

    A read gives up when nothing at all came for `silence_s`, and when what came made no image
    for `read_timeout_s`: a camera sends what only changes until its next key frame. None when
    it cannot be opened; raises NoKeyFrameError. The options are set for the whole process, which
    is one reason why every feed captures in a process of its own.
    """
    if isinstance(target, int):
        return open_device(f"/dev/video{target}")
    # Not among them: nobuffer, which throws away the key frame that a camera sends at connect.
    options = (
        f"rtsp_transport;{transport}"
        # A second is saved at every connect by not measuring the frame rate.
        "|fpsprobesize;0"
        # H.264 has its first decoding time known seven images late; nobody waits for it, and
        # without it the stream's times do not begin anew after the opening.
        "|max_ts_probe;1"
        # Sound is not for us, and beside it FFmpeg mends times by the camera's own clock.
        "|allowed_media_types;video"
        f"|timeout;{int(silence_s * 1e6)}"  # of RTSP
        f"|rw_timeout;{int(silence_s * 1e6)}"  # of HTTP
        f"|{_fence(target)}"
    )
    coded = _PACKETS if packets else ()
    if not target.startswith("rtsp"):
        return _open_ffmpeg(target, options, open_timeout_s, read_timeout_s, *coded)
    # A camera describes its stream when it is asked for it, and the images of a longer look would
    # come late. One that does not, does so in its first key frame, which takes its time.
    for look_s, look in ((_GLANCE_S, 5_000_000), (_LOOK * open_timeout_s, _LOOK_BYTES)):
        told = f"{options}|analyzeduration;{int(look_s * 1e6)}|probesize;{look}"
        capture = _open_ffmpeg(target, told, open_timeout_s, read_timeout_s, *coded)
        if capture is not None and capture.described:
            return capture
        if capture is None and look_s == _GLANCE_S:
            return None
        if capture is not None:
            capture.release()
    raise NoKeyFrameError


# What a stream may be, and what may carry it. FFmpeg would also follow playlists, references and
# redirections to other machines, and to services of this one. That rtsp is no carrier here keeps it
# from following an RTSP redirection; what was asked for by name is opened without being one.
_STREAMS = "protocol_whitelist;rtp,srtp,udp,tcp,tls|format_whitelist;rtsp,rtp"
_DOWNLOADS = (
    "protocol_whitelist;http,https,tcp,tls|max_redirects;0"
    "|format_whitelist;mpegts,h264,hevc,mpeg,mpegvideo,m4v,flv,mov,matroska,avi"
)


def _fence(url: str) -> str:
    return _STREAMS if url.startswith("rtsp") else _DOWNLOADS


def open_file(path: str) -> Capture | None:
    """Opens a local video file, and nothing a playlist inside it might point to."""
    return _open_ffmpeg(path, "protocol_whitelist;file", 10.0, 10.0)


def open_packets(path: str) -> Capture | None:
    """Opens a local video file to be read as it is coded: each "image" is a packet's bytes."""
    return _open_ffmpeg(path, "protocol_whitelist;file", 10.0, 10.0, *_PACKETS)


def _open_ffmpeg(
    target: str, options: str, open_timeout_s: float, read_timeout_s: float, *more: int
) -> Capture | None:
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
    parameters = [
        cv2.CAP_PROP_N_THREADS,
        1,  # frame threading would delay each frame by one period per thread
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(open_timeout_s * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(read_timeout_s * 1000),
        *more,
    ]
    return _opened(cv2.VideoCapture(target, cv2.CAP_FFMPEG, parameters))


def open_device(
    path: str,
    *,
    width: int | None = None,
    height: int | None = None,
    fps: float | None = None,
) -> Capture | None:
    """Opens a V4L2 device node such as /dev/video0; None when it cannot be opened.

    Size and rate are wishes: a camera takes the nearest it has.
    """
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if width and height:
        if width * height > 640 * 480:  # beyond VGA, USB 2 carries full rate only as MJPEG
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    if fps:
        capture.set(cv2.CAP_PROP_FPS, fps)
    return _opened(capture)


def _opened(capture: cv2.VideoCapture) -> Capture | None:
    if capture.isOpened():
        return Capture(capture)
    capture.release()
    return None


class VideoFile:
    """Writes images, all of one size, into a video file."""

    def __init__(self, path: str, size: tuple[int, int], *, fps: float, codec: str) -> None:
        """`size` is (width, height); `codec` a four-letter code such as "MJPG" or "FFV1"."""
        fourcc = cv2.VideoWriter.fourcc(*codec)
        self._writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, fourcc, fps, size)
        if not self._writer.isOpened():
            raise ImageFileError(f"{path}: cannot be written as {codec} video")

    def write(self, image: Image) -> None:
        self._writer.write(image)

    def close(self) -> None:
        self._writer.release()


def write_video(path: str, images: Sequence[Image], *, fps: float, codec: str = "MJPG") -> None:
    """Writes images of one size as a video file; raises ImageFileError."""
    height, width = images[0].shape[:2]
    video = VideoFile(path, (width, height), fps=fps, codec=codec)
    for image in images:
        video.write(image)
    video.close()


def read_image(path: str) -> Image:
    """The BGR image in a file; raises ImageFileError with a sentence naming the file."""
    try:
        image = cv2.imread(path, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageFileError(f"{path}: is not an image that can be read") from error
    if image is None:
        missing = "does not exist" if not os.path.exists(path) else "is not an image"
        raise ImageFileError(f"{path}: {missing}")
    return cast(Image, image)


def decoded(content: bytes, *, as_metadata_says: bool = False) -> Image | None:
    """The BGR image that lies in memory as a file's content; None if it is broken.

    Turned by no metadata, as a camera's stream is, unless that is asked for.
    """
    how = cv2.IMREAD_COLOR | (0 if as_metadata_says else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    except cv2.error:
        return None
    return None if image is None else cast(Image, image)


def read_unchanged(path: str) -> Image | NDArray[np.uint16]:
    """The image in a file with the channels and bits it has; raises ImageFileError."""
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ImageFileError(f"{path}: is not an image")
    return cast(Image, image)


def write_image(path: str, image: Image) -> None:
    """Writes an image in the format its name ends with; raises ImageFileError."""
    try:
        written = cv2.imwrite(path, image)
    except cv2.error:
        written = False
    if not written:
        raise ImageFileError(f"{path}: cannot be written")


def encoded(
    image: Image | NDArray[np.uint16],
    suffix: Literal[".bmp", ".jpg", ".png"],
    *,
    quality: int | None = None,
) -> bytes:
    """The image as the content of a file of that kind; PNG takes 16 bits too, BMP no time.

    quality  of JPEG, 0 to 100; None: OpenCV's own, 95
    """
    how = [] if quality is None else [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, content = cv2.imencode(suffix, image, how)
    if not done:
        raise ImageFileError(f"an image of shape {image.shape} cannot be made {suffix[1:]}")
    return content.tobytes()


def resize(image: Image, size: tuple[int, int], how: Literal["area", "linear"]) -> Image:
    """The image at `size` (width, height). "area" averages, the one to shrink with."""
    return cast(Image, cv2.resize(image, size, interpolation=_RESIZE[how]))


_RESIZE = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR}


def turned(image: Pixels, rotate: int, mirror: bool = False) -> Pixels:
    """An image of any depth turned clockwise by 0, 90, 180 or 270 degrees, then mirrored."""
    if rotate:
        image = cast(Pixels, cv2.rotate(image, _TURNS[rotate]))
    return cast(Pixels, cv2.flip(image, 1)) if mirror else image


_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def to_grey(image: Image) -> Image:
    """(H, W) luma of a BGR image."""
    return cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def to_rgb(image: Image) -> Image:
    """The same pixels in RGB order."""
    return cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def warp_affine(
    image: Pixels,
    matrix: NDArray[np.floating],
    size: tuple[int, int],
    border: Literal["constant", "reflect"] = "constant",
) -> Pixels:
    """The image under a (2, 3) matrix from source to target pixels, at `size` (width, height).

    Outside the source it is black ("constant") or mirrored without repeating the edge
    pixel ("reflect").
    """
    mode = cv2.BORDER_CONSTANT if border == "constant" else cv2.BORDER_REFLECT_101
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=mode)
    return cast(Pixels, warped)


def moved(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 3) points under a (3, 4) matrix: a linear map and, in its last column, a shift."""
    return cast(NDArray[np.float32], cv2.transform(points[:, None], matrix)[:, 0])


def reflect_border(image: Image, pixels: int) -> Image:
    """The image with `pixels` more on each side, mirrored without repeating the edge pixel."""
    sides = (pixels, pixels, pixels, pixels)
    return cast(Image, cv2.copyMakeBorder(image, *sides, cv2.BORDER_REFLECT_101))


def local_mean(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Of (H, W) or (H, W, C) values the mean of the `side` x `side` about each, `side` odd.

    Beyond the border they are mirrored without repeating the edge.
    """
    return cast(NDArray[np.float32], cv2.blur(values, (side, side)))


def spectrum(values: NDArray[np.float32]) -> NDArray[np.complex64]:
    """(H, W) two-dimensional Fourier transform of (H, W) values, as numpy.fft.fft2 orders it."""
    found = cv2.dft(values, flags=cv2.DFT_COMPLEX_OUTPUT)
    return found.view(np.complex64)[..., 0]


def distinct(boxes: NDArray[np.floating], scores: NDArray[np.floating], most: float) -> list[int]:
    """Which of (N, 4) boxes, N > 0, share at most `most` (IoU) with a surer one; surest first.

    Boxes are x1, y1, x2, y2; scores are above 0.
    """
    sides = [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in boxes.tolist()]
    kept = cv2.dnn.NMSBoxes(sides, scores.tolist(), 0.0, most)
    return np.ravel(cast(NDArray[np.int32], kept)).tolist()


def mean_difference(one: Image, other: Image) -> float:
    """Mean absolute difference of two images of one shape, 0..255."""
    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def mean_and_variance(grey: NDArray[np.uint8] | NDArray[np.int16]) -> tuple[float, float]:
    """Of all values of an image of one channel."""
    mean, deviation = cv2.meanStdDev(grey)
    return float(mean[0, 0]), float(deviation[0, 0]) ** 2


def laplacian_variance(grey: Image) -> float:
    """Variance of the Laplacian, the usual measure of focus: 0 = flat, higher = sharper."""
    return mean_and_variance(cast(NDArray[np.int16], cv2.Laplacian(grey, cv2.CV_16S)))[1]


def pyramid_flow(
    previous_grey: Image, grey: Image, points: Points, window: int = 21
) -> tuple[Points, NDArray[np.bool_], NDArray[np.float32]]:
    """Where (N, 2) points of one grey image stand in the next, by pyramidal Lucas-Kanade.

    A point is known by the `window` x `window` pixels about it.
    Returns the (N, 2) points, an (N,) mask of those that were found, and the (N,) mean
    absolute grey difference around each, which means nothing where the mask is False.
    """
    if len(points) == 0:
        return points, np.zeros(0, np.bool_), np.zeros(0, np.float32)
    start = np.ascontiguousarray(points, np.float32).reshape(-1, 1, 2)
    moved, found, error = cv2.calcOpticalFlowPyrLK(
        previous_grey, grey, start, start.copy(), winSize=(window, window)
    )
    return (
        moved.reshape(-1, 2).astype(np.float32),
        found.reshape(-1).astype(np.bool_),
        error.reshape(-1).astype(np.float32),
    )


def singular_values(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], list[float], NDArray[np.float64]]:
    """u, strengths (largest first) and v of a matrix u @ diag(strengths) @ v, as numpy's svd.

    For one of 3 x 3 LAPACK's way to them is the longer: behind a network, 0.1 ms.
    """
    strengths, u, v = cv2.SVDecomp(matrix)
    return (
        cast(NDArray[np.float64], u),
        strengths.ravel().tolist(),
        cast(NDArray[np.float64], v),
    )


def hull_mask(shape: tuple[int, int], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(H, W) of the convex hull of (N, 2) points in pixels, its border included."""
    found = np.zeros(shape, np.uint8)
    hull = cv2.convexHull(np.rint(points).astype(np.int32))
    cv2.fillConvexPoly(found, hull, 1)
    return np.asarray(found > 0)
