"""A search, from its space to its front: with trainings that are made up, but for what they are known by."""

import hashlib
import json
import pickle
import random

import pytest

from kilovox.config import find_configuration, parse_configuration, read_configuration
from kilovox.errors import KilovoxError
from kilovox.search import trials as module
from kilovox.search.candidates import Limits
from kilovox.search.instructions import Counted, InstructionModel, Shape
from kilovox.search.ready import FRONT_FOLDER, write_front
from kilovox.search.search import asked_of, planned_trainings, search
from kilovox.search.trials import Result
from kilovox.training.run_key import RunKeys
from models import make_recordings

VALUES = {
    "experiment": {"name": "tiny"},
    "data_splitting": {"split": "speaker:cy", "validation_size": 0.5, "group": "speaker"},
    "frontend": {"kind": "fixed_point"},
    "training": {"epochs": 18, "learning_rate": 0.01},
    "quantisation": {"arithmetic": "int8", "epochs": 9},
    "search": {"trials": 12, "generation": 6, "space": {
        "budget.memory": {"low": 600, "high": 4096, "log": True}, "model.num_layers": [1, 2],
        "training.learning_rate": {"low": 0.001, "high": 0.1, "log": True},
    }},
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_recordings(tmp_path_factory.mktemp("tones") / "tones", speakers=("ada", "bo", "cy"), takes=1)


@pytest.fixture
def trained(monkeypatch):
    """Trainings, as they come: what they give follows from the configuration alone, larger and longer ones being better."""
    found = []

    def train_trial(corpus, config):
        found.append(config)
        luck = int(hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:4], 16) / 2**16
        wrong = 60 / config.size.bytes**0.6 + 1 / config.epochs + 0.05 * luck
        return Result(round(200 * max(0.0, 1 - wrong)) / 200, 200, 1, luck)

    monkeypatch.setattr(module, "train_trial", train_trial)
    return found


class Here:
    """Works in this process; `side`: on so many items at the same time, which end in any order; killed after `most`."""

    def __init__(self, side=1, most=None):
        self.workers, self.most = side, most

    def run(self, function, items, tick=None):
        shuffled = random.Random(self.workers)
        waiting = list(enumerate(items))
        while waiting:
            index, item = waiting.pop(shuffled.randrange(min(self.workers, len(waiting))))
            if self.most == 0:
                raise KeyboardInterrupt
            self.most = None if self.most is None else self.most - 1
            yield index, function(pickle.loads(pickle.dumps(item)))


def searched(corpus, out, executor=None, config=None, **options):
    keys = RunKeys(corpus)
    asked = asked_of(config or parse_configuration(VALUES, "tiny.yaml"), corpus, keys, **{"memory": 4096, **options})
    return search(asked, "tiny", corpus, keys, out, executor or Here())


def summary(found):
    return [(one.candidate.config, one.result.accuracy, one.candidate.size.bytes) for one in found.front]


def test_halving_saves_trainings_and_what_is_trained_fits(trained, corpus, tmp_path):
    found = searched(corpus, tmp_path)
    assert found.candidates == 12
    assert found.trainings == len(trained) == planned_trainings(parse_configuration(VALUES, "x").search) == 12 + 4 + 2
    by_length = [sorted(config.training.epochs for config in trained).count(epochs) for epochs in (2, 6, 18)]
    assert by_length == [12, 4, 2]
    assert all(config.size.bytes <= 4096 for config in trained)
    assert len(found.tried) == 2
    assert found.best.result.accuracy == max(one.result.accuracy for one in found.tried)
    assert [one.candidate.size.bytes for one in found.front] == sorted(one.candidate.size.bytes for one in found.front)
    assert found.notes == ("validation: 3 recordings of 1 people whom nothing was trained on",)


@pytest.mark.parametrize("side", [2, 5])
def test_any_number_of_workers_finds_the_same(trained, corpus, tmp_path, side):
    alone, beside = searched(corpus, tmp_path / "alone"), searched(corpus, tmp_path / "beside", Here(side))
    assert summary(beside) == summary(alone)
    assert summary(alone)


