"""What a configuration means: every key, and the bytes of its network."""

import json

import click
import yaml
from rich.console import Console

from kilovox.cli.sizes import against_budget, layer_table, network_in_words
from kilovox.config import Configuration, FixedPointFrontEnd, find_configuration
from kilovox.corpus.mixture import open_first, settled
from kilovox.corpus.vocabulary import Asked, digits
from kilovox.errors import KilovoxError
from kilovox.frontend.pipeline import fixed_point_mfcc
from kilovox.text import printable


def show(name: str, as_json: bool) -> None:
    """Print the configuration `name`, whole, and the size of its network where its labels are known or can be counted."""
    config, labels, reason = _resolved(find_configuration(name))
    if isinstance(config.frontend, FixedPointFrontEnd):
        fixed_point_mfcc(config.frontend)  # refuses what it cannot do
    values = config.model_dump(mode="json")
    size = config.size if config.model.output_dim is not None else None
    if as_json:
        found = {"bytes": size.bytes, "layer_bytes": size.layer_bytes, "parameters": size.parameters} if size else {}
        hidden = size.hidden if size else None
        facts = {
            "configuration": values, "arithmetic": config.arithmetic, "hidden": hidden, "labels": labels, "size": found or None
        }  # fmt: skip
        click.echo(json.dumps(facts))
        return
    click.echo(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), nl=False)
    console = Console()
    if size is None:
        console.print(f"bytes: unknown until the corpus is there ({printable(reason)})", markup=False, highlight=False)
        return
    console.print(layer_table(size, f"{config.experiment.name}: {network_in_words(size)}"))
    if config.budget is not None:
        line = against_budget(size.within(config.budget.scope), config.budget.memory, config.budget.scope)
        console.print(line, highlight=False, soft_wrap=True)


def _resolved(config: Configuration) -> tuple[Configuration, list[str] | None, str]:
    """The configuration with its numbers of inputs and outputs; the labels, where the corpus tells; why it does not."""
    vocabulary, first = config.vocabulary, config.first
    if (vocabulary is None or vocabulary.labels is None) and first.path is None and first.kind in ("fsdd", "features"):
        vocabulary = digits()
    if vocabulary is not None and vocabulary.labels is not None:
        labels = Asked.of(vocabulary, []).labels
        return config.of(len(labels)), list(labels), ""
    try:
        corpus = open_first(config)
    except KilovoxError as error:
        return config, None, str(error).splitlines()[0]
    return settled(config, corpus), list(Asked.of(vocabulary, [corpus]).labels), ""
