import dataclasses
import json

import numpy as np
import pytest

from kilovox.corpus.base import Recording, RecordingCorpus
from kilovox.corpus.splits import judging_indices, make_split
from kilovox.errors import KilovoxError
from kilovox.evaluation.evaluate import Others, evaluate, evaluate_robustness
from kilovox.evaluation.intervals import speaker_interval
from kilovox.evaluation.metrics import wilson_interval
from kilovox.evaluation.robustness import robustness
from kilovox.integer.bundled import open_recogniser
from kilovox.integer.outcome import LABEL, NOTHING, UNKNOWN
from kilovox.integer.recogniser import Recogniser
from models import listening_model, make_features, make_model, make_recordings


def trained_on(corpus, split="random", **options):
    """A recogniser that was trained with `split` of `corpus`, as its model file says."""
    parts = make_split(corpus, split, 0.25, 3, validation_size=0.25)
    return Recogniser(make_model(corpus, split, [*parts.train, *parts.validation], **options))


def test_judges_the_test_part_of_the_models_own_split(tones):
    recogniser = trained_on(tones)
    result = evaluate(recogniser, tones)
    judged = judging_indices(tones, "random", 0.25, 3)
    decided = recogniser([tones.samples(int(index), 8000) for index in judged]).indices
    names = [recogniser.labels[index] for index in decided]
    wrong = [int(i) for i, name in zip(judged, names, strict=True) if tones.recordings[i].label != name]
    assert result.split == "random"
    assert result.recordings == len(judged) == 6
    assert result.correct == 6 - len(wrong)
    assert result.accuracy == result.correct / 6
    assert result.interval_recordings == wilson_interval(result.correct, 6)
    counts = [(score.correct, score.recordings) for score in result.speakers]
    assert result.interval == speaker_interval(*zip(*counts, strict=True)).pair
    assert result.interval_kind == "speakers"
    assert [one.index for one in result.misclassified] == wrong
    for one in result.misclassified:
        assert one.recording == tones.recordings[one.index].name
        assert one.truth == tones.recordings[one.index].label != one.predicted
        assert 1 / 3 <= one.confidence <= 1
    assert np.sum(result.confusion) == 6
    assert sum(score.support for score in result.classes) == 6
    assert sum(score.recordings for score in result.speakers) == 6
    assert (result.left_out, result.trained_on) == (0, 0)


def test_speakers_are_counted_one_by_one(tones):
    result = evaluate(Recogniser(make_model()), tones, "all")
    wrong = {tones.recordings[one.index].name for one in result.misclassified}
    assert set(result.per_speaker) == {"ada", "bob"}
    for score in result.speakers:
        own = [one.name for one in tones.recordings if one.speaker == score.speaker]
        assert score.recordings == len(own) == 12
        assert score.correct == len(set(own) - wrong)
        assert result.per_speaker[score.speaker] == score.accuracy == score.correct / 12


def test_a_named_speaker(tones):
    result = evaluate(trained_on(tones, "speaker:ada"), tones)
    assert result.split == "speaker:ada"
    assert set(result.per_speaker) == {"ada"}
    assert result.recordings == 12


def test_another_corpus_is_judged_whole(tones, tmp_path):
    other = make_recordings(tmp_path / "other", takes=2)
    result = evaluate(trained_on(tones), other)
    assert (result.split, result.recordings) == ("all", 12)


def test_refuses_recordings_it_was_trained_on(tones):
    recogniser = trained_on(tones)
    with pytest.raises(KilovoxError) as refusal:
        evaluate(recogniser, tones, "all")
    message = str(refusal.value)
    assert "tiny was trained on 18 of the 24 recordings of split all" in message
    assert "--include-trained" in message
    assert any(recording.name in message for recording in tones.recordings)
    result = evaluate(recogniser, tones, "all", allow_trained=True)
    assert (result.trained_on, result.recordings) == (18, 24)
    assert result.as_json()["trained_on"] == 18


def test_a_trained_recording_is_known_by_content_not_by_name(tones, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "2_cyd_0.wav").write_bytes(tones.recordings[0].path.read_bytes())
    copy = make_recordings(folder, labels=["0"], takes=1)
    again = Recording("n", "2", "cyd", 0, folder / "2_cyd_0.wav")
    renamed = RecordingCorpus("copy", [*copy.recordings, again], "copy")
    with pytest.raises(KilovoxError, match="1 of the 3 recordings of split all of copy, such as n"):
        evaluate(Recogniser(make_model(tones, indices=[0])), renamed, "all")


def test_words_are_known_by_their_aliases_and_others_left_out(tmp_path):
    corpus = make_recordings(tmp_path / "words", labels=("zero", "two", "2", "cat", "dog"), speakers=(None,), takes=2)
    result = evaluate(Recogniser(make_model()), corpus, "all")
    assert (result.recordings, result.left_out) == (6, 4)
    # Every decision is one of its words as yet, so the four others are taken for one; one is less sure than any of the six.
    assert result.as_json()["others"] == {"recordings": 4, "accepted": 4, "accepted_surely": 3}
    assert (result.interval, result.interval_kind) == (wilson_interval(result.correct, 6), "recordings")
    assert result.as_json()["interval_speakers"] is None
    assert [score.support for score in result.classes] == [2, 0, 4]
    assert result.speakers == ()
    assert {one.truth for one in result.misclassified} <= {"0", "2"}


