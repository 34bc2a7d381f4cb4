"""One YAML experiment = one frozen model. Every key is checked; a wrong one is named with its value and what would be right."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from kilovox.budget import Arithmetic, Scope, fit_hidden, parse_size, size_of
from kilovox.errors import KilovoxError

Positive = Annotated[int, Field(gt=0, le=2**31 - 1)]
Units = Annotated[int, Field(gt=0, le=4096)]
Layers = Annotated[int, Field(gt=0, le=16)]
Samples = Annotated[int, Field(gt=0, le=2**16)]
Hertz = Annotated[int, Field(gt=0, le=384_000)]
Frames = Annotated[int, Field(gt=0, le=2**14)]
Count = Annotated[int, Field(gt=0, le=1024)]
Decibels = Annotated[float, Field(ge=0, le=200)]
Share = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]


_CONFIGURATIONS = (Path(__file__).parents[2] / "configs", Path(__file__).parent / "configs")
"""In a checkout, and in an installed package."""


class Section(BaseModel):
    """Frozen, nothing unknown, no silent conversion of one type to another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Experiment(Section):
    """What it is called, and the seed of every random choice in training."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42


class Dataset(Section):
    """Where the recordings are; without `path`, KILOVOX_FSDD or a download (kind fsdd), or FSDD's own MFCCs (features)."""

    kind: Literal["fsdd", "folders", "manifest", "features"] = "fsdd"
    path: Annotated[Path | None, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)] = None


class DataSplitting(Section):
    """`validation_size` is a share of the training part; it chooses the epoch and nothing else."""

    split: Annotated[str, Field(pattern=r"^(random|official|all|speaker:.+)$")] = "random"
    test_size: Annotated[float, Field(gt=0, lt=1)] = 0.2
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 42
    validation_size: Share = 0.1


class FrontEnd(Section):
    """Samples to features. `window` and `hop` in samples; `frames` is the length a clip is padded or trimmed to."""

    kind: Literal["mfcc"] = "mfcc"
    sample_rate: Hertz = 8000
    window: Samples = 400
    hop: Samples = 160
    mel_bands: Count = 40
    coefficients: Count = 13
    top_db: Annotated[float, Field(gt=0)] = 80.0
    frames: Frames = 36
    band_pass: bool = False
    normalise: bool = True

    @property
    def minimum_samples(self) -> int:
        """The shortest recording that can be transformed: its ends are reflected by half a window."""
        return self.window // 2 + 1

    @model_validator(mode="after")
    def _consistent(self) -> "FrontEnd":
        if self.coefficients > self.mel_bands:
            raise ValueError(f"coefficients is {self.coefficients}; expected at most mel_bands, {self.mel_bands}")
        if self.window % 2:
            raise ValueError(f"window is {self.window}; expected an even number of samples")
        if self.band_pass and self.sample_rate <= 6000:
            raise ValueError(f"band_pass at a sample_rate of {self.sample_rate}; expected more than 6000 Hz for 300-3000 Hz")
        return self


class Words(Section):
    """End points: only the word is recognised; see kilovox.frontend.word_finder for the meaning of each, counts in frames."""

    buffer: Annotated[int, Field(ge=2, le=255)] = 100
    pause: Annotated[int, Field(ge=0, le=254)] = 14
    margin: Annotated[int, Field(ge=0, le=254)] = 4
    edge: Annotated[int, Field(ge=0, le=254)] = 10
    depth_db: Annotated[float, Field(gt=0, le=200)] = 40.0
    prominence_db: Decibels = 9.0
    shortest: Annotated[int, Field(gt=0, le=255)] = 5


class FixedPointFrontEnd(Section):
    """Samples to int8 features in integers; see kilovox.frontend.fixed_point for the meaning of each.

    `deviations`: standard deviations of a coefficient that reach +-127. `frames`: the length that clips are padded or trimmed
    to in training; the recogniser itself hears any number. `feature_bits`: precomputed features, which are floats, are
    taken as integers of 2^-feature_bits. `words`: find the word first, and hear nothing else.
    """

    kind: Literal["fixed_point"]
    sample_rate: Hertz = 8000
    window: Samples = 256
    hop: Samples = 160
    mel_bands: Count = 32
    coefficients: Count = 13
    low_hz: NonNegative = 60.0
    high_hz: Annotated[float, Field(gt=0)] = 4000.0
    floor_db: Annotated[float | None, Field(gt=0)] = 60.0
    decay_db: Annotated[float, Field(ge=0, le=10_000)] = 3.0
    energy: Literal["absolute", "relative"] = "relative"
    deviations: Annotated[float, Field(gt=0)] = 4.0
    frames: Frames = 64
    feature_bits: Annotated[int, Field(ge=0, le=14)] = 5
    words: Words | None = None

    minimum_samples: ClassVar[int] = 1