@pytest.mark.parametrize("most", [0, 7, 13])
def test_a_killed_search_goes_on_to_the_same_front(trained, corpus, tmp_path, most):
    """No trial that has ended is trained again, in whatever generation and rung it was killed."""
    whole = searched(corpus, tmp_path / "whole")
    count = len(trained)
    with pytest.raises(KeyboardInterrupt):
        searched(corpus, tmp_path / "killed", Here(3, most))
    assert len(trained) == count + most
    assert summary(searched(corpus, tmp_path / "killed", Here(2))) == summary(whole)
    assert len(trained) == 2 * count


def test_more_trials_go_on_from_fewer(trained, corpus, tmp_path):
    searched(corpus, tmp_path / "a", trials=6)
    found = searched(corpus, tmp_path / "a", trials=12)
    assert summary(found) == summary(searched(corpus, tmp_path / "b", trials=12))
    assert len(trained) == 2 * found.trainings


def test_a_damaged_trial_is_trained_again(trained, corpus, tmp_path):
    whole = searched(corpus, tmp_path)
    count = len(trained)
    first, second, *_ = sorted((tmp_path / module.TRIALS).iterdir())
    first.write_text("{")
    second.write_text(json.dumps({**json.loads(second.read_text()), "identity": "0" * 64}))
    assert summary(searched(corpus, tmp_path)) == summary(whole)
    assert len(trained) == count + 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"recordings": float("inf")}, {"recordings": -5}, {"recordings": 0}, {"recordings": 10**300}, {"epoch": -1},
        {"accuracy": 10**400}, {"accuracy": float("nan")}, {"seconds": float("inf")}, {"accuracy": [1]},
    ],
)  # fmt: skip
def test_a_trial_of_numbers_that_are_none_is_trained_again(trained, corpus, tmp_path, wrong):
    options = {"trials": 1}
    whole = searched(corpus, tmp_path, **options)
    count = len(trained)
    path, *_ = (tmp_path / module.TRIALS).iterdir()
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "result": {**kept["result"], **wrong}}))
    assert summary(searched(corpus, tmp_path, **options)) == summary(whole)
    assert len(trained) == count + 1


@pytest.mark.parametrize(
    "text", ["", "[]", '{"search": []}', "[" * 99_999, json.dumps({"search": {f"k{n}": 1 for n in range(9999)}})]
)
def test_a_folder_that_does_not_say_of_what_search(trained, corpus, tmp_path, text):
    """One short line, whatever is in the file."""
    (tmp_path / "search.json").write_text(text)
    with pytest.raises(KilovoxError, match="holds another search") as caught:
        searched(corpus, tmp_path)
    assert len(str(caught.value)) < 400
    assert (tmp_path / "search.json").read_text() == text
    assert trained == []


