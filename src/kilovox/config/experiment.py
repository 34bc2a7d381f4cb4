"""One YAML experiment = one frozen model. Every key is checked; a wrong one is named with its value and what would be right."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, model_validator

from kilovox.budget import fit_hidden, size_of
from kilovox.config.base import Section
from kilovox.config.complaints import complaints
from kilovox.config.data import Dataset, DataSplitting, Experiment, Member, Synthetic, check_members
from kilovox.config.front_end import AnyFrontEnd, FrontEnd
from kilovox.config.network import Budget, Network
from kilovox.config.training import Distillation, Quantisation, Training
from kilovox.config.vocabulary import AnyVocabulary
from kilovox.errors import KilovoxError


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class Configuration(Section):
    """One experiment."""

    experiment: Experiment
    dataset: Dataset = Dataset()
    corpora: Annotated[tuple[Member, ...] | None, BeforeValidator(_as_tuple)] = None
    vocabulary: AnyVocabulary = None
    data_splitting: DataSplitting = DataSplitting()
    frontend: AnyFrontEnd = FrontEnd()
    model: Network = Network()
    training: Training = Training()
    synthetic: Synthetic | None = None
    distillation: Distillation | None = None
    quantisation: Quantisation | None = None
    budget: Budget | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Configuration":
        if self.corpora is not None:
            check_members(self.corpora)
            if self.dataset != Dataset() or self.synthetic is not None:
                raise ValueError("corpora beside dataset or synthetic; expected corpora alone: kind synthetic is one of them")
        if self.first.kind != "features" and self.model.input_dim != self.frontend.coefficients:
            raise ValueError(
                f"model.input_dim is {self.model.input_dim}; expected frontend.coefficients, {self.frontend.coefficients}"
            )
        if self.model.hidden_dim == "fit" and self.budget is None:
            raise ValueError("model.hidden_dim is 'fit'; expected a section 'budget' to fit it into")
        if self.quantisation is not None:
            self._check_quantisation(self.quantisation)
        if self.budget is not None:
            self._check_budget(self.budget)
        return self

    def _check_budget(self, budget: Budget) -> None:
        model = self.model
        hidden = 1 if model.hidden_dim == "fit" else model.hidden_dim
        needed = size_of(hidden, model.num_layers, budget.arithmetic, model.input_dim, model.output_dim).within(budget.scope)
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
        if self.budget is not None and self.budget.arithmetic != quantisation.arithmetic:
            found, expected = self.budget.arithmetic, quantisation.arithmetic
            raise ValueError(f"budget.arithmetic is '{found}'; expected quantisation.arithmetic, '{expected}'")

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
        return fit_hidden(
            self.budget.memory,
            self.model.num_layers,
            self.budget.arithmetic,
            self.budget.scope,
            self.model.input_dim,
            self.model.output_dim,
        ).hidden

    @property
    def epochs(self) -> int:
        """Of the teacher, the float network and training for integers, as far as they are asked for."""
        teachers = self.distillation.teachers * self.distillation.epochs if self.distillation else 0
        return teachers + self.training.epochs + (self.quantisation.epochs if self.quantisation else 0)

    def without(self, *sections: str) -> "Configuration":
        """A copy with these optional sections left out, checked again."""
        return parse_configuration(self.model_dump(exclude=set(sections)), "configuration")

    def changed(self, **sections: dict[str, Any]) -> "Configuration":
        """A copy with some keys of some sections replaced (a section of another kind: all of them), checked again."""
        values = self.model_dump()
        for section, changes in sections.items():
            same_kind = changes.get("kind") in (None, (values[section] or {}).get("kind"))
            values[section] = {**(values[section] or {}), **changes} if same_kind else changes
        return parse_configuration(values, "configuration")


def parse_configuration(values: Any, where: str) -> Configuration:
    """Check `values`, as YAML gives them, for the experiment of `where`."""
    if not isinstance(values, dict):
        raise KilovoxError(f"{where}: expected sections (experiment, dataset, model, training, ...), found {values!r}")
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        raise KilovoxError("\n".join(f"{where}: {line}" for line in complaints(error, Configuration))) from None
