"""The command `kilovox`: finds the command asked for, and turns what went wrong into one line and exit status 2."""

import importlib
import io
import sys
from typing import Any

import click

from kilovox import __version__
from kilovox.errors import KilovoxError, not_installed

COMMANDS = (
    "reproduce",
    "data",
    "train",
    "evaluate",
    "crossvalidate",
    "size",
    "inspect",
    "predict",
    "listen",
    "export",
    "verify",
)


class LazyGroup(click.Group):
    """Imports a command's module only when it is asked for: `kilovox size` must not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"kilovox.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        # A file name that the terminal's encoding lacks is shown with escapes, and costs nobody the rest of the output.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except KilovoxError as error:
            for line in str(error).splitlines():
                click.echo(f"kilovox: {line}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            raise
        except OSError as error:
            # The last resort; where it matters an error says more.
            click.echo(f"kilovox: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
            ctx.exit(2)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("kilovox"):
                raise
            click.echo(f"kilovox: {not_installed(error.name, 'train')}", err=True)
            ctx.exit(2)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Train spoken-word recognisers that fit in kilobytes and run without a floating-point unit."""


if __name__ == "__main__":
    sys.exit(main())
