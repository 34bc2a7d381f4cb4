"""From corpora to datasets: only what is asked for, each in its place."""

from kilovox.config import find_configuration, parse_configuration
from kilovox.training import preparation
from kilovox.training.preparation import prepare

WITHOUT_VIEWS = {"augmentation": {"views": 0}}


def test_some_words_of_many(synthetic_corpus, monkeypatch):
    transformed = []
    whole = preparation.corpus_features

    def counted(corpus, front_end, transform, workers):
        transformed.extend(recording.label for recording in corpus.recordings)
        return whole(corpus, front_end, transform, workers)

    monkeypatch.setattr(preparation, "corpus_features", counted)
    config = find_configuration("task-a").changed(
        vocabulary={"words": ["7", "3"]}, model={"output_dim": 2}, training=WITHOUT_VIEWS,
        data_splitting={"split": "speaker:bo", "validation_size": 0.25},
    )  # fmt: skip
    prepared = prepare(config, synthetic_corpus)
    assert prepared.labels == ("7", "3")
    assert (len(prepared.train), len(prepared.validation)) == (9, 3)
    assert set(transformed) == {"7", "3"}
    known = {digest: one for one, digest in zip(synthetic_corpus.recordings, synthetic_corpus.hashes, strict=True)}
    used = [known[digest] for digest in prepared.recordings]
    assert len(used) == 12
    assert {one.label for one in used} == {"3", "7"}
    assert {one.speaker for one in used} == {"ada", "cy"}
    assert sorted(prepared.train.labels.tolist() + prepared.validation.labels.tolist()) == [0] * 6 + [1] * 6


def test_a_mixture_is_the_sections_it_stands_for(synthetic_corpus, synthetic_folder):
    config = find_configuration("task-a").changed(training=WITHOUT_VIEWS)
    values = config.model_dump(exclude={"dataset", "synthetic"})
    mixed = parse_configuration(values | {"corpora": [{"name": "first", "path": str(synthetic_folder)}]}, "x.yaml")
    one, other = prepare(config, synthetic_corpus), prepare(mixed, synthetic_corpus)
    assert (one.train.features == other.train.features).all()
    assert (one.recordings, one.besides) == (other.recordings, ())
    assert one.divided.fingerprint == other.divided.fingerprint
