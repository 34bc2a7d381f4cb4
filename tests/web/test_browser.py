"""The page in a real browser: what it hears is what Python hears, integer for integer, and nobody is shut out."""

import base64
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kilovox.audio import read_audio
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import fast_detector
from kilovox.web.module import PREBUILT, folder
from kilovox.web.page import build, page_files
from web.conftest import Seen, serving

EXAMPLES = folder() / "examples"


def python_words(name, samples):
    """Labels that `kilovox listen` accepts."""
    return [word.label for word in fast_detector(open_recogniser(name))([samples]) if word.label is not None]


def python_logits(name, samples):
    recogniser = open_recogniser(name)
    decided = recogniser.decide(recogniser.raw_features([recogniser.heard_out(samples)]))
    return ", ".join(f"{label}: {logit}" for label, logit in zip(recogniser.labels, decided.logits[0], strict=True))


def logits(page):
    return page.page.locator("#logits").text_content()


@pytest.mark.parametrize("model", PREBUILT)
def test_a_file_has_the_words_and_the_logits_of_python(page, address, model, synthetic_folder, tmp_path):
    page.open(address, model)
    spoken = read_audio(EXAMPLES / "apart.wav", 8000)
    path = tmp_path / "digits.wav"
    soundfile.write(path, spoken, 8000, subtype="PCM_16")
    for sound in (path, synthetic_folder / "3_bo_5.wav"):
        page.page.set_input_files("#file", sound)
        words = page.accepted(sound.name)
        samples = read_audio(sound, 8000)
        assert words == python_words(model, samples)
        assert logits(page) == python_logits(model, samples)
    assert python_words(model, spoken) == ["4", "7", "1", "9"]
    assert not page.logged


def test_real_recordings_have_the_logits_of_python(page, address, fsdd_folder):
    page.open(address)
    for path in sorted(fsdd_folder.glob("*_theo_1*.wav"))[:20]:
        page.page.set_input_files("#file", path)
        page.heard(path.name)
        assert logits(page) == python_logits("listening", read_audio(path, 8000))


def test_a_dropped_file_is_heard_as_a_chosen_one(page, address):
    page.open(address)
    data = base64.b64encode((EXAMPLES / "together.wav").read_bytes()).decode()
    page.page.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "five.wav"));
          for (const type of ["dragover", "drop"]) document.body.dispatchEvent(
            new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        data,
    )
    samples = read_audio(EXAMPLES / "together.wav", 8000)
    assert page.accepted("five.wav") == python_words("listening", samples) == ["3", "1", "5", "2", "6"]
    assert logits(page) == python_logits("listening", samples)


def test_sound_at_other_rates_and_in_stereo_says_the_same(page, address, tmp_path):
    soxr = pytest.importorskip("soxr")
    page.open(address)
    sound = read_audio(EXAMPLES / "apart.wav", 8000) / 32768
    for rate, kind in ((44100, "WAV"), (48000, "FLAC"), (16000, "WAV")):
        path = tmp_path / f"at{rate}.{kind.lower()}"
        soundfile.write(path, np.repeat(soxr.resample(sound, 8000, rate)[:, None], 2, axis=1), rate, format=kind)
        page.page.set_input_files("#file", path)
        assert page.accepted(path.name) == ["4", "7", "1", "9"]


def test_what_is_no_sound_is_explained_and_the_page_goes_on(page, address, tmp_path):
    page.open(address)
    header = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"
    wrong = {
        "empty.wav": (b"", "empty"), "text.wav": (b"no sound at all", "no sound in it"),
        "nothing.wav": (header[:36], "no samples"),
        "coded.wav": (header.replace(b"\x01\0\x01\0", b"\x55\0\x01\0"), "format 85"),
    }  # fmt: skip
    for name, (data, message) in wrong.items():
        (tmp_path / name).write_bytes(data)
        page.page.set_input_files("#file", tmp_path / name)
        page.page.get_by_role("alert").filter(has_text=message).filter(has_text=name).wait_for(timeout=10_000)
    (tmp_path / "short.wav").write_bytes(header)
    page.page.set_input_files("#file", tmp_path / "short.wav")
    assert page.heard("short.wav") == []
    assert "nothing was heard" in page.page.inner_text("#said")
    page.page.get_by_role("button", name="Four digits, apart").click()
    assert page.accepted("Four digits, apart") == ["4", "7", "1", "9"]
    assert not page.page.get_by_role("alert").is_visible()


