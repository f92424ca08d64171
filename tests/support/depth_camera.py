"""A stand-in for camera hardware: librealsense's own software device, fed by the test.

Only the device is a stand-in, with the two objects that the library gives out for opened
hardware alone. The sets of images come out of the library's own matching.
"""

from typing import Any

from feeds import realsense, realsense_writer
from feeds.depth_reader import DepthReader
from feeds.realsense_writer import Scene
from tests.support.recordings import RIG, SERIAL

FPS = 30
UNITS_M = 0.001


class DepthCamera:
    """Pipeline and profile of an opened camera that gives what `give` is given."""

    def __init__(self) -> None:
        self.plugged_in = True
        self._rs: Any = realsense.library()
        self._device = realsense_writer._device(self._rs, SERIAL, "Intel RealSense D435")
        self._stereo = self._device.add_sensor("Stereo Module")
        self._color = self._device.add_sensor("RGB Camera")
        self._streams = realsense_writer._streams(
            self._rs, self._stereo, self._color, RIG, FPS, UNITS_M, with_depth=True
        )
        self._syncer = self._rs.syncer()
        self._stereo.open([self._streams["depth"], self._streams["infrared"]])
        self._color.open([self._streams["color"]])
        self._stereo.start(self._syncer)
        self._color.start(self._syncer)

    def reader(self, stall_s: float = 0.2) -> DepthReader:
        return DepthReader(self._rs, self, self, "the camera", stall_s)

    def give(self, number: int, scene: Scene) -> None:
        realsense_writer._give(
            self._rs, self._stereo, self._color, self._streams, scene, number, FPS, UNITS_M
        )

    def close(self) -> None:
        for sensor in (self._stereo, self._color):
            sensor.stop()
            sensor.close()

    # -- as the library's pipeline and profile

    def try_wait_for_frames(self, timeout_ms: int) -> tuple[bool, Any]:
        came, frames = self._syncer.try_wait_for_frames(timeout_ms)
        return came, frames

    def get_streams(self) -> list[Any]:
        return list(self._streams.values())

    def get_device(self) -> "DepthCamera":
        return self

    # -- as its device

    def first_depth_sensor(self) -> Any:
        return self._device.first_depth_sensor()

    def is_connected(self) -> bool:
        return self.plugged_in