def _kind(value: Any) -> Any:
    return (value.get("kind", "mfcc") if isinstance(value, dict) else getattr(value, "kind", None)) or "mfcc"


AnyFrontEnd = Annotated[
    Annotated[FrontEnd, Tag("mfcc")] | Annotated[FixedPointFrontEnd, Tag("fixed_point")],
    Discriminator(
        _kind,
        custom_error_type="front_end",
        custom_error_message="expected kind 'mfcc' or 'fixed_point'",
    ),
]


def parse_front_end(values: Any) -> FrontEnd | FixedPointFrontEnd:
    """The front end that `values`, as a model file has them, describe. Raises KilovoxError."""
    try:
        return _FRONT_END.validate_python(values)
    except ValidationError as error:
        raise KilovoxError("\n".join(f"front end: {line}" for line in _complaints(error))) from None


_FRONT_END: TypeAdapter[FrontEnd | FixedPointFrontEnd] = TypeAdapter(AnyFrontEnd)


class Network(Section):
    """An LSTM of `num_layers` layers and a linear head; `hidden_dim: fit` takes the largest that the budget allows."""

    input_dim: Count = 13
    hidden_dim: Units | Literal["fit"] = 128
    num_layers: Layers = 2
    output_dim: Count = 10
    dropout: Share = 0.3
    readout: Literal["last_valid", "after_padding"] = "last_valid"


class Acoustics(Section):
    """Other people, rooms and microphones, in the place of the simpler changes of `augmentation`.

    `vocal_tract`: largest change of pitch, formants and rate together, as a fraction; `tempo`: largest change of rate alone;
    `crop_ms`: cut off at either end, up to, of half the variants; `silence_ms`: on either side, up to; `equaliser_db`:
    deviation of a random frequency response from knot to knot; shares of the variants: `band_limit`, `reverberation`, `noise`
    (no less than `noise_db` below the word), `codec`.
    """

    vocal_tract: Share = 0.25
    tempo: Annotated[float, Field(ge=0, le=0.5)] = 0.25
    crop_ms: Annotated[float, Field(ge=0, le=1000)] = 0.0
    silence_ms: Annotated[float, Field(ge=0, le=10_000)] = 500.0
    equaliser_db: Decibels = 4.0
    band_limit: Share = 0.25
    reverberation: Share = 0.3
    noise: Share = 0.7
    noise_db: Annotated[float, Field(ge=-20, le=45)] = 0.0
    codec: Share = 0.1


class Augmentation(Section):
    """Random changes of each training recording. `views` differently changed copies are made (0: none at all).

    `shift_ms`: silence before the word, up to; `speed`: largest change of rate, as a fraction; `gain_db`: largest change of
    level; `clip_db`: a quarter is overdriven, by up to this beyond full scale; `noise_db`: lowest signal-to-noise ratio of
    the white noise added; `time_mask`, `feature_mask`: most frames and coefficients blanked (D. Park et al., SpecAugment,
    Interspeech 2019). `acoustics`: changes of
    the samples by that section in the place of these.
    """

    views: Annotated[int, Field(ge=0, le=1000)] = 0
    shift_ms: Annotated[float, Field(ge=0, le=10_000)] = 100.0
    speed: Share = 0.15
    gain_db: Decibels = 10.0
    clip_db: Decibels = 0.0
    noise_db: Decibels = 10.0
    time_mask: Annotated[int, Field(ge=0, le=2**14)] = 4
    feature_mask: Annotated[int, Field(ge=0, le=1024)] = 2
    acoustics: Acoustics | None = None


class Training(Section):
    """How the network is trained. `patience`: epochs without a better validation result before it stops (null: never).

    `averaging`: the weights that are judged and kept are a running average, of which a step keeps this share (0: none).
    """

    epochs: Positive = 60
    batch_size: Annotated[int, Field(gt=0, le=2**16)] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1e3)] = 0.004
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    weight_decay: NonNegative = 0.01
    label_smoothing: Share = 0.1
    gradient_clip: Annotated[float | None, Field(gt=0)] = 1.0
    averaging: Share = 0.0
    patience: Positive | None = None
    threads: Annotated[int, Field(gt=0, le=256)] = 1
    augmentation: Augmentation = Augmentation()


