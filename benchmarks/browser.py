"""The page in a browser: what it loads, how soon it decides, and what listening costs.

    python benchmarks/browser.py [SECONDS]

Chromium, headless, by Playwright, which draws without a graphics processor; its microphone plays the example "Four digits,
apart" over and over, or silence. Processor time is that of the page's own process, all threads of it (audio, recogniser,
pictures), and beside it the recogniser's alone as it measures itself. Peers, by their own word: Porcupine's web package loads
1.2 MB, a word of hey-buddy 1.03 MB.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile
import soxr
from playwright.sync_api import Page, sync_playwright

from kilovox.audio import read_audio
from kilovox.web.module import folder
from kilovox.web.page import page_files
from kilovox.web.server import page_server

PEERS = {"Porcupine (web)": 1_200_000, "hey-buddy (a word)": 1_030_000}
FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def renderers() -> list[psutil.Process]:
    """Processes of pages, of all Chromium that this one started."""
    return [one for one in psutil.Process(os.getpid()).children(recursive=True) if "--type=renderer" in " ".join(one.cmdline())]


def busy(processes: list[psutil.Process]) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def opened(page: Page, address: str) -> None:
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    ready = time.perf_counter() - begin
    page.get_by_role("button", name="Four digits, apart").click()
    page.wait_for_selector("html[data-heard]")
    print(f"from opening: {ready:.2f} s until it can hear, {time.perf_counter() - begin:.2f} s until the first decision")


def listened(page: Page, address: str, model: str, what: str, seconds: float) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.select_option("#model", model)
    page.wait_for_selector(f"html[data-ready='{model}']")
    page.get_by_role("button", name="Listen to the microphone").click()
    page.get_by_role("button", name="Stop listening").wait_for()
    time.sleep(8)  # what a page does once is done
    before, begin = busy(renderers()), time.perf_counter()
    time.sleep(seconds)
    share = (busy(renderers()) - before) / (time.perf_counter() - begin)
    print(f"{model}, {what}: {share:.1%} of a core; the recogniser {page.inner_text('#micros')}")
    page.get_by_role("button", name="Stop listening").click()


def main(seconds: float) -> None:
    program = shutil.which("chromium") or sys.exit("no Chromium is installed")
    files = page_files(("listening", "listening-pow2"))
    loaded = sum(len(data) for name, data in files.items() if not name.startswith("examples/"))
    times = ", ".join(f"{peer} {size / loaded:.1f} times" for peer, size in PEERS.items())
    print(f"page and both networks: {loaded:,} bytes; {times}")
    with tempfile.TemporaryDirectory() as name, page_server(files) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        silent, spoken = Path(name) / "silent.wav", Path(name) / "spoken.wav"
        soundfile.write(
            spoken, soxr.resample(read_audio(folder() / "examples" / "apart.wav", 8000) / 32768, 8000, 48000), 48000
        )
        soundfile.write(silent, np.zeros(48000), 48000)
        address = f"http://127.0.0.1:{server.server_port}/"
        for sound in (silent, spoken):
            capture = f"--use-file-for-fake-audio-capture={sound}"
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *FAKE, capture])
            page = browser.new_page()
            if sound == silent:
                opened(page, address)
            for model in ("listening", "listening-pow2"):
                listened(page, address, model, sound.stem, seconds)
            browser.close()
        server.shutdown()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
