"""What several commands show of a network's size."""

from rich.table import Table
from rich.text import Text

from kilovox.budget import Size


def layer_table(size: Size, title: str) -> Table:
    """Parameters and bytes, layer by layer."""
    table = Table("layer", title=Text(title))
    table.add_column("parameters", justify="right")
    table.add_column("bytes", justify="right")
    for name, parameters, count in zip(size.names, size.layer_parameters, size.layer_bytes, strict=True):
        table.add_row(name, f"{parameters:,}", f"{count:,}")
    if size.tables:
        table.add_row("activation table", "", f"{size.tables:,}")
    table.add_section()
    table.add_row("model", f"{size.parameters:,}", f"{size.bytes:,}")
    return table


def network_in_words(size: Size) -> str:
    """What the network is, in a few words."""
    return f"{size.network}, {size.arithmetic}"


def against_budget(used: int, limit: int, scope: str) -> str:
    """How `used` bytes stand to a budget of `limit` bytes."""
    verdict = f"{limit - used:,} bytes to spare" if used <= limit else f"{used - limit:,} bytes too many"
    return f"{used:,} of {limit:,} bytes (scope {scope}), {verdict}"
