"""The page in a real browser, on the real daemon, on real clips."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from kioskd.event import Progress, Step
from kioskd.loopback import listens
from tests.support.broker import Mosquitto, eventually, mosquitto, witness
from tests.support.browser import PHONE, chromium, complaints
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, kioskd, settings
from tests.support.page import serving
from tests.support.ports import free_port

TOKEN = "a long secret"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as one:
        yield one


def config(broker: Mosquitto, port: int, **page: object) -> dict[str, Any]:
    """Two doors before clips in their own time, and the page."""
    feeds = {
        name: file_feed(clip, pace="realtime")
        for name, clip in (("live", LIVE), ("attack", ATTACK))
    }
    return {**settings(broker, feeds), "page": {"enabled": True, "port": port, **page}}


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Kioskd]:
    port = free_port()
    with kioskd(tmp_path_factory.mktemp("kiosk"), config(broker, port)) as one:
        eventually(lambda: listens(port))
        PORTS[one.folder] = port
        yield one


PORTS: dict[Path, int] = {}


@pytest.fixture(scope="module")
def page(kiosk: Kioskd) -> str:
    return f"http://localhost:{PORTS[kiosk.folder]}"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver


@pytest.fixture
def desktop(browser: webdriver.Chrome) -> webdriver.Chrome:
    """A browser that has nothing open, and no complaint of a kiosk that is gone."""
    browser.get("about:blank")
    complaints(browser)
    return browser


def script(driver: webdriver.Chrome, text: str) -> Any:
    return driver.execute_script(f"return {text}")


def text(driver: webdriver.Chrome, selector: str) -> str:
    return str(script(driver, f"document.querySelector({selector!r})?.innerText ?? ''"))


def test_the_checklist_turns_green_and_the_attempt_is_listed(
    desktop: webdriver.Chrome, page: str
) -> None:
    desktop.get(f"{page}/door/live-door")
    green = "document.querySelectorAll('#checks li.good').length"
    eventually(lambda: script(desktop, green) >= 9)
    eventually(lambda: "live" in text(desktop, "#attempts .passed"))
    assert script(desktop, "document.getElementById('view').width") > 100
    pen = "document.getElementById('view').getContext('2d')"
    drawn = script(desktop, f"Array.from({pen}.getImageData(0, 0, 40, 40).data)")
    assert len(set(drawn)) > 3
    assert "at least 100 px" in text(desktop, "#checks")
    assert complaints(desktop) == []


def test_an_attack_says_why_nobody_is_let_in(desktop: webdriver.Chrome, page: str) -> None:
    desktop.get(f"{page}/door/attack-door")
    eventually(lambda: "not passed" in text(desktop, "#attempts .failed"))
    eventually(lambda: text(desktop, "#hour") != "None yet" or text(desktop, "#phase") != "")
    assert complaints(desktop) == []


def test_what_if_agrees_with_what_happened_and_gives_the_yaml(
    desktop: webdriver.Chrome, page: str
) -> None:
    desktop.get(f"{page}/door/live-door")
    eventually(lambda: "live" in text(desktop, "#attempts .passed"))
    script(desktop, "document.getElementById('what-if').open = true")
    desktop.find_element(By.ID, "ask").click()
    eventually(lambda: text(desktop, "#did") != "")

    def verdicts(where: str) -> Any:
        return script(
            desktop, f"[...document.querySelectorAll('#{where} li')].map(l => l.className)"
        )

    assert "passed" in verdicts("did")
    assert verdicts("would") == verdicts("did")
    move = "arguments[0].value = 0.99; arguments[0].dispatchEvent(new Event('input'))"
    path = "rgb_liveness.minimum_confirmations_required"
    slider = desktop.find_element(By.CSS_SELECTOR, f"[data-path='{path}'] input")
    desktop.execute_script(move, slider)
    desktop.find_element(By.ID, "ask").click()
    eventually(lambda: "minimum_confirmations_required: 0.99" in text(desktop, "#yaml"))
    passed = "[...document.querySelectorAll('#would li.passed')].map(line => line.innerText)"
    assert not [line for line in script(desktop, passed) if "6 frames" in line]
    assert complaints(desktop) == []


def test_a_phone_at_the_door_has_it_all_in_one_column(page: str) -> None:
    with chromium(*PHONE) as phone:
        phone.get(f"{page}/door/live-door")
        eventually(lambda: script(phone, "document.querySelectorAll('#checks li').length") > 3)
        assert script(phone, "document.documentElement.scrollWidth") == PHONE[0]
        boxes = (
            "[...document.querySelectorAll('main > section')].map(s => s.getBoundingClientRect())"
        )
        lefts = {round(box["left"]) for box in script(phone, boxes)}
        assert len(lefts) == 1
        small = """[...document.querySelectorAll('button, select, nav a, label:has(input)')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 36)
            .map(e => e.outerHTML)"""
        assert script(phone, small) == []
        phone.execute_script(
            "const s = document.getElementById('language'); s.value = 'de'; s.onchange()"
        )
        eventually(lambda: text(phone, "#gate-title") == "Ist das Gesicht zu beurteilen?")
        assert complaints(phone) == []


def test_keyboard_and_screen_reader_find_their_way(desktop: webdriver.Chrome, page: str) -> None:
    """Every control has a name, and the first key leads past the header."""
    desktop.get(f"{page}/door/live-door")
    eventually(lambda: text(desktop, "#summary") not in ("", "Connecting …"))
    nameless = """[...document.querySelectorAll('button, select, input, a')].filter(e => !(
        e.textContent || e.getAttribute('aria-label') || e.closest('label')?.textContent)).length"""
    assert script(desktop, nameless) == 0
    assert (
        script(desktop, "document.querySelector('#summary').getAttribute('aria-live')") == "polite"
    )
    assert script(desktop, "document.querySelector('a').getAttribute('href')") == "#gate"


def test_the_screen_shows_a_prompt_and_then_the_controllers_answer(
    tmp_path: Path, desktop: webdriver.Chrome, broker: Mosquitto
) -> None:
    port = free_port()
    made = {**config(broker, port), "device": "kiosk-10"}
    made["mqtt"] |= {"replies": True, "prompt_language": "fr"}
    with (
        witness(broker) as controller,
        kioskd(tmp_path / "kiosk", made),
    ):
        eventually(lambda: listens(port))
        desktop.get(f"http://localhost:{port}/screen/live-door")
        eventually(lambda: text(desktop, "#says") == "Veuillez regarder la caméra")
        size = "parseFloat(getComputedStyle(document.getElementById('says')).fontSize)"
        assert script(desktop, size) >= 60
        answered: set[object] = set()

        def granted() -> bool:
            for event in controller.payloads("action"):
                if event["sourceId"] == "live" and event["eventId"] not in answered:
                    answered.add(event["eventId"])
                    reply = {"eventId": event["eventId"], "granted": True, "text": "Bonjour"}
                    topic = "liveness/v1/hq/kiosk-10/live/reply"
                    controller.client.publish(topic, json.dumps(reply), qos=1)
            return text(desktop, "#says") == "Entrez, s'il vous plaît"

        eventually(granted)
        assert text(desktop, "#text") == "Bonjour"
        assert desktop.find_element(By.TAG_NAME, "body").get_attribute("class") == "granted"
        assert complaints(desktop) == []


def test_a_depth_camera_shows_all_its_eyes_and_a_challenge_what_is_asked(
    tmp_path: Path, desktop: webdriver.Chrome
) -> None:
    """The frames and what is asked are synthetic; the page and the browser are real."""
    asked = Step("ASKED", ("not_ready",), prompt="left_turn", progress=Progress(1, 2, "actions"))
    with serving(tmp_path) as served:
        desktop.get(f"http://localhost:{served.settings.port}/door/main")

        def shown(selector: str) -> bool:
            served.frame(depth=True, step=asked)
            eye = f"document.querySelector({selector!r})"
            return bool(script(desktop, f"{eye}.offsetParent && {eye}.naturalWidth > 0"))

        eventually(lambda: shown("#depth"))
        eventually(lambda: shown("#infrared"))
        said = text(desktop, "#phase")
        assert "Turn your head to your left" in said
        assert "1 of 2 actions" in said
        assert complaints(desktop) == []


def test_a_page_that_is_opened_again_in_mid_stream_goes_on(
    desktop: webdriver.Chrome, page: str, kiosk: Kioskd
) -> None:
    for _ in range(6):
        desktop.get(f"{page}/door/live-door")
    eventually(lambda: script(desktop, "document.querySelectorAll('#checks li').length") > 3)
    assert kiosk.running
    assert "Traceback" not in kiosk.log


def test_a_camera_that_fails_while_somebody_looks_is_told(
    tmp_path: Path, desktop: webdriver.Chrome, broker: Mosquitto
) -> None:
    port, clip = free_port(), tmp_path / "clip.mov"
    clip.write_bytes(LIVE.read_bytes())
    made = config(broker, port)
    made["device"] = "kiosk-08"
    made["feeds"]["live"]["path"] = str(clip)
    with kioskd(tmp_path / "kiosk", made) as one:
        eventually(lambda: listens(port))
        desktop.get(f"http://localhost:{port}/door/live-door")
        eventually(lambda: script(desktop, "document.querySelectorAll('#checks li').length") > 3)
        clip.unlink()
        eventually(lambda: "Camera live:" in text(desktop, "#problems"))
        assert one.stop() == 0
    eventually(lambda: "connection to the kiosk is lost" in text(desktop, "#trouble"))


def test_with_a_token_the_browser_is_led_to_the_login_and_back(
    tmp_path: Path, broker: Mosquitto
) -> None:
    port = free_port()
    made = {**config(broker, port, token="${PAGE_TOKEN}"), "device": "kiosk-09"}
    with (
        kioskd(tmp_path / "kiosk", made, {"PAGE_TOKEN": TOKEN}) as one,
        chromium() as browser,
    ):
        eventually(lambda: listens(port))
        browser.get(f"http://localhost:{port}/")
        eventually(lambda: browser.current_url.endswith("/login"))
        for wrong in (True, False):
            browser.find_element(By.ID, "token").send_keys("guess" if wrong else TOKEN)
            browser.find_element(By.CSS_SELECTOR, "button").click()
            if wrong:
                eventually(lambda: "not the token" in text(browser, "#wrong"))
        eventually(lambda: text(browser, "#where") == "hq / kiosk-09")
        assert TOKEN not in one.log
