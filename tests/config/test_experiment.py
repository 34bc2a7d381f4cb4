"""Experiments as YAML: what is accepted, and what is said of the rest."""

import pytest
import yaml

from kilovox.config import Configuration, find_configuration, parse_configuration, read_configuration, read_yaml_file
from kilovox.errors import KilovoxError


def values(**sections):
    return {"experiment": {"name": "x"}, **sections}


@pytest.mark.parametrize(
    ("name", "hidden"), [("task-a", 128), ("task-b", 24), ("task-b-int8", 85), ("task-c", 123), ("seed", 128)]
)
def test_configurations_that_come_along(name, hidden):
    assert find_configuration(name).hidden == hidden


def test_hidden_fits_the_budget():
    task_b = find_configuration("task-b")
    assert task_b.hidden == 24
    assert task_b.changed(model={"num_layers": 1}).hidden == 40
    assert find_configuration("task-a").hidden == 128


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"training": {"epochz": 3}}, r"training\.epochz: unknown key \(value 3\); expected one of epochs, batch_size"),
        ({"training": {"epochs": "many"}}, r"training\.epochs: 'many'; expected a valid integer"),
        ({"training": {"epochs": 2.5}}, r"training\.epochs: 2\.5; expected"),
        ({"training": {"batch_size": -4}}, r"training\.batch_size: -4; expected greater than 0"),
        ({"training": {"learning_rate": float("nan")}}, r"training\.learning_rate: nan; expected a finite number"),
        (
            {"training": {"augmentation": {"speeed": 1}}},
            r"training\.augmentation\.speeed: unknown key .* expected one of views",
        ),
        ({"model": {"hidden_dim": -24}}, r"model\.hidden_dim: -24; expected greater than 0"),
        ({"model": {"hidden_dim": "large"}}, r"model\.hidden_dim: 'large'; expected"),
        ({"model": {"readout": "middle"}}, r"model\.readout: 'middle'; expected 'last_valid' or 'after_padding'"),
        ({"model": {"input_dim": 12}}, r"model\.input_dim is 12; expected frontend\.coefficients, 13"),
        ({"model": {"hidden_dim": "fit"}}, r"model\.hidden_dim is 'fit'; expected a section 'budget'"),
        ({"frontend": {"coefficients": 50}}, r"frontend: coefficients is 50; expected at most mel_bands, 40"),
        ({"budget": {"memory": "lots"}}, r"budget\.memory: 'lots' is not a size of memory"),
        ({"data_splitting": {"split": "by-ear"}}, r"data_splitting\.split: 'by-ear'; expected"),
        ({"frontend": {"kind": "ear"}}, r"frontend: expected kind 'mfcc' or 'fixed_point'"),
        (
            {"frontend": {"kind": "fixed_point", "top_db": 3.0}},
            r"frontend\.top_db: unknown key .* expected one of kind, sample_rate",
        ),
        (
            {"frontend": {"kind": "fixed_point", "features": "levels", "coefficients": 13}},
            r"frontend: coefficients is 13; expected mel_bands, 32, where features are levels",
        ),
        (
            {"frontend": {"kind": "fixed_point", "features": "levels", "words": {}}},
            r"frontend: words with features levels; expected features cepstra, .*, or no words",
        ),
        ({"frontend": {"kind": "fixed_point", "features": "waves"}}, r"frontend\.features: 'waves'; expected 'cepstra' or"),
        ({"frontend": {"features": "levels"}}, r"frontend\.features: unknown key \(value 'levels'\); expected one of kind,"),
        (
            {"frontend": {"kind": "fixed_point", "features": "levels", "mel_bands": "many"}},
            r"x\.yaml: frontend\.mel_bands: 'many'; expected a valid integer$",
        ),
        (
            {"frontend": {"kind": "fixed_point", "features": "levels"}, "model": {"input_dim": 13}},
            r"model\.input_dim is 13; expected frontend\.coefficients, 32",
        ),
        ({"frontend": {"hops": 3}}, r"frontend\.hops: unknown key .* expected one of kind, sample_rate, window, hop"),
        ({"frontend": {}, "quantisation": {"arithmetic": "int8"}}, r"frontend\.kind is 'mfcc'; expected 'fixed_point'"),
        ({"quantisation": {"arithmetic": "int4"}}, r"quantisation\.arithmetic: 'int4'; expected 'int8' or 'pow2'"),
        ({"dataset": {"kind": "tape"}}, r"dataset\.kind: 'tape'; expected 'fsdd'"),
        ({"colour": {}}, r"colour: unknown key \(value \{\}\); expected one of experiment, dataset"),
        ({"experiment": {}}, r"experiment\.name: missing"),
    ],
)
def test_wrong_values_are_named(sections, said):
    with pytest.raises(KilovoxError, match=said) as caught:
        parse_configuration({**values(), **sections}, "x.yaml")
    assert str(caught.value).startswith("x.yaml: ")


def test_levels_have_a_coefficient_a_band():
    for bands, more in ((32, {}), (20, {"mel_bands": 20}), (20, {"mel_bands": 20, "coefficients": 20})):
        front_end = {"kind": "fixed_point", "features": "levels", **more}
        config = parse_configuration(values(frontend=front_end, model={"hidden_dim": 5, "output_dim": 3}), "x.yaml")
        assert (config.frontend.coefficients, config.inputs, config.of(3).inputs) == (bands, bands, bands)
        assert parse_configuration(config.model_dump(mode="json"), "again") == config
    assert parse_configuration(values(frontend={"kind": "fixed_point"}), "x.yaml").frontend.features == "cepstra"


def test_every_complaint_is_listed():
    with pytest.raises(KilovoxError) as caught:
        parse_configuration(values(training={"epochs": 0, "batch_size": 0}), "x.yaml")
    assert len(str(caught.value).splitlines()) == 2


def test_frozen_and_round_trip(tmp_path):
    config = find_configuration("task-b")
    with pytest.raises(ValueError, match="frozen"):
        config.experiment.seed = 3
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    assert read_configuration(path) == config
    assert isinstance(config, Configuration)


@pytest.mark.parametrize(
    ("text", "said"), [("a: [1", "not YAML"), ("- 1", "expected sections"), ("", "expected sections"), ("\x00", "not YAML")]
)
def test_files_that_are_no_configuration(tmp_path, text, said):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(KilovoxError, match=said):
        read_configuration(path)


def test_no_such_file(tmp_path):
    with pytest.raises(KilovoxError, match="cannot be read"):
        read_yaml_file(tmp_path / "none.yaml")
    with pytest.raises(
        KilovoxError,
        match="expected a YAML file or one of digits, digits-pow2, listening, listening-pow2, seed, smallest, "
        "speech-commands-12, speech-commands-12-16KB, speech-commands-35, task-a, task-b, task-b-int8, task-c",
    ):
        find_configuration("task-x")


@pytest.mark.parametrize(
    "task", [13, True, "yes", [], [1], [""], ["x" * 65], ["yes", "yes"], ["../yes"], ["_unknown_"], ["a\nb"]]
)
@pytest.mark.parametrize("section", ["dataset", "corpora"])
def test_a_task_that_is_none_is_one_complaint(task, section):
    corpus = {"kind": "speech_commands", "task": task}
    values = {"dataset": corpus} if section == "dataset" else {"corpora": [{"name": "commands", **corpus}]}
    with pytest.raises(KilovoxError) as caught:
        parse_configuration({"experiment": {"name": "x"}, **values}, "x.yaml")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"x.yaml: {section}{'.0' if section == 'corpora' else ''}.task: ")
    assert "expected" in line