def test_nothing_is_asked_of_another_host_and_nothing_is_logged(page, address):
    page.open(address)
    for example in page.page.locator("#examples button").all():
        example.click()
        page.heard(example.inner_text())
    for model in PREBUILT[1:]:
        page.page.select_option("#model", model)
        page.page.wait_for_selector(f"html[data-ready='{model}']")
    assert all(url.startswith(address) for url in page.asked)
    assert {f"{address}{model}.wasm" for model in PREBUILT} <= set(page.asked)
    assert not page.logged


def test_other_words_are_rejected(page, address):
    page.open(address)
    page.page.get_by_role("button", name="Other words").click()
    assert page.accepted("Other words") == []


def test_the_threshold_is_the_firmware_s_own(page, address):
    page.open(address)
    slider = page.page.get_by_role("slider")
    assert slider.get_attribute("aria-valuetext").startswith("128 of 255, the model's own. Misses 11 % of the words")
    slider.fill("255")
    assert slider.get_attribute("aria-valuetext").startswith("255 of 255. Misses")
    page.page.get_by_role("button", name="Four digits, apart").click()
    few = page.accepted("Four digits, apart")
    recogniser = open_recogniser("listening")
    strict = tuple(255 if threshold else 0 for threshold in recogniser.model.metadata.thresholds)
    metadata = recogniser.model.metadata.model_copy(update={"thresholds": strict})
    strictest = Recogniser(recogniser.model.model_copy(update={"metadata": metadata}))
    want = fast_detector(strictest)([read_audio(EXAMPLES / "apart.wav", 8000)])
    assert few == [word.label for word in want if word.label is not None]
    assert len(few) < 4


def test_the_threshold_counts_where_the_model_has_none(page, address):
    """Nothing is rejected by `digits` itself; what is never sure of all 255 is, from there on."""
    page.open(address, "digits")
    page.page.get_by_role("slider").fill("255")
    recogniser = open_recogniser("digits")
    metadata = recogniser.model.metadata.model_copy(update={"thresholds": (255,) * len(recogniser.labels)})
    strictest = Recogniser(recogniser.model.model_copy(update={"metadata": metadata}))
    page.page.get_by_role("button", name="Other words").click()
    want = list(fast_detector(strictest)([read_audio(EXAMPLES / "other.wav", 8000)]))
    assert page.accepted("Other words") == [word.label for word in want if word.label is not None]
    assert any(word.label is None for word in want)


def test_another_network_while_a_file_is_read(page, address):
    """What is asked for last is what is heard, and the page goes on."""
    page.open(address)
    page.page.evaluate(
        """() => {
          const own = File.prototype.arrayBuffer;
          File.prototype.arrayBuffer = async function () {
            await new Promise((resolve) => (window.read = resolve));
            return own.call(this);
          };
        }"""
    )
    page.page.set_input_files("#file", EXAMPLES / "apart.wav")
    page.page.select_option("#model", "digits")
    page.page.evaluate("window.read()")
    page.page.wait_for_selector("html[data-ready='digits']", timeout=20_000)
    page.page.get_by_role("button", name="Five digits, together").click()
    page.heard("Five digits, together")
    assert page.page.locator("html[data-heard='apart.wav']").count() == 0
    assert not page.page.get_by_role("alert").is_visible()
    assert not page.logged


def test_a_network_that_does_not_come_is_told_and_another_can_be_chosen(page, address):
    page.open(address)
    page.page.route("**/digits.wasm", lambda route: route.fulfill(status=200, body=b"no module"))
    page.page.route("**/digits-pow2.wasm", lambda route: route.fulfill(status=404))
    for model, message in (("digits", "This did not work"), ("digits-pow2", "digits-pow2.wasm cannot be loaded")):
        page.page.select_option("#model", model)
        page.page.get_by_role("alert").filter(has_text=message).wait_for(timeout=20_000)
        assert page.page.get_by_role("button", name="Listen to the microphone").is_disabled()
    page.page.select_option("#model", "listening-pow2")
    page.page.wait_for_selector("html[data-ready='listening-pow2']", timeout=20_000)
    page.page.get_by_role("button", name="Four digits, apart").click()
    assert page.accepted("Four digits, apart") == ["4", "7", "1", "9"]
    assert not page.page.get_by_role("alert").is_visible()


