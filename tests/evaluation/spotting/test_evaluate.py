"""A model that listens, judged in everything at once."""

import pytest

from kilovox.errors import KilovoxError
from kilovox.evaluation.spotting.evaluate import Sources, evaluate_spotting
from kilovox.integer.recogniser import Recogniser
from models import integer_model, make_features, make_recordings, make_utterances


@pytest.fixture(scope="module")
def listener():
    return Recogniser(integer_model("int8", words={"buffer": 60, "pause": 5, "margin": 2}))


@pytest.fixture
def sources(tmp_path):
    calls = make_utterances(tmp_path / "calls", {"ada_1": "zero one", "bob_1": "two", "ada_2": "stop", "bob_2": "go on"})
    return Sources("whole,0.5", calls, "all", (calls / "sounds" / "ada_2.wav",))


def test_everything(listener, sources, tmp_path):
    corpus = make_recordings(tmp_path / "tones", labels=("0", "1", "stop"))
    result = evaluate_spotting(listener, corpus, None, sources)
    assert list(result.strings) == ["whole", "0.5"]
    assert [score.errors.words for score in result.words] == [16, 16, 3]
    assert [(score.name, len(score.heard)) for score in result.speech] == [("other utterances of calls", 2), ("ada_2.wav", 1)]
    assert result.others.hours * 3600 == pytest.approx(8 * 0.25 + 1)
    assert result.speech[0].detections == 3, "the words that it does not know"
    assert result.alarms_of == "other utterances of calls, ada_2.wav"
    assert len(result.curves) == 3
    assert result.as_json() == evaluate_spotting(listener, corpus, None, sources).as_json()


def test_noise_is_counted_apart(listener, tmp_path):
    result = evaluate_spotting(listener, make_recordings(tmp_path / "tones"), None, Sources("0", noise=1))
    assert (result.noise.name, len(result.noise.heard), result.noise.hours) == ("noise", 2, 1 / 60)
    assert result.silence == (result.noise,)
    assert result.curves == ()
    assert result.as_json()["noise"]["detections"] == result.noise.detections
    assert Sources("0", noise=1).said == " --spotting --gaps 0 --noise 1"


def test_words_alone(listener, tmp_path):
    result = evaluate_spotting(listener, make_recordings(tmp_path / "tones"))
    assert list(result.strings) == ["whole", "0", "0.2", "0.6"]
    assert (result.utterances, result.others, result.speech, result.curves) == (None, None, (), ())


def test_errors(listener, sources, tmp_path):
    corpus = make_recordings(tmp_path / "tones")
    for values, message in (
        (Sources(speakers="all"), "expected --utterances with it"),
        (Sources(gaps="wide"), "expected whole, or seconds"),
        (Sources(utterances=tmp_path / "nowhere"), "nowhere"),
        (Sources(speech=(tmp_path / "nowhere",)), "expected a sound file"),
    ):
        with pytest.raises(KilovoxError, match=message):
            evaluate_spotting(listener, corpus, None, values)
    with pytest.raises(KilovoxError, match="features without sound"):
        evaluate_spotting(listener, make_features())
    with pytest.raises(KilovoxError, match="expected a model that finds words"):
        evaluate_spotting(Recogniser(integer_model("int8")), corpus)
    assert sources.said.startswith(" --spotting --gaps whole,0.5 --utterances ")


def test_speech_that_was_trained_on(listener, tmp_path):
    corpus, speech = make_recordings(tmp_path / "tones"), make_recordings(tmp_path / "speech")
    model = integer_model("int8", words={"buffer": 60, "pause": 5, "margin": 2})
    trained = model.metadata.trained_on.model_copy(update={"recordings": (speech.hashes[3],)})
    seen = Recogniser(model.model_copy(update={"metadata": model.metadata.model_copy(update={"trained_on": trained})}))
    sources = Sources("0", speech=(tmp_path / "speech",))
    with pytest.raises(KilovoxError, match="was trained on 1 of its 24 files"):
        evaluate_spotting(seen, corpus, None, sources)
    assert evaluate_spotting(seen, corpus, None, sources, allow_trained=True).speech[0].name == "speech"
