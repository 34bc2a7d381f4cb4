"""A model as a folder of Verilog, with the memories that it reads, and all that makes a bitstream for a board of it."""

from pathlib import Path

from kilovox.firmware.export import EXPORT
from kilovox.gateware.board import chip_sources
from kilovox.integer.model_file import Model


def export_verilog(model: Model, where: Path) -> list[Path]:
    """Write the gateware of `model` to the folder `where`. Returns the files, sorted.

    Raises KilovoxError where the folder holds something else than an earlier export, or the model cannot be gateware.
    """
    return EXPORT.write(where, chip_sources(model), {"model": model.metadata.name, "target": "verilog"})
