"""What may be tried, and the configurations that points make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilovox.budget import fit_hidden
from kilovox.config import Range, find_configuration, parse_configuration
from kilovox.errors import KilovoxError
from kilovox.search.space import Space, default_space

MEMORY = 8192


@pytest.fixture(scope="module")
def space(synthetic_corpus):
    """Of int8 LSTMs, what is tried unless it is asked for otherwise."""
    return Space.of(find_configuration("task-b-int8"), synthetic_corpus, MEMORY, "model")


def of(corpus, space, name="task-b-int8", memory=MEMORY, scope="model"):
    return Space.of(find_configuration(name), corpus, memory, scope, space)


@given(shares=st.lists(st.floats(0, 1, exclude_max=True), min_size=7, max_size=7))
def test_every_point_is_a_network_that_fits(space, shares):
    """To the byte, with every key of the point in its place."""
    point = {one.key: one.at(share) for one, share in zip(space.dimensions, shares, strict=True)}
    config = space.configuration(point)
    size = config.size
    assert size.bytes <= point["budget.memory"] <= MEMORY
    layers, inputs = point["model.num_layers"], point["frontend.coefficients"]
    assert size == fit_hidden(point["budget.memory"], layers, "int8", "model", inputs, 10)
    assert (config.hidden, config.inputs, config.outputs) == (size.hidden, inputs, 10)
    assert (config.budget.memory, config.distillation, config.search) == (MEMORY, None, None)
    assert config.training.learning_rate == point["training.learning_rate"]
    assert config.quantisation.learning_rate == point["quantisation.learning_rate"]
    assert config.training.augmentation.feature_mask == point["training.augmentation.feature_mask"]
    assert config.model.dropout == point["model.dropout"]


@pytest.mark.parametrize("name", ["task-a", "task-b", "task-b-int8", "task-c", "listening", "listening-pow2", "seed"])
def test_every_kind_of_network_has_a_space(name, synthetic_corpus):
    config = find_configuration(name)
    space = Space.of(config, synthetic_corpus, 36864, "model")
    assert {one.key for one in space.dimensions} == set(default_space(config, 36864))
    found = space.configuration({one.key: one.at(0.95) for one in space.dimensions})
    assert found.training.epochs == config.training.epochs
    assert 30000 < found.size.bytes <= 36864


def test_what_is_too_large_is_refused(synthetic_corpus):
    space = of(synthetic_corpus, {"model.hidden_dim": (35, 36)})
    assert space.configuration({"model.hidden_dim": 35}).size.bytes == 8069
    with pytest.raises(KilovoxError, match="36 units take 8435 in int8"):
        space.configuration({"model.hidden_dim": 36})


def test_a_budget_of_a_layer_holds_every_layer(synthetic_corpus):
    space = of(synthetic_corpus, {"model.num_layers": (2,)}, scope="layer")
    found = space.configuration({"model.num_layers": 2}).size
    assert found.largest_layer <= MEMORY < found.bytes


def test_the_width_of_convolutions(synthetic_corpus):
    """Channels and projection in multiples of four, and the hidden size fills the rest."""
    config = find_configuration("listening")
    space = Space.of(config, synthetic_corpus, 20480, "model", {"model.width": (0.5,), "budget.memory": (16384,)})
    found = space.configuration({"model.width": 0.5, "budget.memory": 16384})
    assert [block.channels for block in found.model.blocks] == [12, 16, 20, 20]
    assert found.model.projection == 24
    assert [block.band_stride for block in found.model.blocks] == [2, 2, 2, 1]
    size = found.size
    larger = found.changed(model={"hidden_dim": found.hidden + 1})
    assert size.bytes <= 16384 < larger.size.bytes


def test_one_block_and_whole_lists_of_blocks(synthetic_corpus):
    config = find_configuration("listening")
    blocks = [{"channels": 8, "bands": 5, "band_stride": 4}, {"channels": 16, "frame_stride": 2}]
    space = Space.of(config, synthetic_corpus, 36864, "model", {"model.blocks": (blocks,), "model.blocks.1.channels": (8, 16)})
    found = space.configuration({"model.blocks": blocks, "model.blocks.1.channels": 8})
    assert [block.channels for block in found.model.blocks] == [8, 8]
    assert blocks[1]["channels"] == 16, "what the space holds is left as it is"


def test_arithmetic_and_features_bring_what_follows_from_them(synthetic_corpus):
    space = of(synthetic_corpus, {"quantisation.arithmetic": ("int8", "pow2"), "frontend.features": ("cepstra", "levels"),
                                  "budget.memory": (MEMORY,)})  # fmt: skip
    found = space.configuration({"quantisation.arithmetic": "pow2", "frontend.features": "levels", "budget.memory": MEMORY})
    assert (found.budget.arithmetic, found.inputs, found.frontend.coefficients) == ("pow2", 32, 32)
    assert found.size == fit_hidden(MEMORY, 1, "pow2", "model", 32, 10)


def test_a_front_end_of_another_kind_begins_anew(synthetic_corpus):
    space = of(synthetic_corpus, {"frontend.kind": ("mfcc", "fixed_point"), "frontend.coefficients": (13, 20)}, "task-b")
    assert space.configuration({"frontend.kind": "mfcc"}).frontend == find_configuration("task-b").frontend
    found = space.configuration({"frontend.kind": "fixed_point", "frontend.coefficients": 20}).frontend
    assert (found.kind, found.window, found.coefficients) == ("fixed_point", 256, 20)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"dataset.path": ("/other",)}, "search.space.dataset.path: the same for all networks of a search; expected another"),
        ({"data_splitting.random_state": (1, 2)}, "search.space.data_splitting.random_state: the same for all networks"),
        ({"model.layers": (1,)}, "search.space.model.layers: 'layers': unknown key; expected one of kind, input_dim"),
        (
            {"modell.num_layers": (1,)},
            "search.space.modell.num_layers: 'modell': not in the configuration; expected exp",
        ),
        (
            {"model.num_layers": (1, "two")},
            "search.space.model.num_layers: 'two': model.num_layers: 'two'; expected a valid",
        ),
        (
            {"model.dropout": Range(low=0.5, high=1.5)},
            "search.space.model.dropout: 1.5: model.dropout: 1.5; expected less",
        ),
        ({"training.augmentation.acoustics.noise": (0.5,)}, "training.augmentation.acoustics is None; expected a section"),
        ({"model.blocks.0.channels": (8,)}, "model.blocks is a list; expected another key: it is empty, found 0"),
        ({"model.width": (0.5,)}, "model.width of a network without convolutions"),
        ({"synthetic.share": (0.5,)}, "search.space.synthetic.share: synthetic is None; expected a section"),
        ({"model.output_dim": (5, 10)}, "search.space.model.output_dim: the same for all networks of a search"),
        ({"search.trials": (5, 10)}, "search.space.search.trials: the same for all networks of a search"),
        ({"distillation.teachers": (1, 2)}, "search.space.distillation.teachers: teachers are left out of all trials"),
        ({"quantisation.learning_rate": (1e300,)}, "quantisation.learning_rate: 1e+300; expected less than or equal to 1000"),
    ],
)
def test_keys_and_values_that_are_none(synthetic_corpus, space, said):
    with pytest.raises(KilovoxError) as caught:
        of(synthetic_corpus, space)
    assert said in str(caught.value)


@pytest.mark.parametrize("number", ["00", "01", "9" * 5000])
def test_a_place_in_a_list_has_one_name(synthetic_corpus, number):
    """Another name of the first corpus would be a way around what is the same for all networks."""
    corpora = {"name": "theirs"}, {"name": "ours", "role": "validation"}
    config = parse_configuration({"experiment": {"name": "two"}, "corpora": list(corpora)}, "two.yaml")
    with pytest.raises(KilovoxError, match=r"corpora is a list; expected a number from 0 to 1, found [09]") as caught:
        Space.of(config, synthetic_corpus, MEMORY, "model", {f"corpora.{number}.path": ("/other",)})
    assert len(str(caught.value)) < 400


def test_keys_that_are_written_only_where_they_say_something(synthetic_corpus):
    space = Space.of(find_configuration("listening"), synthetic_corpus, 36864, "model", {"streams.rejected": (0.05, None)})
    assert "rejected" not in space.base.model_dump()["streams"]
    assert space.configuration({"streams.rejected": 0.05}).streams.rejected == 0.05


def test_coefficients_beside_features(synthetic_corpus):
    """What a point says of both counts; what it does not say of levels follows from their bands."""
    both = {"frontend.features": ("cepstra", "levels"), "frontend.coefficients": (16, 32), "model.hidden_dim": (8,)}
    space = of(synthetic_corpus, both)
    for features, coefficients in (("levels", 32), ("cepstra", 16)):
        point = {"frontend.features": features, "frontend.coefficients": coefficients, "model.hidden_dim": 8}
        assert space.configuration(point).inputs == coefficients
    with pytest.raises(KilovoxError, match="coefficients is 16; expected mel_bands, 32"):
        space.configuration({"frontend.features": "levels", "frontend.coefficients": 16, "model.hidden_dim": 8})
    listening = find_configuration("listening")
    bands = Space.of(listening, synthetic_corpus, 36864, "model", {"frontend.mel_bands": (20, 32), "model.hidden_dim": (8,)})
    assert bands.configuration({"frontend.mel_bands": 20, "model.hidden_dim": 8}).inputs == 20


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("frontend.window", 512, "window: 512; expected 256"),
        ("frontend.mel_bands", 63, "mel_bands: 63; expected an even number"),
        ("frontend.high_hz", 9000.0, "60, 9000; expected 0 <= low < high <= 4000"),
    ],
)
def test_a_front_end_that_cannot_be_built_is_never_trained(synthetic_corpus, key, value, said):
    """It is refused before, as what does not fit: in a worker it would end the search."""
    space = of(synthetic_corpus, {key: (value,), "model.hidden_dim": (8,)})
    with pytest.raises(KilovoxError, match=said):
        space.configuration({key: value, "model.hidden_dim": 8})


def test_a_width_of_no_projection_is_a_point_that_is_none(synthetic_corpus):
    config = find_configuration("listening")
    space = Space.of(config, synthetic_corpus, 20480, "model", {"model.width": (0.5,), "model.projection": (None, 48)})
    with pytest.raises(KilovoxError, match="projection is missing"):
        space.configuration({"model.width": 0.5, "model.projection": None})


def test_numbers_of_any_size_count_points(synthetic_corpus):
    """Whole numbers beyond floats beside a range without end."""
    wide = Range(low=0, high=10**308)
    space = of(synthetic_corpus, {"training.weight_decay": wide, "training.gradient_clip": Range(low=1, high=10**308),
                                  "training.learning_rate": Range(low=0.1, high=0.2)})  # fmt: skip
    assert space.points == float("inf")


def test_values_that_fit_only_some_others_are_no_error_yet(synthetic_corpus):
    """60 cepstra of 40 bands are none; of 80 they are."""
    space = of(synthetic_corpus, {"frontend.coefficients": (13, 60), "frontend.mel_bands": (40, 80)}, "task-b")
    assert space.configuration({"frontend.coefficients": 60, "frontend.mel_bands": 80}).inputs == 60
    with pytest.raises(KilovoxError, match="coefficients is 60; expected at most mel_bands, 40"):
        space.configuration({"frontend.coefficients": 60})


def test_a_single_unit_may_be_too_large(synthetic_corpus):
    space = of(synthetic_corpus, None, memory=300)
    with pytest.raises(KilovoxError, match="1 layers of 1 units take"):
        space.configuration({one.key: one.at(0.0) for one in space.dimensions})
