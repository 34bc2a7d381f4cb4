"""A name, a corpus and a memory are enough; what is said is kept."""

import pytest

from kilovox.config import bundled_configurations, parse_configuration, read_configuration
from kilovox.config.defaults import complete
from kilovox.config.yaml_file import read_document
from kilovox.errors import KilovoxError

DOORBELL = {
    "experiment": {"name": "doorbell"},
    "dataset": {"kind": "folders", "path": "recordings"},
    "budget": {"memory": "36KB"},
}


def parse(**sections):
    return parse_configuration({**DOORBELL, **sections}, "x.yaml")


def test_a_name_a_corpus_and_a_memory():
    config = parse()
    assert config.quantisation.arithmetic == config.budget.arithmetic == "int8"
    assert config.frontend.kind == "fixed_point"
    assert config.frontend.words is not None
    assert config.model.hidden_dim == "fit"
    assert config.training.augmentation.views > 0
    assert config.training.augmentation.acoustics is not None
    three = config.of(3)
    assert (three.inputs, three.outputs, three.hidden) == (13, 3, 86)
    assert three.of(5).outputs == 3


def test_running_sound_has_a_recipe_of_its_own():
    values = read_document(bundled_configurations()["listening"]).values
    short = {name: values[name] for name in ("experiment", "corpora", "vocabulary", "streams")}
    blocks = {key: values["model"][key] for key in ("kind", "blocks", "projection")}
    filled = complete({**short, "model": blocks, "budget": {"memory": "36KB", "scope": "model"}})
    for section in ("frontend", "training", "quantisation", "budget"):
        assert filled[section] == values[section]


def test_labels_are_not_guessed():
    with pytest.raises(KilovoxError, match=r"model\.output_dim is not given"):
        _ = parse().hidden


@pytest.mark.parametrize("name", bundled_configurations())
def test_what_is_said_in_full_is_left_as_it_is(name):
    values = read_document(bundled_configurations()[name]).values
    assert complete(values) == values


@pytest.mark.parametrize(
    "sections",
    [
        {"budget": {"memory": 36864, "arithmetic": "float32"}},
        {"frontend": {"kind": "mfcc"}},
        {"frontend": {"hop": 80}},
        {"quantisation": None},
        {"model": {"readout": "after_padding"}},
        {"budget": None},
    ],
)
def test_float_networks_stay_float(sections):
    config = parse(**sections)
    assert config.quantisation is None
    assert config.frontend.kind == "mfcc"
    assert config.training.augmentation.views == 0


@pytest.mark.parametrize(
    "sections",
    [
        {"quantisation": {"arithmetic": "pow2"}},
        {"budget": {"memory": 36864, "arithmetic": "pow2"}},
        {"quantisation": {"arithmetic": "pow2"}, "budget": {"memory": 36864, "arithmetic": "pow2"}},
        {"quantisation": {"arithmetic": "pow2"}, "budget": None},
    ],
)
def test_one_arithmetic_is_enough(sections):
    config = parse(**sections)
    assert config.quantisation.arithmetic == "pow2"
    assert config.budget is None or config.budget.arithmetic == "pow2"
    assert config.frontend.kind == "fixed_point"


def test_two_that_differ():
    with pytest.raises(KilovoxError, match=r"budget\.arithmetic is 'int8'; expected quantisation\.arithmetic, 'pow2'"):
        parse(quantisation={"arithmetic": "pow2"}, budget={"memory": 36864, "arithmetic": "int8"})


def test_what_the_user_says_goes_before_the_recipe():
    config = parse(
        training={"epochs": 3, "augmentation": {"views": 1, "acoustics": {"tempo": 0.1}}},
        model={"num_layers": 2}, frontend={"kind": "fixed_point", "coefficients": 10},
    )  # fmt: skip
    assert (config.training.epochs, config.training.learning_rate) == (3, 0.006)
    assert (config.training.augmentation.views, config.training.augmentation.acoustics.tempo) == (1, 0.1)
    assert config.training.augmentation.acoustics.noise == 0.45
    assert (config.model.num_layers, config.model.hidden_dim, config.inputs) == (2, "fit", 10)
    assert config.frontend.words is None
    assert parse(training={"augmentation": {"acoustics": None}}).training.augmentation.acoustics is None


def test_a_configuration_is_the_same_when_it_is_checked_again():
    config = parse()
    assert config.changed(experiment={"seed": 3}).changed(experiment={"seed": 42}) == config
    sized = config.changed(model={"hidden_dim": 40})
    assert sized.without("quantisation", "budget").quantisation is None
    assert sized.without("quantisation").quantisation is None


def test_integers_wider_than_training_can_simulate():
    with pytest.raises(KilovoxError, match=r"model\.hidden_dim is 1[0-9]{3}; expected at most 700 inputs and units"):
        parse(budget={"memory": "8MB"}).of(4)


def test_wrong_sections_are_still_named():
    for section in ("budget", "frontend", "model", "quantisation"):
        with pytest.raises(KilovoxError, match=section):
            parse(**{section: [1]})
    with pytest.raises(KilovoxError, match=r"training: 3; expected a section, keys and values"):
        parse(training=3)
    assert parse(training=None, model=None, frontend=None) == parse()


def test_errors_name_the_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "experiment: {name: x}\nrecipe: &r\n  epochs: many\ntraining:\n  <<: *r\n  batch_size: 1_000\n"
        'frontend:\n  band_pass: yes\ndata_splitting:\n  split: "speaker:\\u202Eab"\n'
    )
    with pytest.raises(KilovoxError) as caught:
        read_configuration(path)
    assert [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()] == [
        "x.yaml:8: frontend.band_pass: 'yes'; expected a valid boolean, true or false",
        "x.yaml:3: training.epochs: 'many'; expected a valid integer",
        "x.yaml:6: training.batch_size: '1_000'; expected a valid integer",
        "x.yaml:2: recipe: unknown key (value {'epochs': 'many'}); expected one of experiment, dataset, corpora, "
        "vocabulary, data_splitting, frontend, model, training, synthetic, distillation, quantisation, budget, streams, search",
    ]
    path.write_text('experiment: {name: x}\ndata_splitting:\n  split: "speaker:\\u202Eab"\n')
    with pytest.raises(KilovoxError, match=r"x\.yaml:3: data_splitting\.split: character U\+202E in "):
        read_configuration(path)
    path.write_text("experiment: {name: x}\nquantisation: {arithmetic: pow2}\nbudget:\n  memory: 36KB\n  arithmetic: int8\n")
    with pytest.raises(KilovoxError, match=r"x\.yaml:5: budget\.arithmetic is 'int8'; expected quantisation"):
        read_configuration(path)