@pytest.mark.parametrize("trials", [1, 5, 6, 7, 12, 20])
def test_trainings_are_counted_as_they_are_made(trials):
    plan = parse_configuration(VALUES, "x").search.model_copy(update={"trials": trials})
    sizes = [min(6, trials - begun) for begun in range(0, trials, 6)]
    assert planned_trainings(plan) == sum(size + -(-size // 3) + -(-size // 9) for size in sizes)


def test_trainings_beyond_counting_are_counted():
    plan = parse_configuration(VALUES, "x").search.model_copy(update={"trials": 2**31 - 1, "generation": 1})
    assert planned_trainings(plan) == 3 * (2**31 - 1)


def test_a_folder_of_another_search_is_left_alone(trained, corpus, tmp_path):
    searched(corpus, tmp_path)
    before = (tmp_path / "search.json").read_bytes()
    for options in ({"memory": 2048}, {"epochs": 9}):
        with pytest.raises(KilovoxError, match=r"holds another search .* differ"):
            searched(corpus, tmp_path, **options)
    assert (tmp_path / "search.json").read_bytes() == before


def test_epochs_are_of_all_training(trained, corpus, tmp_path):
    searched(corpus, tmp_path, epochs=36)
    assert max((config.training.epochs, config.quantisation.epochs) for config in trained) == (36, 18)


def test_what_is_left_is_ready_to_be_trained(trained, corpus, tmp_path):
    found = searched(corpus, tmp_path)
    values = write_front(found, tmp_path)
    assert json.loads((tmp_path / FRONT_FOLDER / "front.json").read_text()) == values
    assert {"front", "trials", "seconds"} <= values.keys()
    for number, (row, one) in enumerate(zip(values["front"], found.front, strict=True), 1):
        config = read_configuration(tmp_path / FRONT_FOLDER / f"tiny-{number}.yaml")
        assert str(tmp_path / FRONT_FOLDER / f"tiny-{number}.yaml") == row["config"]
        assert config == one.candidate.config.changed(experiment={"name": f"tiny-{number}"})
        assert (row["bytes"], row["accuracy"]) == (config.size.bytes, one.result.accuracy)
        assert row["instructions"] is None
    assert values["best"] in [row["config"] for row in values["front"]]
    assert "<svg" in (tmp_path / FRONT_FOLDER / "front.svg").read_text()


@pytest.mark.parametrize("name", ["listening", "task-b", "digits"])
def test_every_bundled_configuration_can_be_written_and_read(name, tmp_path):
    from kilovox.search.ready import as_yaml

    config = find_configuration(name)
    (tmp_path / "a.yaml").write_text(as_yaml(config))
    assert read_configuration(tmp_path / "a.yaml") == config


def test_instructions_count_where_they_are_asked_for(trained, corpus, tmp_path):
    """Of a core on which an LSTM's product is an instruction, and nothing else is one."""
    shape = Shape.of(parse_configuration({**VALUES, "model": {"hidden_dim": 8, "output_dim": 3}}, "x"))
    parts = {"front_end": 1e-9, "layers": 8.0 * (13 + 8 + 8 + 8), "head": 1e-9, "other": 1e-9}
    coefficients = {
        (part, which): [0.0] * len(terms) if part != "layers" else [0.0, 0.0, 1.0]
        for part, (which, terms) in shape.terms().items()
    }
    assert Counted("eight", shape, parts).per_second == pytest.approx(50 * 8 * 37)
    model = InstructionModel("abacus", coefficients, 0.0, 0.0, 1)
    found = searched(corpus, tmp_path, limits=Limits(model, 20_000))
    assert found.refused
    for config in trained:
        layers, units = config.model.num_layers, config.hidden
        assert 50 * units * ((13 + units) + (layers - 1) * 2 * units) <= 20_000
    assert [row["instructions"] for row in write_front(found, tmp_path)["front"]] == [model(one[0]) for one in summary(found)]


def test_what_diverges_is_no_network(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "train_trial", lambda corpus, config: Result(0.0, 0, 0, 1.0))
    with pytest.raises(KilovoxError, match="all of 12 networks diverged; expected lower learning rates"):
        searched(corpus, tmp_path)


def test_a_small_space_ends_the_search(trained, corpus, tmp_path):
    values = {**VALUES, "search": {"space": {"model.num_layers": [1, 2], "budget.memory": [2048]}}}
    found = searched(corpus, tmp_path, config=parse_configuration(values, "x"))
    assert (found.candidates, found.notes[-1]) == (2, "the space holds no more networks that fit: all 2 of them were tried")


@pytest.mark.parametrize(
    ("sections", "options", "said"),
    [
        ({}, {"memory": None}, "tiny: no budget; expected --budget, such as 36KB"),
        (
            {"data_splitting": {"validation_size": 0.0}},
            {},
            "data_splitting.validation_size is 0, and no corpus has role validation",
        ),
        ({"search": {"space": {"model.hidden_dim": [512]}}}, {}, "no network of the space fits, of 1 tried"),
    ],
)
def test_what_cannot_be_searched(corpus, tmp_path, sections, options, said):
    with pytest.raises(KilovoxError) as caught:
        searched(corpus, tmp_path, config=parse_configuration({**VALUES, **sections}, "x"), **options)
    assert said in str(caught.value)


def test_people_who_train_and_validate_are_told_of(corpus):
    config = parse_configuration({**VALUES, "data_splitting": {"test_size": 0.1, "validation_size": 0.12}}, "x")
    asked = asked_of(config.changed(search={}), corpus, RunKeys(corpus), memory=4096)
    assert asked.notes[-1].startswith("the same people train and validate")


def test_teachers_are_left_out(corpus):
    asked = asked_of(parse_configuration({**VALUES, "distillation": {}}, "x"), corpus, RunKeys(corpus), memory=4096)
    assert asked.notes[0].startswith("teachers (section distillation) are left out")
    assert asked.space.base.distillation is None
