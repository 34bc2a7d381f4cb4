"""kilovox demo: the recogniser in the browser."""

import json
import webbrowser
from pathlib import Path

import click

from kilovox.web.module import PREBUILT
from kilovox.web.page import build, page_files
from kilovox.web.server import ADDRESS, page_server

PORT = 8036


@click.command("demo")
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Of 127.0.0.1; 0 is any free one.")
@click.option(
    "--build", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Write the page to DIR, for any host, instead."
)
@click.option("--open/--no-open", "opened", default=False, help="Open the browser.  [default: no-open]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(models: tuple[str, ...], port: int, folder: Path | None, opened: bool, as_json: bool) -> None:
    """Serve the page on which the recogniser hears the microphone, a sound file or an example, to this machine alone.

    MODEL are bundled models (default: listening, listening-pow2, digits, digits-pow2), or files, which zig compiles (pip
    install 'kilovox[verify]'). The page runs the microcontroller's own C, as WebAssembly; no sound leaves it. Ctrl-C ends it.
    With --build, files for any web server: browsers lend the microphone to pages of https:// and 127.0.0.1 alone.
    """
    chosen = models or PREBUILT
    if folder is not None:
        written = build(folder, chosen)
        size = sum(file.stat().st_size for file in written)
        if as_json:
            names = [file.relative_to(folder).as_posix() for file in written]
            click.echo(json.dumps({"folder": str(folder), "bytes": size, "files": names}))
        else:
            click.echo(f"{click.format_filename(folder)}: {len(written)} files, {size:,} bytes; its page is index.html")
        return
    server = page_server(page_files(chosen), port)
    address = f"http://{ADDRESS}:{server.server_port}/"
    click.echo(json.dumps({"address": address, "models": list(chosen)}) if as_json else f"{address}  (Ctrl-C ends it)")
    if opened:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        server.server_close()
