"""Section `frontend`: samples to features."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from kilovox.config.base import LARGEST_COUNT, Count, Decibels, Frames, Hertz, NonNegative, Samples, Section
from kilovox.config.complaints import complaints
from kilovox.errors import KilovoxError

LARGEST_OVERLAP = 64
"""Frames that a sample may be in; with more, seconds of sound would fill a memory."""
LARGEST_CLIP = 2**18
"""Numbers a clip."""


class FrontEnd(Section):
    """Samples to features. `window` and `hop` in samples; `frames` is the length a clip is padded or trimmed to."""

    kind: Literal["mfcc"] = "mfcc"
    sample_rate: Hertz = 8000
    window: Annotated[int, Field(gt=0, le=2**13)] = 400
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
        if self.hop * LARGEST_OVERLAP < self.window:
            raise ValueError(
                f"hop is {self.hop}; expected at least window / {LARGEST_OVERLAP}, {self.window / LARGEST_OVERLAP:g}"
            )
        if self.coefficients * self.frames > LARGEST_CLIP:
            found = f"{self.coefficients} x {self.frames}"
            raise ValueError(f"coefficients x frames is {found}; expected at most {LARGEST_CLIP} numbers a clip")
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
    taken as integers of 2^-feature_bits. `words`: find the word first, and hear nothing else. `features`: cepstra, or the
    levels of the mel bands, which have as many `coefficients` (filled in) and no `words`.
    """

    kind: Literal["fixed_point"]
    sample_rate: Hertz = 8000
    window: Samples = 256
    hop: Samples = 160
    mel_bands: Count = 32
    coefficients: Count = 13
    low_hz: NonNegative = 60.0
    high_hz: Annotated[float, Field(gt=0)] = 4000.0
    floor_db: Annotated[float | None, Field(gt=0, le=192.66)] = 60.0
    decay_db: Annotated[float, Field(ge=0, le=10_000)] = 3.0
    energy: Literal["absolute", "relative"] = "relative"
    deviations: Annotated[float, Field(gt=0, le=1000)] = 4.0
    frames: Frames = 64
    feature_bits: Annotated[int, Field(ge=0, le=14)] = 5
    words: Words | None = None
    features: Literal["cepstra", "levels"] = "cepstra"

    minimum_samples: ClassVar[int] = 1

    @model_validator(mode="before")
    @classmethod
    def _a_coefficient_a_level(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("features") != "levels" or "coefficients" in values:
            return values
        bands = values.get("mel_bands", cls.model_fields["mel_bands"].default)
        # What is no number of bands is complained of once.
        return {**values, "coefficients": bands} if type(bands) is int and 0 < bands <= LARGEST_COUNT else values

    @model_validator(mode="after")
    def _consistent(self) -> "FixedPointFrontEnd":
        if self.features == "levels" and self.coefficients != self.mel_bands:
            raise ValueError(
                f"coefficients is {self.coefficients}; expected mel_bands, {self.mel_bands}, where features are levels"
            )
        if self.features == "levels" and self.words is not None:
            raise ValueError(
                "words with features levels; expected features cepstra, whose coefficient 0 is the level in the word, or no "
                "words"
            )
        return self


def _kind(value: Any) -> Any:
    return (value.get("kind", "mfcc") if isinstance(value, dict) else getattr(value, "kind", None)) or "mfcc"


_LATER_KEYS = {"features": "cepstra"}
"""Keys that came when there were runs and caches already, and the value that says what those did."""


def without_later_keys(values: dict[str, Any]) -> dict[str, Any]:
    """`values` of a front end as runs and caches are known by: without the keys that say only what was so before they came."""
    return {key: value for key, value in values.items() if key not in _LATER_KEYS or value != _LATER_KEYS[key]}


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
        raise KilovoxError("\n".join(f"front end: {line}" for line in complaints(error, AnyFrontEnd))) from None


_FRONT_END: TypeAdapter[FrontEnd | FixedPointFrontEnd] = TypeAdapter(AnyFrontEnd, config=ConfigDict(defer_build=True))