def _size(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except KilovoxError as error:
            raise ValueError(str(error)) from None
    return value


class Budget(Section):
    """The memory the parameters must fit into: of the whole model, or of any one layer."""

    memory: Annotated[Positive, BeforeValidator(_size)] = 36864
    scope: Scope = "model"
    arithmetic: Arithmetic = "float32"


class Synthetic(Section):
    """Recordings that nobody spoke, trained on besides the corpus: `share` of every batch; they never judge.

    `path`: a folder a word, as `kilovox data synthesise` makes it; without one, the folder of the cache that it makes.
    """

    path: Annotated[Path | None, BeforeValidator(lambda value: Path(value) if isinstance(value, str) else value)] = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.4


class Distillation(Section):
    """Larger float networks are trained first, and the network learns from their decisions too (G. Hinton et al., 2015).

    Targets are `weight` of the mean softmax of the `teachers` at `temperature`, the rest the true label. `kind`: LSTMs of
    `num_layers`, or convolutions over time; `hidden_dim` is the number of their channels.
    """

    kind: Literal["lstm", "convolution"] = "lstm"
    teachers: Annotated[int, Field(gt=0, le=16)] = 1
    hidden_dim: Units = 128
    num_layers: Layers = 2
    dropout: Share = 0.3
    epochs: Positive = 60
    learning_rate: Annotated[float, Field(gt=0, le=1e3)] = 0.004
    weight: Annotated[float, Field(gt=0, le=1)] = 0.7
    temperature: Annotated[float, Field(gt=0)] = 1.0


class Quantisation(Section):
    """Training for integers: after the float network of `training`, `epochs` more that simulate the integers.

    `per_row`: an int8 layer has a scale for every row, else one for all. `dropout`: on the states, as in `model`.
    """

    arithmetic: Literal["int8", "pow2"]
    epochs: Positive = 40
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    dropout: Share = 0.1
    per_row: bool = True


class Configuration(Section):
    """One experiment."""

    experiment: Experiment
    dataset: Dataset = Dataset()
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
        if self.dataset.kind != "features" and self.model.input_dim != self.frontend.coefficients:
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


def read_configuration(path: Path) -> Configuration:
    """Read and check a YAML experiment. Raises KilovoxError naming the file, the key, the value and what would be right."""
    return parse_configuration(read_yaml_file(path), str(path))


def find_configuration(text: str) -> Configuration:
    """The configuration in the file `text`, or the one of that name that comes with kilovox (task-a, task-b, ...)."""
    named = dict(sorted((path.stem, path) for folder in _CONFIGURATIONS for path in folder.glob("*.yaml")))
    if text in named and not Path(text).exists():
        return read_configuration(named[text])
    if not Path(text).is_file():
        raise KilovoxError(f"{text}: no such file; expected a YAML file or one of {', '.join(named)}")
    return read_configuration(Path(text))


class _NoDuplicates(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not silently the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if isinstance(key, str) and keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml_file(path: str | Path) -> Any:
    """The content of a YAML file. Raises KilovoxError where there is none or it is not YAML."""
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), _NoDuplicates)  # noqa: S506 (a safe loader)
    except OSError as error:
        raise KilovoxError(f"{path}: cannot be read ({error.strerror}); expected a YAML file") from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        reason = re.sub(r"\s+", " ", str(error))
        raise KilovoxError(f"{path}: not YAML ({reason})") from None


def parse_configuration(values: Any, where: str) -> Configuration:
    """Check `values`, as YAML gives them, for the experiment of `where`."""
    if not isinstance(values, dict):
        raise KilovoxError(f"{where}: expected sections (experiment, dataset, model, training, ...), found {values!r}")
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        raise KilovoxError("\n".join(f"{where}: {line}" for line in _complaints(error))) from None


_NOT_KEYS = ("constrained-int", "literal['fit']", "int", "mfcc", "fixed_point")
"""Parts of a location that say which of several types was tried."""


def _complaints(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"] if part not in _NOT_KEYS)
        message = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if item["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key (value {item['input']!r}); expected {_known_keys(item['loc'])}")
        elif item["type"] == "missing":
            lines.append(f"{key}: missing; it is required")
        elif item["type"] in ("value_error", "front_end"):
            lines.append(f"{key}: {message}" if key else message)
        else:
            lines.append(f"{key}: {item['input']!r}; expected {message}")
    return lines


def _known_keys(location: tuple[int | str, ...]) -> str:
    section: Any = Configuration
    for part in location[:-1]:
        if part in ("mfcc", "fixed_point"):
            section = FrontEnd if part == "mfcc" else FixedPointFrontEnd
        elif part in section.model_fields:
            annotation = section.model_fields[str(part)].annotation
            options = [annotation, *getattr(annotation, "__args__", ())]
            section = next((one for one in options if isinstance(one, type) and issubclass(one, BaseModel)), section)
    return "one of " + ", ".join(section.model_fields)