def test_a_page_without_its_files_says_so(page, address):
    page.page.route("**/models.json", lambda route: route.abort())
    page.page.goto(address)
    page.page.get_by_role("alert").filter(has_text="models.json cannot be loaded").wait_for(timeout=20_000)


def test_of_many_words_a_few_are_read_out(page, address, tmp_path):
    page.open(address)
    assert page.page.locator("output").count() == 0  # each would be read out whenever it changes
    sound = np.tile(read_audio(EXAMPLES / "apart.wav", 8000), 5)
    soundfile.write(tmp_path / "many.wav", sound, 8000, subtype="PCM_16")
    page.page.set_input_files("#file", tmp_path / "many.wav")
    words = page.accepted("many.wav")
    assert len(words) == 20
    assert page.page.inner_text("#said .word").split() == words[:12]
    assert "and 8 more in many.wav" in page.page.inner_text("#said")


def test_choosing_a_network_keeps_the_keyboard_where_it_is(page, address):
    page.open(address)
    page.page.focus("#model")
    page.page.keyboard.press("ArrowDown")
    page.page.wait_for_selector("html[data-ready='listening-pow2']", timeout=20_000)
    assert page.page.evaluate("document.activeElement.id") == "model"


def test_the_keyboard_is_enough(page, address):
    page.open(address)
    on = lambda: page.page.evaluate("document.activeElement.textContent || document.activeElement.id")  # noqa: E731
    reached = []
    for _ in range(12):
        page.page.keyboard.press("Tab")
        reached.append(on().strip())
        if reached[-1] == "Four digits, apart":
            page.page.keyboard.press("Enter")
            assert page.accepted("Four digits, apart") == ["4", "7", "1", "9"]
        if reached[-1] == "threshold":
            page.page.keyboard.press("ArrowRight")
            assert page.page.get_by_role("slider").get_attribute("aria-valuetext").startswith("129 of 255. Misses")
    wanted = ["Listen to the microphone", "file", "Four digits, apart", "Other words", "threshold", "Clear"]
    assert [name for name in reached if name in wanted] == wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_is_in_anybody_s_way(browser, address, scheme, width):
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce")
    # The checker is a script that the page's own policy keeps out.
    context.add_init_script((Path(axe.__file__).parent / "axe.min.js").read_text())
    page = Seen(context.new_page()).open(address)
    page.page.get_by_role("button", name="Four digits, apart").click()
    page.heard("Four digits, apart")
    found = page.page.evaluate("axe.run()")["violations"]
    assert not [(one["id"], one["impact"], [node["html"] for node in one["nodes"]]) for one in found]
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_nothing_jumps(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) "
        "window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });"
    )
    page = Seen(context.new_page()).open(address)
    for example in page.page.locator("#examples button").all():
        example.click()
        page.heard(example.inner_text())
    assert page.page.evaluate("window.shift") < 0.05
    context.close()


def test_a_built_page_runs_on_any_host(browser, tmp_path):
    build(tmp_path / "site", ("listening-pow2",))
    files = {path.relative_to(tmp_path / "site").as_posix(): path.read_bytes() for path in (tmp_path / "site").rglob("*.*")}
    context = browser.new_context()
    with serving(files) as address:
        page = Seen(context.new_page())
        page.page.goto(address)
        page.page.wait_for_selector("html[data-ready='listening-pow2']", timeout=20_000)
        page.page.get_by_role("button", name="Four digits, apart").click()
        assert page.accepted("Four digits, apart") == ["4", "7", "1", "9"]
    context.close()


def test_the_page_is_light():
    files = page_files(("listening", "listening-pow2"))
    loaded = sum(len(data) for name, data in files.items() if not name.startswith("examples/"))
    assert loaded < 250_000
