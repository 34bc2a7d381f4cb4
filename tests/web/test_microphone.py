"""The microphone in a real browser: one that plays a file, one that is refused, missing, pulled out, or all but silent."""

import contextlib

import numpy as np
import pytest
import soundfile
import soxr

from kilovox.audio import read_audio
from kilovox.web.module import folder
from web.conftest import Seen

FAKE = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
BUTTON = "Listen to the microphone"


@contextlib.contextmanager
def listening(launch, address, folder, samples, model="listening"):
    """A page that listens to a microphone, which plays samples (8 kHz) once, 2.5 seconds after it was opened."""
    path = folder / "microphone.wav"
    sound = soxr.resample(np.concatenate([np.zeros(20000), samples / 32768, np.zeros(16000)]), 8000, 48000)
    soundfile.write(path, sound, 48000, subtype="PCM_16")
    browser = launch(FAKE, ALLOWED, f"--use-file-for-fake-audio-capture={path}%noloop")
    context = browser.new_context(permissions=["microphone"])
    page = Seen(context.new_page()).open(address, model)
    page.page.get_by_role("button", name=BUTTON).click()
    page.page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    yield page
    context.close()
    browser.close()


def accepted(page, count):
    """The first `count` words that are accepted, or fewer where no more come."""
    with contextlib.suppress(Exception):
        page.page.wait_for_function(
            "(count) => document.querySelectorAll('#log td.label').length >= count", arg=count, timeout=12_000
        )
    return list(reversed(page.page.locator("#log td.label").all_inner_texts()))


ATTEMPTS = 3
"""Sound that is played in real time is lost where the machine is too busy to play it; then it is played again."""


@pytest.mark.parametrize("model", ["listening", "digits-pow2"])
def test_words_are_told_as_they_are_said(launch, address, tmp_path, model):
    sound, heard = read_audio(folder() / "examples" / "apart.wav", 8000), []
    while len(heard) < ATTEMPTS and ["4", "7", "1", "9"] not in heard:
        with listening(launch, address, tmp_path, sound, model) as page:
            heard.append(accepted(page, 4))
            assert page.page.inner_text("#decibels").endswith("dB")
            assert "of one core" in page.page.inner_text("#micros")
            page.page.get_by_role("button", name="Stop listening").click()
            page.page.get_by_role("button", name=BUTTON).wait_for()
            assert not page.logged
    assert heard[-1] == ["4", "7", "1", "9"], heard


def test_joined_recordings_of_people_say_their_digits(launch, address, tmp_path, fsdd_folder):
    parts = [read_audio(fsdd_folder / f"{digit}_jackson_7.wav", 8000) for digit in (3, 1, 4, 2, 8)]
    sound, heard = np.concatenate([part for one in parts for part in (one, np.zeros(2400))]), []
    while len(heard) < ATTEMPTS and ["3", "1", "4", "2", "8"] not in heard:
        with listening(launch, address, tmp_path, sound) as page:
            heard.append(accepted(page, 5))
    assert heard[-1] == ["3", "1", "4", "2", "8"], heard


def test_one_that_gives_nothing_is_told(launch, address, tmp_path):
    with listening(launch, address, tmp_path, np.zeros(80000)) as page:
        page.page.get_by_role("alert").filter(has_text="Almost nothing comes in").wait_for(timeout=20_000)


def test_one_that_is_refused_is_explained(launch, address):
    context = launch(FAKE, "--deny-permission-prompts").new_context()
    page = Seen(context.new_page()).open(address)
    page.page.get_by_role("button", name=BUTTON).click()
    page.page.get_by_role("alert").filter(has_text="The microphone was refused").wait_for(timeout=20_000)
    assert page.page.get_by_role("button", name=BUTTON).is_enabled()
    context.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "another program may hold it"),
        ("SomethingError", "could not be opened (SomethingError"),
    ],
)
def test_one_that_cannot_be_had_is_explained(browser, address, name, message):
    context = browser.new_context()
    context.add_init_script(f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{name}'); }};")
    page = Seen(context.new_page()).open(address)
    page.page.get_by_role("button", name=BUTTON).click()
    page.page.get_by_role("alert").filter(has_text=message).wait_for(timeout=20_000)
    context.close()


def test_one_that_is_pulled_out_is_told_and_another_can_be_heard(launch, address):
    context = launch(FAKE, ALLOWED).new_context(permissions=["microphone"])
    context.add_init_script(
        "const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wanted) => (window.lent = await own(wanted));"
    )
    page = Seen(context.new_page()).open(address)
    page.page.get_by_role("button", name=BUTTON).click()
    page.page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    page.page.evaluate("window.lent.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    page.page.get_by_role("alert").filter(has_text="The microphone is gone").wait_for(timeout=20_000)
    page.page.get_by_role("button", name=BUTTON).click()
    page.page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    context.close()


LENT = """
  window.lent = []; window.contexts = [];
  const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await own(wanted);
    window.lent.push(stream);
    if (window.slow) await new Promise((resolve) => (window.go = resolve));
    return stream;
  };
  window.AudioContext = class extends AudioContext { constructor(...wanted) { super(...wanted); window.contexts.push(this); } };
"""
LIVE = "window.lent.filter((stream) => stream.getTracks()[0].readyState === 'live').length"


@pytest.fixture
def lent(launch, address):
    """A page whose microphones and audio graphs are kept in `lent` and `contexts`."""
    context = launch(FAKE, ALLOWED).new_context(permissions=["microphone"])
    context.add_init_script(LENT)
    yield Seen(context.new_page()).open(address)
    context.close()


def test_however_often_another_is_chosen_one_is_heard(lent):
    page = lent.page
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    page.evaluate("for (let i = 0; i < 3; i++) document.getElementById('device').dispatchEvent(new Event('change'))")
    page.wait_for_function("() => window.lent.length === 4", timeout=20_000)
    page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    page.wait_for_function(f"() => {LIVE} === 1", timeout=20_000)
    page.get_by_role("button", name="Stop listening").click()
    assert page.evaluate(LIVE) == 0
    assert not lent.logged


def test_one_that_comes_when_another_network_was_chosen_is_given_back(lent):
    page = lent.page
    page.evaluate("window.slow = true")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_function("() => window.go", timeout=20_000)
    page.select_option("#model", "digits")
    page.wait_for_selector("html[data-ready='digits']", timeout=20_000)
    page.evaluate("window.go()")
    page.wait_for_function(f"() => {LIVE} === 0", timeout=20_000)
    assert page.get_by_role("button", name=BUTTON).is_enabled()
    assert not lent.logged


def test_one_that_the_browser_stops_is_told(lent):
    page = lent.page
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
    page.wait_for_function("() => window.contexts.at(-1).state === 'running'", timeout=20_000)
    page.evaluate("window.contexts.at(-1).suspend()")
    page.get_by_role("alert").filter(has_text="has stopped the sound").wait_for(timeout=20_000)
    assert page.evaluate(LIVE) == 0
