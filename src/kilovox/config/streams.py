"""Section `streams`: running sound to train on, made of words, of transcribed utterances and of everything else."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from kilovox.config.base import Decibels, GrownSection, Name, NonNegative, Positive, Section, Share, as_tuple, user_path


class Source(Section):
    """Transcribed utterances, as kilovox.corpus.utterances reads them; without `path` those that synthetic voices say.

    `split`: as in `data_splitting`, of whole speakers.

    `share`: of the utterances, beside the other sources; and of the words, those that are cut out of these utterances, where it
    is known when they are spoken, and those that are an utterance alone.
    """

    name: Name
    path: Annotated[Path, BeforeValidator(user_path)] | None = None
    share: Share = 0.1
    split: Annotated[str, Field(pattern=r"^(all|speaker:.+|fold:[0-9]{1,6}/[0-9]{1,6})$")] = "all"


class Streams(GrownSection):
    """`count` pieces of sound of `seconds` each, drawn once; a network reads from each what was said, in order.

    What a piece holds: words one after another; with the share `single` one word alone; with the share `spoken` one of
    `utterances`; with the share `nothing` noise alone. Of words: a share `others` are such as the vocabulary does not ask for;
    a share `close` follow one another without a gap, or overlap by up to `overlap_ms`, the others after up to `gap_ms`; `rate`
    is the largest change of rate, as a fraction, and `level_db` of level. All: a share `noisy` has noise no less than
    `noise_db` below the speech.

    `rejected`: the share of the words heard right of people who validate that may be taken for others, which chooses how sure
    the network must be; without one, it accepts what is likelier than other words.
    """

    LATER = frozenset({"rejected"})

    count: Positive = 16384
    seconds: Annotated[float, Field(gt=0, le=60)] = 3.2
    single: Share = 0.2
    spoken: Share = 0.2
    nothing: Share = 0.04
    others: Share = 0.25
    close: Share = 0.3
    gap_ms: NonNegative = 600.0
    overlap_ms: NonNegative = 40.0
    rate: Share = 0.25
    level_db: Decibels = 6.0
    noisy: Share = 0.75
    noise_db: Annotated[float, Field(ge=-20, le=45)] = 3.0
    utterances: Annotated[tuple[Source, ...], BeforeValidator(as_tuple)] = ()
    rejected: Annotated[float | None, Field(ge=0, lt=1)] = None

    @model_validator(mode="after")
    def _consistent(self) -> "Streams":
        if self.single + self.spoken + self.nothing > 1:
            total = f"{self.single:g} + {self.spoken:g} + {self.nothing:g}"
            raise ValueError(
                f"single, spoken and nothing are {total}; expected at most 1 together, the rest are strings of words"
            )
        if self.utterances and not self.spoken:
            raise ValueError("utterances beside spoken: 0; expected a share of them")
        return self
