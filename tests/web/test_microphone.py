"""The microphone in a real browser: one that plays a file, one that is refused, missing, pulled out, or all but silent."""

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


@pytest.fixture
def with_microphone(launch, tmp_path, address):
    """A page whose microphone plays samples (8 kHz), once, after 2.5 seconds: it begins before the page hears it."""
    contexts = []

    def opened(samples, model="listening"):
        path = tmp_path / "microphone.wav"
        sound = soxr.resample(np.concatenate([np.zeros(20000), samples / 32768, np.zeros(16000)]), 8000, 48000)
        soundfile.write(path, sound, 48000, subtype="PCM_16")
        browser = launch(FAKE, ALLOWED, f"--use-file-for-fake-audio-capture={path}%noloop")
        contexts.append(browser.new_context(permissions=["microphone"]))
        page = Seen(contexts[-1].new_page()).open(address, model)
        page.page.get_by_role("button", name=BUTTON).click()
        page.page.get_by_role("button", name="Stop listening").wait_for(timeout=20_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def accepted(page, count):
    """The first `count` words that are accepted."""
    page.page.wait_for_function(
        "(count) => document.querySelectorAll('#log td.label').length >= count", arg=count, timeout=30_000
    )
    return list(reversed(page.page.locator("#log td.label").all_inner_texts()))


@pytest.mark.parametrize("model", ["listening", "digits-pow2"])
def test_words_are_told_as_they_are_said(with_microphone, model):
    page = with_microphone(read_audio(folder() / "examples" / "apart.wav", 8000), model)
    assert accepted(page, 4) == ["4", "7", "1", "9"]
    assert "9" in page.page.inner_text("#said")
    assert page.page.inner_text("#decibels").endswith("dB")
    assert "of one core" in page.page.inner_text("#micros")
    page.page.get_by_role("button", name="Stop listening").click()
    page.page.get_by_role("button", name=BUTTON).wait_for()
    assert not page.logged


def test_joined_recordings_of_people_say_their_digits(with_microphone, fsdd_folder):
    spoken = (3, 1, 4, 2, 8)
    parts = [read_audio(fsdd_folder / f"{digit}_jackson_7.wav", 8000) for digit in spoken]
    page = with_microphone(np.concatenate([part for sound in parts for part in (sound, np.zeros(2400))]))
    assert accepted(page, len(spoken)) == [str(digit) for digit in spoken]


def test_one_that_gives_nothing_is_told(with_microphone):
    page = with_microphone(np.zeros(80000))
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