def test_a_word_taken_for_one_of_the_others_is_not_taken_for_one_that_is_known(tmp_path):
    """Of two models that differ in the name of a label."""
    corpus = make_recordings(tmp_path, labels=("0", "1", "x", "y"))
    decided = evaluate(Recogniser(make_model(labels=("0", "1", "2"))), corpus, "all", allow_trained=True)
    unknown = evaluate(Recogniser(make_model(labels=("0", "1", "unknown"))), corpus, "all", allow_trained=True)
    others = corpus.subset([place for place, one in enumerate(corpus.recordings) if one.label in "xy"])
    recogniser = Recogniser(make_model(labels=("0", "1", "unknown")))
    known = corpus.subset([place for place, one in enumerate(corpus.recordings) if one.label in "01"])
    taken, right = (recogniser.decide(recogniser.corpus_features(one)) for one in (others, known))
    # Of 16 words that are known one may be rejected: 8 % of them, rounded down.
    sure = taken.confidence >= sorted(right.confidence)[1]
    assert decided.others == Others(16, 16, int(sure.sum()))
    assert unknown.others == Others(16, int((taken.indices != 2).sum()), int((sure & (taken.indices != 2)).sum()))
    assert unknown.others.accepted < 16
    assert 0 < decided.others.accepted_surely < 16


def test_an_alias_does_not_shadow_a_label(tmp_path):
    corpus = make_recordings(tmp_path / "words", labels=("1",), takes=1)
    result = evaluate(Recogniser(make_model(aliases={"1": "2"})), corpus, "all")
    assert [score.support for score in result.classes] == [0, 2, 0]


def test_nothing_left_to_judge(tmp_path):
    corpus = make_recordings(tmp_path / "words", labels=("cat",), takes=1)
    with pytest.raises(KilovoxError, match=r"no recording of a word that tiny knows \(0, 1, 2\); its words are cat"):
        evaluate(Recogniser(make_model()), corpus)


@pytest.mark.parametrize("split", ["speaker:eve", "half", "speaker:"])
def test_a_split_that_the_corpus_does_not_have(tones, split):
    with pytest.raises(KilovoxError, match=f"split '?{split}"):
        evaluate(Recogniser(make_model()), tones, split)


def test_precomputed_features():
    corpus = make_features()
    result = evaluate(Recogniser(make_model()), corpus)
    assert (result.recordings, result.per_speaker) == (12, {})


def test_a_model_that_hears_sound_is_not_judged_on_features_made_elsewhere():
    for name, message in (("fsdd-int8", "features of another front end"), ("digits", "features of another front end")):
        with pytest.raises(KilovoxError, match=message):
            evaluate(open_recogniser(name), make_features())
    with pytest.raises(KilovoxError, match="features without sound; expected recordings, for words"):
        open_recogniser("digits").corpus_features(make_features())


def test_features_of_another_size_are_refused():
    corpus = make_features()
    narrow = type(corpus)("narrow", corpus.recordings, [one[:, :5] for one in corpus.features], "narrow")
    with pytest.raises(KilovoxError, match="reads 13 coefficients a frame; found 5"):
        evaluate(Recogniser(make_model()), narrow)


def test_json_says_what_users_depend_on(tones):
    values = json.loads(json.dumps(evaluate(trained_on(tones), tones).as_json(), allow_nan=False))
    promised = {"model", "corpus", "split", "recordings", "correct", "accuracy", "interval", "per_speaker", "confusion"}
    assert promised | {"outcomes", "others", "interval_kind", "interval_recordings", "interval_speakers"} <= values.keys()
    assert values["model"] == "tiny"
    assert values["outcomes"] == {"right": values["correct"], "wrong": 6 - values["correct"], "rejected": 0, "nothing": 0}
    assert values["others"] == {"recordings": 0, "accepted": 0, "accepted_surely": 0}
    assert values["interval"] == values["interval_speakers"]
    assert values["corpus"] == "tones"
    assert 0 <= values["interval"][0] <= values["accuracy"] <= values["interval"][1] <= 1
    assert values["classes"].keys() == {"0", "1", "2"}
    assert values["classes"]["0"].keys() == {"precision", "recall", "f1", "support"}


def test_a_model_that_says_nothing_of_its_splitting(tones):
    result = evaluate(Recogniser(make_model(configuration={})), tones, "random")
    assert result.recordings == len(judging_indices(tones, "random"))


class Careful(Recogniser):
    """Hears nothing in the first recording of each call and rejects the second."""

    def decide(self, raw):
        decisions = super().decide(raw)
        outcomes = decisions.outcomes.copy()
        outcomes[:2] = [NOTHING, UNKNOWN]
        return dataclasses.replace(decisions, outcomes=outcomes)


