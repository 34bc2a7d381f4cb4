"""Sections `training`, `distillation` and `quantisation`."""

from typing import Annotated, Literal

from pydantic import Field

from kilovox.config.base import Decibels, Layers, NonNegative, Positive, Section, Share, Units


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
    `device`: cpu, cuda, or auto for CUDA where there is one; networks trained on one and the other differ in their bits.
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
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    augmentation: Augmentation = Augmentation()


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
    learning_rate: Annotated[float, Field(gt=0, le=1e3)] = 0.002
    dropout: Share = 0.1
    per_row: bool = True
