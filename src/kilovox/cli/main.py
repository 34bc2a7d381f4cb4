"""The command `kilovox`: finds the command asked for, and turns what went wrong into one line and exit status 2."""

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Any

import click

from kilovox import __version__
from kilovox.errors import KilovoxError, not_installed
from kilovox.text import LINE_LENGTH, printable

# Pydantic looks through every package that is installed for plugins, which takes a fifth of a second and finds none of ours.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

COMMANDS = {
    "reproduce": "Train, judge and report the networks of the tasks.",
    "new": "Make a folder to begin with, for words of your own.",
    "data": "Get the recordings, look at them.",
    "train": "Train the network of a configuration.",
    "evaluate": "Judge a model on recordings it was not trained on.",
    "crossvalidate": "Judge a recipe on people it never heard.",
    "search": "The best networks under a budget of bytes.",
    "size": "The largest network that fits a memory.",
    "inspect": "Show what a model or a configuration is.",
    "predict": "Say what is spoken in sound files.",
    "listen": "Say words as they are spoken.",
    "demo": "Listen in the browser, with the chip's own integers.",
    "export": "Write a model as C, for Arduino, the web or ONNX.",
    "verify": "Compile a model's C for every target, compare bits.",
}
"""By command: what the list of commands says of it. Known without loading any of them: none may be installed whole."""


class LazyGroup(click.Group):
    """Imports a command's module only when it is asked for: `kilovox size` must not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"kilovox.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        _open_closed()
        # A file name that the terminal's encoding lacks is shown with escapes, and costs nobody the rest of the output.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except KilovoxError as error:
            say(error)
            ctx.exit(2)
        except BrokenPipeError:
            raise
        except OSError as error:
            # The last resort; where it matters an error says more.
            say(f"{error.filename or 'input or output'}: {error.strerror or error}")
            ctx.exit(2)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("kilovox"):
                raise
            say(not_installed(error.name))
            ctx.exit(2)


def _open_closed() -> None:
    """Where standard output or standard error is closed (>&-), what is written to it goes nowhere, and not into the other."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (to the end)


def say(error: object) -> None:
    """An error on standard error, each of its lines as one that a terminal only shows: names of files are strangers' text."""
    for line in str(error).split("\n"):
        click.echo(f"kilovox: {printable(line, 10 * LINE_LENGTH)}", err=True)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Train spoken-word recognisers that fit in kilobytes and run without a floating-point unit."""


if __name__ == "__main__":
    sys.exit(main())
