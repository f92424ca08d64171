"""Which camera it really is, from a machine's files as the kernel lays them out."""

import os
from pathlib import Path

import pytest

from feeds import hardware
from feeds.feed_settings import UsbSource
from feeds.hardware import differences, local, virtual
from feeds.opened_source import SourceError
from feeds.sources import opened
from feeds.urls import parts

PCI = "pci0000:00/0000:00:14.0"
USB = {"idVendor": "046d", "idProduct": "0825", "product": "Webcam C270", "serial": "1A2B"}


def machine(sys: Path, place: str, *, name: str = "Webcam", **usb: str) -> Path:
    """A /sys in which video0 is the device at `place`; `usb`: what its socket's folder says."""
    device = sys / "devices" / place / "video4linux/video0"
    device.mkdir(parents=True)
    (device / "name").write_text(f"{name}\n")
    for key, text in usb.items():
        (device.parent.parent.parent / key).write_text(f"{text}\n")
    links = sys / "class/video4linux"
    links.mkdir(parents=True, exist_ok=True)
    (links / "video0").unlink(missing_ok=True)
    os.symlink(device, links / "video0")
    return sys


def plugged(sys: Path, port: str = f"{PCI}/usb1/1-1/1-1.2", **usb: str) -> dict[str, str]:
    last = port.rpartition("/")[2]
    return local("/dev/video0", machine(sys, f"{port}/{last}:1.0", **{**USB, **usb}))


def test_a_usb_camera_is_its_model_its_serial_number_and_its_port(tmp_path: Path) -> None:
    assert plugged(tmp_path) == {
        "model": "046d:0825 Webcam C270",
        "serial": "1A2B",
        "port": f"{PCI}/usb/1.2",
    }


def test_a_bus_may_have_another_number_tomorrow(tmp_path: Path) -> None:
    assert plugged(tmp_path / "a") == plugged(tmp_path / "b", f"{PCI}/usb3/3-1/3-1.2")


@pytest.mark.parametrize(
    ("port", "usb", "told"),
    [
        (f"{PCI}/usb1/1-1/1-1.3", {}, f"port {PCI}/usb/1.2 is {PCI}/usb/1.3 now"),
        (f"{PCI}/usb1/1-1/1-1.2", {"serial": "9Z"}, "serial 1A2B is 9Z now"),
        (f"{PCI}/usb1/1-1/1-1.2", {"serial": ""}, "serial 1A2B is none now"),
        (
            f"{PCI}/usb1/1-1/1-1.2",
            {"idProduct": "0826"},
            "model 046d:0825 Webcam C270 is 046d:0826 Webcam C270 now",
        ),
    ],
)
def test_another_camera_is_told_by_what_differs(
    tmp_path: Path, port: str, usb: dict[str, str], told: str
) -> None:
    assert differences(plugged(tmp_path / "a"), plugged(tmp_path / "b", port, **usb)) == told


def test_a_camera_that_hangs_on_no_usb_is_its_name_and_its_place(tmp_path: Path) -> None:
    sys = machine(tmp_path, "platform/soc/fe801000.csi", name="unicam")
    told = {"model": "unicam", "port": "platform/soc/fe801000.csi"}
    assert local("/dev/video0", sys) == told
    assert virtual("/dev/video0", sys) is None


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("virtual", "Integrated Camera"),  # v4l2loopback under any name
        ("platform/vivid.0", "vivid-000-vid-cap"),
        ("platform/vhci_hcd.0/usb3/3-1/3-1:1.0", "Webcam C270"),  # USB/IP: plugged into no port
        ("platform/dummy_hcd.0/usb3/3-1/3-1:1.0", "Webcam C270"),  # a gadget of this machine's own
        (f"{PCI}/usb1/1-1/1-1:1.0", "OBS Virtual Camera"),
    ],
)
def test_what_a_program_shows_is_no_camera(tmp_path: Path, place: str, name: str) -> None:
    assert virtual("/dev/video0", machine(tmp_path, place, name=name)) == name


def test_a_webcam_on_a_port_is_one(tmp_path: Path) -> None:
    assert virtual("/dev/video0", machine(tmp_path, f"{PCI}/usb1/1-1/1-1:1.0", **USB)) is None


def test_a_virtual_camera_is_not_opened_unless_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/null stands for its node, which nobody can make here: it opens, and is no camera."""
    sys = tmp_path / "sys"
    monkeypatch.setattr(hardware, "SYS", machine(sys, "virtual", name="OBS"))
    (sys / "class/video4linux/null").symlink_to(sys / "devices/virtual/video4linux/video0")
    with pytest.raises(SourceError) as refused:
        opened(UsbSource("/dev/null"), open_s=1.0, stall_s=1.0)
    assert refused.value.code == "virtual_camera"
    assert "/dev/null (OBS) is no camera" in str(refused.value)
    with pytest.raises(SourceError) as tried:
        opened(UsbSource("/dev/null", virtual=True), open_s=1.0, stall_s=1.0)
    assert tried.value.code == "open_failed"


def test_a_network_camera_next_door_is_its_network_card(tmp_path: Path) -> None:
    table = tmp_path / "arp"
    table.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.0.2.7        0x1         0x2         02:00:00:00:00:07     *        eth0\n"
        "192.0.2.8        0x1         0x0         00:00:00:00:00:00     *        eth0\n"
    )

    def card(host: str) -> dict[str, str]:
        address = parts(f"rtsp://user:word@{host}/stream")
        return hardware._card(address, table)

    assert card("192.0.2.7") == {"card": "02:00:00:00:00:07"}
    assert card("192.0.2.8") == card("192.0.2.9") == {}
