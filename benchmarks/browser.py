"""The page in a browser: what it loads, how soon it decides, and what listening costs.

    python benchmarks/browser.py [SECONDS]

Chromium, headless, by Playwright; its microphone plays the example "Four digits, apart" over and over. Processor time is that of
the page's own process, all threads of it (audio, recogniser, pictures), and beside it the recogniser's alone as it measures
itself. Peers, by their own word: Porcupine's web package loads 1.2 MB, a word of hey-buddy 1.03 MB.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import soundfile
import soxr
from playwright.sync_api import sync_playwright

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


def main(seconds: float) -> None:
    program = shutil.which("chromium") or sys.exit("no Chromium is installed")
    files = page_files(("listening", "listening-pow2"))
    loaded = sum(len(data) for name, data in files.items() if not name.startswith("examples/"))
    print(f"page and both networks: {loaded:,} bytes; " + ", ".join(f"{peer} {size / loaded:.1f} times" for peer, size in PEERS.items()))
    with tempfile.TemporaryDirectory() as name, page_server(files) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        spoken = Path(name) / "spoken.wav"
        soundfile.write(spoken, soxr.resample(read_audio(folder() / "examples" / "apart.wav", 8000) / 32768, 8000, 48000), 48000)
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", *FAKE, f"--use-file-for-fake-audio-capture={spoken}"]
        )
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("html[data-ready]")
        ready = time.perf_counter() - begin
        page.get_by_role("button", name="Four digits, apart").click()
        page.wait_for_selector("html[data-heard]")
        print(f"from opening: {ready:.2f} s until it can hear, {time.perf_counter() - begin:.2f} s until the first decision")
        idle = busy(renderers())
        time.sleep(seconds / 4)
        idle = (busy(renderers()) - idle) / (seconds / 4)
        for model in ("listening", "listening-pow2"):
            page.select_option("#model", model)
            page.wait_for_selector(f"html[data-ready='{model}']")
            page.get_by_role("button", name="Listen to the microphone").click()
            page.get_by_role("button", name="Stop listening").wait_for()
            time.sleep(2)
            before, begin = busy(renderers()), time.perf_counter()
            time.sleep(seconds)
            share = (busy(renderers()) - before) / (time.perf_counter() - begin)
            own = page.inner_text("#micros")
            print(f"{model}: {share:.1%} of a core while it listens ({idle:.1%} while it does not); the recogniser {own}")
            page.get_by_role("button", name="Stop listening").click()
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
