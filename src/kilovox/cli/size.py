"""kilovox size: the largest network that fits a memory."""

import json

import click
from rich.console import Console

from kilovox.budget import ARITHMETICS, SCOPES, Arithmetic, Scope, Size, fit_hidden, parse_size, size_of
from kilovox.cli.sizes import against_budget, layer_table


@click.command("size")
@click.option("--memory", default="36KB", show_default=True, help="The memory there is: 36KB, 36864, 1MB; 1 KB is 1,024 bytes.")
@click.option(
    "--scope", type=click.Choice(SCOPES), default="model", show_default=True, help="What must fit: the model, or any one layer."
)
@click.option("--arithmetic", type=click.Choice(ARITHMETICS), default="float32", show_default=True)
@click.option(
    "--layers", type=click.IntRange(min=1, max=1000), default=2, show_default=True, help="LSTM layers, of the same hidden size."
)
@click.option(
    "--hidden", type=click.IntRange(min=1), help="The size of a network with this hidden size instead of the largest that fits."
)
@click.option("--inputs", type=click.IntRange(min=1), default=13, show_default=True, help="Features a frame.")
@click.option("--outputs", type=click.IntRange(min=1), default=10, show_default=True, help="Labels.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
def command(
    memory: str, scope: Scope, arithmetic: Arithmetic, layers: int, hidden: int | None, inputs: int, outputs: int, as_json: bool
) -> None:
    """The largest hidden size whose parameters fit into a memory, and the bytes of every layer."""
    limit = parse_size(memory)
    if hidden is None:
        size = fit_hidden(limit, layers, arithmetic, scope, inputs, outputs)
    else:
        size = size_of(hidden, layers, arithmetic, inputs, outputs)
    if as_json:
        click.echo(json.dumps(size.as_json(scope, limit)))
    else:
        _show(size, scope, limit)


def _show(size: Size, scope: Scope, limit: int) -> None:
    shape = f"{size.layers} x LSTM {size.hidden}, {size.arithmetic}"
    console = Console()
    console.print(layer_table(size, f"{shape}, {size.inputs} features, {size.outputs} labels"))
    console.print(f"hidden size {size.hidden}: {against_budget(size.within(scope), limit, scope)}", highlight=False)
    if size.arithmetic != "float32":
        remark = "code, front end and working memory come besides: kilovox verify MODEL measures them on emulated cores"
        console.print(remark, highlight=False, soft_wrap=True)
