"""One YAML experiment = one frozen model. Every key is checked; a wrong one is named with its value and what would be right."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, model_validator

from kilovox.budget import LARGEST_COLUMNS, Arithmetic, Size, largest_that_fits
from kilovox.config.base import GrownSection, as_tuple
from kilovox.config.complaints import Key, located
from kilovox.config.data import Dataset, DataSplitting, Experiment, Member, Synthetic, check_members
from kilovox.config.defaults import complete
from kilovox.config.front_end import AnyFrontEnd, FrontEnd
from kilovox.config.network import Budget, Network, network_size
from kilovox.config.search import Search
from kilovox.config.streams import Streams
from kilovox.config.training import Distillation, Quantisation, Training
from kilovox.config.vocabulary import AnyVocabulary
from kilovox.config.yaml_file import section
from kilovox.errors import KilovoxError
from kilovox.text import complaint, printable


class Configuration(GrownSection):
    """One experiment."""

    LATER = frozenset({"search"})

    experiment: Experiment
    dataset: Dataset = Dataset()
    corpora: Annotated[tuple[Member, ...] | None, BeforeValidator(as_tuple)] = None
    vocabulary: AnyVocabulary = None
    data_splitting: DataSplitting = DataSplitting()
    frontend: AnyFrontEnd = FrontEnd()
    model: Network = Network()
    training: Training = Training()
    synthetic: Synthetic | None = None
    distillation: Distillation | None = None
    quantisation: Quantisation | None = None
    budget: Budget | None = None
    streams: Streams | None = None
    search: Search | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Configuration":
        if self.corpora is not None:
            check_members(self.corpora)
            if self.dataset != Dataset() or self.synthetic is not None:
                raise ValueError("corpora beside dataset or synthetic; expected corpora alone: kind synthetic is one of them")
        if self.first.kind != "features" and self.model.input_dim not in (None, self.frontend.coefficients):
            raise ValueError(
                f"model.input_dim is {self.model.input_dim}; expected frontend.coefficients, {self.frontend.coefficients}"
            )
        if self.model.hidden_dim == "fit" and self.budget is None:
            raise ValueError("model.hidden_dim is 'fit'; expected a section 'budget' to fit it into")
        if (self.model.kind == "convolutional") != (self.streams is not None):
            kind = self.model.kind
            raise ValueError(
                f"model.kind is '{kind}' {'without' if self.streams is None else 'beside'} streams; expected streams for kind "
                "convolutional, and for no other"
            )
        if self.vocabulary is not None and self.vocabulary.nothing and self.streams is None:
            raise ValueError(
                f"vocabulary.nothing names {self.vocabulary.nothing[0]!r} without streams; expected streams, for a network of "
                "single words takes everything for one of them"
            )
        if self.streams is not None:
            self._check_streams()
        if self.quantisation is not None:
            self._check_quantisation(self.quantisation)
        if self.budget is not None:
            self._check_budget(self.budget)
        if self.quantisation is not None:
            self._check_columns()
        return self

    def _check_columns(self) -> None:
        if self.model.hidden_dim == "fit" and self.model.output_dim is None:
            return  # checked again when the corpus is known
        inputs = self.model.projection or self.inputs
        columns = self.hidden + max(inputs, self.hidden if self.model.num_layers > 1 else 0)
        if columns > LARGEST_COLUMNS:
            raise ValueError(
                f"model.hidden_dim is {self.hidden}; expected at most {LARGEST_COLUMNS} inputs and units a layer together, not "
                f"{columns}, for a quantised network"
            )

    def _check_budget(self, budget: Budget) -> None:
        model = self.model
        hidden = 1 if model.hidden_dim == "fit" else model.hidden_dim
        inputs, outputs = model.input_dim or self.frontend.coefficients, model.output_dim or 1
        needed = network_size(model, hidden, budget.arithmetic, inputs, outputs).within(budget.scope)
        if needed > budget.memory:
            raise ValueError(
                f"budget.memory is {budget.memory} bytes; {model.num_layers} layers of {hidden} units take {needed} in "
                f"{budget.arithmetic} (scope {budget.scope}): expected fewer units or more memory"
            )

    def _check_quantisation(self, quantisation: Quantisation) -> None:
        if self.frontend.kind != "fixed_point":
            raise ValueError(f"frontend.kind is '{self.frontend.kind}'; expected 'fixed_point' for a quantised network")
        if self.model.readout != "last_valid":
            raise ValueError(f"model.readout is '{self.model.readout}'; expected 'last_valid' for a quantised network")
        if self.model.kind == "convolutional":
            self._check_convolutions()
        if self.budget is not None and self.budget.arithmetic != quantisation.arithmetic:
            found, expected = self.budget.arithmetic, quantisation.arithmetic
            raise ValueError(f"budget.arithmetic is '{found}'; expected quantisation.arithmetic, '{expected}'")

    def _check_streams(self) -> None:
        """What a network that listens cannot do with strings of words."""
        if self.frontend.kind != "fixed_point" or self.frontend.words is not None:
            found = f"kind '{self.frontend.kind}'" if self.frontend.kind != "fixed_point" else "words"
            raise ValueError(f"frontend has {found}; expected kind fixed_point without words beside streams")
        if self.model.readout != "last_valid":
            raise ValueError(
                f"model.readout is '{self.model.readout}'; expected 'last_valid' beside streams: every frame is read"
            )
        if self.distillation is not None:
            raise ValueError("distillation beside streams; expected one or the other: teachers know single words alone")
        if self.training.augmentation.views:
            raise ValueError(
                f"training.augmentation.views is {self.training.augmentation.views}; expected 0 beside streams, which "
                "change the sound of every piece"
            )

    def _check_convolutions(self) -> None:
        """Rows are stored four by four; and sums must be exact in training, which simulates the integers in float32."""
        blocks = self.model.blocks
        odd = [count for count in (*(block.channels for block in blocks), self.model.projection or 4) if count % 4]
        if odd:
            raise ValueError(f"model: {odd[0]} channels; expected multiples of 4, projection too, for a quantised network")
        bands = self.frontend.mel_bands
        for block in blocks:
            bands = -(-bands // block.band_stride)
        if blocks[-1].channels * bands > LARGEST_COLUMNS:
            raise ValueError(
                f"model.blocks leave {blocks[-1].channels} channels of {bands} bands; expected at most {LARGEST_COLUMNS} "
                "numbers a frame together, for a quantised network"
            )

    @property
    def first(self) -> Dataset | Member:
        """The corpus that `data_splitting` divides."""
        return self.dataset if self.corpora is None else self.corpora[0]

    @property
    def hidden(self) -> int:
        """The hidden size: as given, or the largest that fits the budget."""
        if self.model.hidden_dim != "fit":
            return self.model.hidden_dim
        if self.budget is None:
            raise KilovoxError("model.hidden_dim is 'fit'; expected a section 'budget' to fit it into")
        arithmetic, scope = self.budget.arithmetic, self.budget.scope

        def needs(hidden: int) -> int:
            return network_size(self.model, hidden, arithmetic, self.inputs, self.outputs).within(scope)

        return largest_that_fits(needs, self.budget.memory, f"{self.model.num_layers} layers in {arithmetic} (scope {scope})")

    @property
    def arithmetic(self) -> Arithmetic:
        """Of the network that is stored in the end."""
        return self.quantisation.arithmetic if self.quantisation is not None else "float32"

    @property
    def size(self) -> Size:
        """Bytes, exactly, of the network that is stored in the end."""
        return network_size(self.model, self.hidden, self.arithmetic, self.inputs, self.outputs)

    @property
    def inputs(self) -> int:
        """Coefficients a frame that the network reads: as given, else those of the front end."""
        return self.model.input_dim or self.frontend.coefficients

    @property
    def outputs(self) -> int:
        """Labels. Raises KilovoxError where neither is it given nor was the configuration made `of` a corpus."""
        if self.model.output_dim is None:
            raise KilovoxError("model.output_dim is not given; it is the number of the corpus' labels, once that is opened")
        return self.model.output_dim

    def of(self, labels: int, inputs: int | None = None) -> "Configuration":
        """A copy whose `input_dim` and `output_dim`, where they are not given, are those of a corpus.

        `inputs`: of precomputed features, the coefficients a frame.
        """
        model = self.model
        dimensions = {
            "input_dim": model.input_dim or inputs or self.frontend.coefficients, "output_dim": model.output_dim or labels,
        }  # fmt: skip
        return (
            self if all(getattr(model, name) == size for name, size in dimensions.items()) else self.changed(model=dimensions)
        )

    @property
    def epochs(self) -> int:
        """Of the teacher, the float network and training for integers, as far as they are asked for."""
        teachers = self.distillation.teachers * self.distillation.epochs if self.distillation else 0
        return teachers + self.training.epochs + (self.quantisation.epochs if self.quantisation else 0)

    def without(self, *sections: str) -> "Configuration":
        """A copy with these optional sections left out, checked again."""
        return check_configuration(self.model_dump(exclude=set(sections)), "configuration")

    def changed(self, **sections: dict[str, Any]) -> "Configuration":
        """A copy with some keys of some sections replaced (a section of another kind: all of them), checked again."""
        values = self.model_dump()
        for name, changes in sections.items():
            before = values.get(name) or {}
            same_kind = changes.get("kind") in (None, before.get("kind"))
            values[name] = {**before, **changes} if same_kind else changes
        return check_configuration(values, "configuration")


def check_configuration(values: Any, where: str, line: Callable[[Key], int | None] = lambda key: None) -> Configuration:
    """The experiment of `values`, as they are. Raises KilovoxError naming `where`, the `line` of a key where there are lines,
    the key, the value and what would be right."""
    try:
        config = Configuration.model_validate(section(values, where))
    except ValidationError as error:
        # What does not fit together is of no section, but begins with the key that is to blame.
        lines = [
            f"{_place(where, line(key or tuple(said.partition(' ')[0].split('.'))))}: {said}"
            for key, said in located(error, Configuration)
        ]
        raise KilovoxError("\n".join(lines)) from None
    for key, text in _texts(config.model_dump(mode="json")):
        wrong = complaint(text)
        if wrong is not None and key[-1] != "path":
            raise KilovoxError(f"{_place(where, line(key))}: {printable('.'.join(map(str, key)))}: {wrong}")
    return config


def parse_configuration(values: Any, where: str, line: Callable[[Key], int | None] = lambda key: None) -> Configuration:
    """The same of `values` as a user writes them, who leaves out what has a default: see kilovox.config.defaults."""
    return check_configuration(complete(section(values, where)), where, line)


def _place(where: str, line: int | None) -> str:
    return where if line is None else f"{where}:{line}"


def _texts(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every text in a configuration: model files repeat them, and terminals show them."""
    if isinstance(value, str):
        yield key, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from _texts(child, (*key, name))
