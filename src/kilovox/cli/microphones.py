"""What listen and record share: the list of microphones."""

import json
from collections.abc import Sequence

import click

from kilovox.errors import KilovoxError
from kilovox.microphone import Device


def show_devices(found: Sequence[Device], as_json: bool, instead: str = "") -> None:
    """A line each. Raises KilovoxError where there is none; `instead`: what else could be heard."""
    if not found:
        raise KilovoxError(f"microphone: no input device; expected one{instead}")
    for one in found:
        if as_json:
            click.echo(json.dumps(vars(one)))
        else:
            several, default = "s" if one.channels > 1 else "", "  (default)" if one.default else ""
            click.echo(f"{one.number:3}\t{one.name}\t{one.channels} channel{several}, {one.rate} Hz{default}")
