"""A stand-in for camera hardware: librealsense's own software device, fed by the test.

Only the device is a stand-in, with the two objects that the library gives out for opened
hardware alone. The sets of images come out of the library's own matching.
"""

from typing import Any

from feeds.realsense import library
from feeds.realsense.camera_reader import CameraReader
from feeds.realsense.recording_writer import Eyes, Scene, software_device
from tests.support.recordings import RIG, SERIAL

FPS = 30


class DepthCamera:
    """Pipeline and profile of an opened camera that gives what `give` is given."""

    def __init__(self) -> None:
        self.plugged_in = True
        self._rs: Any = library.loaded()
        self._device = software_device(self._rs, SERIAL, "Intel RealSense D435")
        self._eyes = Eyes(
            self._rs, self._device, RIG, FPS, units_m=0.001, with_depth=True, aligned=False
        )
        self._syncer = self._rs.syncer()
        self._eyes.open(self._syncer)

    def reader(self, stall_s: float = 0.2) -> CameraReader:
        return CameraReader(self._rs, self, self, "the camera", stall_s)

    def give(self, number: int, scene: Scene) -> None:
        self._eyes.show(scene, number)

    def close(self) -> None:
        self._eyes.close()

    # -- as the library's pipeline and profile

    def try_wait_for_frames(self, timeout_ms: int) -> tuple[bool, Any]:
        came, frames = self._syncer.try_wait_for_frames(timeout_ms)
        return came, frames

    def get_streams(self) -> list[Any]:
        return [stream for streams in self._eyes.by_sensor for stream in streams]

    def get_device(self) -> "DepthCamera":
        return self

    # -- as its device

    def first_depth_sensor(self) -> Any:
        return self._device.first_depth_sensor()

    def is_connected(self) -> bool:
        return self.plugged_in