def test_what_is_rejected_or_not_heard_is_no_label(tones):
    careful, plain = Careful(make_model()), evaluate(Recogniser(make_model()), tones, "all")
    result = evaluate(careful, tones, "all")
    # Recordings lie by name: the first two are of label 0, by ada.
    lost = [one.index not in {wrong.index for wrong in plain.misclassified} for one in result.misclassified[:2]]
    assert [one.index for one in result.misclassified[:2]] == [0, 1]
    assert [(one.outcome, one.predicted, one.truth) for one in result.misclassified[:2]] == [
        ("nothing", None, "0"), ("unknown", None, "0"),
    ]  # fmt: skip
    assert result.recordings == 24
    assert result.correct == plain.correct - sum(lost)
    outcomes = result.outcomes
    assert (outcomes["rejected"], outcomes["nothing"], outcomes["right"]) == (1, 1, result.correct)
    assert sum(outcomes.values()) == 24
    assert np.sum(result.confusion) == 22
    assert (result.rejected, result.nothing) == ((1, 0, 0), (1, 0, 0))
    assert [score.support for score in result.classes] == [8, 8, 8]
    assert result.classes[0].recall == result.confusion[0][0] / 8
    by_speaker = {score.speaker: score.correct for score in result.speakers}
    assert sum(by_speaker.values()) == result.correct


def test_a_network_that_listens_hears_recordings_out(tones):
    recogniser = Recogniser(listening_model())
    result = evaluate(recogniser, tones, "all")
    decided = recogniser([np.pad(tones.samples(place, 8000), (0, 1600)) for place in range(len(tones))])
    truth = [recogniser.labels.index(one.label) for one in tones.recordings]
    assert result.correct == sum((decided.indices == truth) & (decided.outcomes == LABEL))
    table = evaluate_robustness(recogniser, tones, "all")
    assert table.scores[0].correct == result.correct
    assert sum(result.outcomes.values()) == result.recordings == len(tones)


def test_what_is_rejected_is_not_right_in_noise_either(tones):
    samples, truth = [tones.samples(index, 8000) for index in range(2)], [0, 0]
    scores = robustness(Careful(make_model()), samples, truth).scores
    assert {score.correct for score in scores} == {0}


def test_recordings_of_nobody_count_as_one_speaker(tmp_path):
    named = make_recordings(tmp_path / "words", takes=2)
    nameless = [dataclasses.replace(one, speaker=None) if one.speaker == "bob" else one for one in named.recordings]
    mixed = RecordingCorpus("mixed", [*nameless, *make_recordings(tmp_path / "more", speakers=("cy",)).recordings], "mixed")
    result = evaluate(Recogniser(make_model()), mixed, "all")
    assert set(result.per_speaker) == {"ada", "cy"}
    named_right = sum(score.correct for score in result.speakers)
    assert result.interval_speakers == speaker_interval(
        [*(score.correct for score in result.speakers), result.correct - named_right],
        [*(score.recordings for score in result.speakers), 6],
    )


class Decided(Recogniser):
    """Answers each recording of a corpus in turn as it is told."""

    def __init__(self, model, answers):
        super().__init__(model)
        self.answers = iter(answers)

    def decide(self, raw):
        decisions = super().decide(raw)
        outcomes = np.array([next(self.answers) for _ in raw], np.uint8)
        return dataclasses.replace(decisions, outcomes=outcomes)


def test_other_words_and_nothing_are_answers_too(tmp_path):
    corpus = make_recordings(tmp_path / "words", labels=("0", "cat", "_silence_"), speakers=("ada", "bob", "cy"), takes=1)
    model = make_model(configuration={"vocabulary": {"nothing": ["_silence_"]}})
    # Of the words, of the others (two rejected, in one nothing was heard), of the silences (one taken for a word).
    answers = [LABEL, LABEL, UNKNOWN, UNKNOWN, NOTHING, UNKNOWN, NOTHING, LABEL, NOTHING]
    result = evaluate(Decided(model, answers), corpus, "all")
    assert result.recordings == 3
    assert (result.others.recordings, result.others.accepted) == (3, 0)
    found = result.answers
    assert (found.words, found.unknown, found.silence) == ((result.correct, 3), (2, 3), (2, 3))
    assert (found.correct, found.recordings) == (result.correct + 4, 9)
    values = result.as_json()["answers"]
    assert values["accuracy"] == found.correct / 9
    assert values["interval"][0] <= values["accuracy"] <= values["interval"][1]


@pytest.mark.parametrize(
    ("vocabulary", "found"),
    [
        (["x"], r"\['x'\]"), ("x", "'x'"), ({"nothing": "ab"}, "{'nothing': 'ab'}"), ({"nothing": None}, "{'nothing': None}"),
        ({"nothing": [{}]}, r"{'nothing': \[{}\]}"),
    ],
)  # fmt: skip
def test_a_vocabulary_that_is_none(tones, vocabulary, found):
    model = make_model(configuration={"vocabulary": vocabulary})
    with pytest.raises(KilovoxError, match=rf"tiny: metadata configuration\.vocabulary {found}; expected keys and values"):
        evaluate(Recogniser(model), tones, "all")


def test_without_others_there_is_nothing_more_to_answer(tones):
    assert evaluate(Recogniser(make_model()), tones, "all").answers is None
