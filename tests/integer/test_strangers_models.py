"""A model file of a stranger: refused with a clear word, or safe to run, to show and to export."""

import contextlib
import json
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from kilovox.cli.main import main
from kilovox.errors import KilovoxError
from kilovox.firmware.emit import emit
from kilovox.integer.bundled import bundled_models, open_recogniser
from kilovox.integer.description import description
from kilovox.integer.model_file import load_model
from kilovox.integer.recogniser import Recogniser
from kilovox.native.fast import as_fast_as_possible
from models import integer_model, make_model
from strangers import strangers, write

SOUND = [
    np.random.default_rng(1).integers(-32768, 32768, 3000).astype(np.int16),
    np.where(np.arange(2500) // 20 % 2, 32767, -32768).astype(np.int16),
]


def use(path):
    """Everything that is done with a model file."""
    recogniser = Recogniser(load_model(path))
    found = recogniser(SOUND)
    assert np.isfinite(found.logits).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert all(recogniser.labels[index].isprintable() for index in found.indices)
    json.dumps(description(recogniser.model), allow_nan=False)
    if recogniser.engine is not None:
        emit(recogniser.model)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=strangers())
def test_whatever_was_changed(tmp_path, data):
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with contextlib.suppress(KilovoxError):
        use(path)


INT8 = integer_model("int8", units=3, layers=1)
POW2 = integer_model("pow2", units=3, layers=1)
LEVELS = integer_model("int8", units=3, layers=1, features="levels", mel_bands=14)
FLOAT = make_model()


def changed(model, name, value, place=0):
    tensor = model.tensors[name].copy()
    tensor.reshape(-1)[place] = value
    return {name: tensor}


def of_size(model, size, *names):
    return {name: model.tensors[name][:size] for name in names}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ["a", "b\nlicense=x", "c"]}, r"metadata labels\.1: character U\+000A in 'b\\nlicense=x'"),
        ({"labels": ["a", "\x1b]0;x\x07", "c"]}, r"metadata labels\.1: character U\+001B"),
        ({"labels": ["a", "b\u202e", "c"]}, r"metadata labels\.1: character U\+202E"),
        ({"labels": ["a", "b\u2066", "c"]}, r"character U\+2066"),
        ({"labels": ["a", "b\x85", "c"]}, r"labels\.1: .*expected no space"),
        ({"labels": ["a", "b\u2028c", "c"]}, r"character U\+2028"),
        ({"labels": ["a", "b\u200b", "c"]}, r"character U\+200B"),
        ({"labels": ["a", "b\ue000", "c"]}, r"character U\+E000"),
        ({"labels": ["a", " b", "c"]}, r"labels\.1: ' b'; expected no space at either end"),
        ({"labels": ["a", "b" * 65, "c"]}, r"labels\.1: string should have at most 64 characters"),
        ({"labels": ["a", "e\u0301", "\u00e9"]}, "labels occur more than once"),
        ({"labels": [str(number) for number in range(1025)]}, "metadata labels: tuple should have at most 1024 items"),
        ({"name": "x\x9b31m"}, r"metadata name: character U\+009B"),
        ({"name": ""}, "metadata name: ''; expected at least one visible character"),
        ({"aliases": {"one\n": "0"}}, r"metadata aliases.*: '.*'; expected no space"),
        ({"aliases": {"one": "\u061c0"}}, r"metadata aliases\.one: character U\+061C"),
        ({"metrics": {"accuracy\x1b": 1}}, r"metadata metrics: character U\+001B"),
        ({"metrics": {"accuracy": [["\r"]]}}, r"metadata metrics: '.*'; expected at least one visible"),
        ({"configuration": {"a": "x\x00y"}}, r"metadata configuration: character U\+0000"),
        ({"configuration": {str(number): 0 for number in range(3000)}}, "metadata configuration: more than 4096 values"),
        ({"configuration": {"a": [[[[[[[[[1]]]]]]]]]}}, "more than 8 sections in one another"),
        ({"configuration": {"a": 2**60}}, r"metadata configuration: 1152921504606846976; expected a finite number"),
        ({"front_end": {"kind": "fixed_point", "floor_db": 192.7}}, r"floor_db: 192\.7; expected .* 192\.66"),
        (
            {"front_end": {"kind": "fixed_point", "decay_db": 9999.0, "sample_rate": 600, "high_hz": 300.0}},
            "decay_db: 9999; expected 0 to 1445",
        ),
        ({"front_end": {"kind": "fixed_point", "decay_db": -1.0}}, r"front end: decay_db: -1\.0; expected"),
        ({"front_end": {"kind": "fixed_point", "mel_bands": 64}}, "mel_bands: 64; expected an even number, 2 to 62"),
        ({"front_end": {"kind": "fixed_point", "mel_bands": 60}}, "60 mel bands from 60 to 4000 Hz: some without a bin"),
        ({"front_end": {"kind": "fixed_point", "hop": 257}}, "hop: 257; expected 1 to 256"),
        ({"front_end": {"kind": "fixed_point", "window": 512}}, "window: 512; expected 256"),
        ({"front_end": {"kind": "fixed_point", "high_hz": 4000.5}}, "low_hz, high_hz"),
        ({"front_end": {"kind": "fixed_point", "low_hz": 4000.0}}, "low_hz, high_hz"),
        ({"front_end": {"kind": "fixed_point", "deviations": 0.0}}, "front end: deviations: 0"),
        ({"front_end": {"kind": "fixed_point", "words": {"pause": 100}}}, r"words\.margin, words\.pause"),
        ({"front_end": {"kind": "fixed_point", "words": {"buffer": 256}}}, r"front end: words\.buffer: 256"),
        ({"front_end": {"kind": "fixed_point", "words": {"edge": 255}}}, r"front end: words\.edge: 255"),
        ({"front_end": {"kind": "fixed_point", "words": {"depth_db": 201.0}}}, r"front end: words\.depth_db: 201"),
        ({"front_end": {"kind": "fixed_point", "features": "waves"}}, "features: 'waves'; expected 'cepstra' or 'levels'"),
        (
            {"front_end": {"kind": "fixed_point", "features": "levels", "coefficients": 13}},
            "front end: coefficients is 13; expected mel_bands, 32, where features are levels",
        ),
        ({"front_end": {"kind": "fixed_point", "features": "levels", "words": {}}}, "front end: words with features levels"),
        ({"front_end": {"kind": "fixed_point", "features": "levels", "mel_bands": 60}}, "60 mel bands .*: some without a bin"),
        ({"front_end": {"kind": "fixed_point", "frames": 20_000}}, "front end: frames: 20000"),
        ({"front_end": {"kind": "mfcc"}}, "no tensor 'front_end.mean'"),
        ({"front_end": {"kind": "other"}}, "front end: expected kind"),
        ({"network": {**INT8.metadata.network, "hidden_dim": "fit"}}, r"network\.hidden_dim 'fit'; expected a number"),
        ({"network": {**INT8.metadata.network, "num_layers": 2}}, "lstm1"),
        ({"network": {"input_dim": 13, "hidden_dim": 3, "output_dim": 3}}, r"network\.num_layers: missing"),
        ({"network": {**INT8.metadata.network, "output_dim": 4}}, "rows; metadata say|3 labels"),
        ({"network": {**INT8.metadata.network, "input_dim": 12}}, r"13 coefficients; expected network\.input_dim, 12"),
        ({"network": {**INT8.metadata.network, "readout": "after_padding"}}, "expected last_valid"),
        ({"network": {**INT8.metadata.network, "hidden_dim": True}}, r"network\.hidden_dim: True; expected"),
        ({"calibration": list(range(17))}, "a calibration; expected that of networks of kind convolutional"),
        ({"arithmetic": "pow2"}, "tensor lstm0"),
        ({"arithmetic": "float32"}, "has no tensor"),
    ],
)  # fmt: skip
def test_what_metadata_may_not_say(tmp_path, change, said):
    with pytest.raises(KilovoxError, match=said):
        Recogniser(load_model(write(tmp_path / "m", INT8, **change)))


@pytest.mark.parametrize(
    ("model", "tensors", "said"),
    [
        (INT8, changed(INT8, "activation.tanh", 5, 7), r"tensor activation\.tanh: is not tanh"),
        (INT8, changed(INT8, "lstm0.weights", -128, 9), r"tensor lstm0\.weights: weight -128; expected -127 to 127"),
        (INT8, changed(INT8, "head.weights", -128), r"tensor head\.weights: weight -128"),
        (INT8, changed(INT8, "lstm0.bias", 2**30, 11), r"lstm0: a dot product may reach \d+; expected at most 2\^30"),
        (INT8, {"lstm0.bias": np.full((3, 4), -(2**31), np.int32)}, r"lstm0: a dot product may reach \d+"),
        (INT8, changed(INT8, "lstm0.shift", 25), "lstm0: shift 25; expected at most 24"),
        (INT8, {"head.shift": np.array([25], np.uint8)}, "head: shift 25"),
        (INT8, changed(INT8, "head.bias", 2**30), r"head: a dot product may reach \d+; expected less than 2\^30"),
        (INT8, {"head.exponent": np.array([1], np.int8)}, r"tensors of \d+ bytes; expected \d+"),
        (INT8, of_size(INT8, 12, "front_end.offset", "front_end.multiplier"), "12 coefficients; expected"),
        (INT8, of_size(INT8, 1, "front_end.offset", "front_end.multiplier"), "1 coefficients; expected"),
        (LEVELS, of_size(LEVELS, 13, "front_end.offset", "front_end.multiplier"), "13 coefficients; expected .*, 14"),
        (INT8, {"front_end.offset": np.zeros(13, np.int32)}, "int16 of one size"),
        (INT8, changed(INT8, "front_end.multiplier", 0), "multiplier > 0"),
        (INT8, changed(INT8, "front_end.multiplier", 1 << 14), "multiplier 16384 of the features; expected at most 16383"),
        (INT8, {"front_end.shift": np.array([0], np.uint8)}, "a shift of 1 to 24"),
        (INT8, {"front_end.shift": np.array([25], np.uint8)}, "a shift of 1 to 24"),
        (INT8, {"front_end.mean": np.zeros(13, np.float32)}, r"tensor front_end\.mean: unknown"),
        (INT8, {"lstm0.more": np.zeros(1, np.int8)}, r"lstm0\.more is unknown"),
        (INT8, {"lstm0.bias": None}, r"no tensor 'lstm0\.bias'"),
        (INT8, {"x" * 65: np.zeros(1, np.int8)}, "a tensor named 'xxx"),
        (INT8, {"a\x1b": np.zeros(1, np.int8)}, r"a tensor named 'a\\x1b'"),
        (INT8, {"x": np.zeros(1, np.float64)}, "expected dtype"),
        (INT8, {"x": np.zeros((1, 1, 1, 1, 1), np.int8)}, "expected positive counts"),
        (INT8, {"x": np.zeros((0, 4), np.int8)}, "expected positive counts"),
        (INT8, {f"x{number}": np.zeros(1, np.int8) for number in range(257)}, "tensors; expected at most 256"),
        (POW2, {"lstm0.exponent": np.array([3], np.int8)}, r"tensor lstm0\.shift: \d+; expected"),
        (POW2, {"lstm0.exponent": None, "head.exponent": np.array([0, 0], np.int8)}, r"exponent"),
        (POW2, {"head.weights": np.full((1, 2, 3), 255, np.uint8)}, "the half byte after the last column is not 0"),
        (FLOAT, changed(FLOAT, "fc.weight", np.nan, 3), r"tensor fc\.weight: expected float32, finite"),
        (FLOAT, changed(FLOAT, "lstm.bias_ih_l1", -np.inf), r"tensor lstm\.bias_ih_l1: expected float32, finite"),
        (FLOAT, changed(FLOAT, "lstm.weight_hh_l0", 1e30), r"tensor lstm\.weight_hh_l0: expected"),
        (FLOAT, {"fc.bias": np.zeros(3, np.int32)}, r"tensor fc\.bias: expected float32"),
        (FLOAT, {"fc.more": np.zeros(3, np.float32)}, r"tensor fc\.more is unknown"),
        (FLOAT, {"fc.bias": np.zeros((3, 1), np.float32)}, r"fc\.bias has shape \(3, 1\); expected \(3,\)"),
        (FLOAT, changed(FLOAT, "front_end.mean", np.nan), r"front_end\.\*: expected mean and deviation"),
        (FLOAT, changed(FLOAT, "front_end.deviation", 1e-30), r"front_end\.\*: expected mean and deviation"),
        (FLOAT, of_size(FLOAT, 12, "front_end.mean", "front_end.deviation"), "12 coefficients"),
    ],
)  # fmt: skip
def test_what_tensors_may_not_be(tmp_path, model, tensors, said):
    with pytest.raises(KilovoxError, match=said):
        Recogniser(load_model(write(tmp_path / "m", model, tensors)))


def test_levels_of_another_number_than_the_network_reads(tmp_path):
    """Such a model may read features that were computed before; of sound it makes nothing, and no firmware."""
    path = write(tmp_path / "m", INT8, front_end={"kind": "fixed_point", "features": "levels"})
    recogniser = Recogniser(load_model(path))
    for run in (recogniser, as_fast_as_possible(recogniser)):
        with pytest.raises(KilovoxError, match="model tiny: reads 13 coefficients a frame; found 32"):
            run(SOUND)
    with pytest.raises(KilovoxError, match="model tiny: 13 inputs; its front end gives 32"):
        emit(recogniser.model)


def raw_file(tmp_path, header, data=b"", length=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return path


ABOUT = {"kilovox": json.dumps({"metadata": json.loads(INT8.metadata.model_dump_json()), "sha256": "0" * 64})}
ONE = {"dtype": "I8", "shape": [4], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("tensors", "data"),
    [
        ({"a": {**ONE, "shape": [2**31, 2**31, 2**31]}}, b"1234"),
        ({"a": {**ONE, "shape": [2**30, 2**30], "data_offsets": [0, 2**60]}}, b"1234"),
        ({"a": {**ONE, "shape": [-4]}}, b"1234"),
        ({"a": {**ONE, "shape": [True, 4]}}, b"1234"),
        ({"a": {**ONE, "shape": [4.0]}}, b"1234"),
        ({"a": {**ONE, "data_offsets": [4, 0]}}, b"1234"),
        ({"a": {**ONE, "data_offsets": [0, 4, 4]}}, b"1234"),
        ({"a": {**ONE, "data_offsets": [1, 5]}}, b"12345"),
        ({"a": ONE, "b": ONE}, b"1234"),
        ({"a": ONE, "b": {**ONE, "data_offsets": [2, 6]}}, b"123456"),
        ({"a": ONE}, b"12345"),
        ({"a": ONE}, b"123"),
        ({"a": {**ONE, "dtype": ["I8"]}}, b"1234"),
        ({"a": {**ONE, "more": 1}}, b"1234"),
        ({"a": [1]}, b"1234"),
        ({}, b"1"),
    ],
)
def test_tricks_with_offsets_and_shapes(tmp_path, tensors, data):
    with pytest.raises(KilovoxError, match=r"m\.safetensors: not a whole \.safetensors file of a model"):
        load_model(raw_file(tmp_path, {"__metadata__": ABOUT, **tensors}, data))


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b'{"a": {}, "a": {}}', None),
        (b'{"__metadata__": {"kilovox": "1", "kilovox": "2"}}', None),
        (b'{"__metadata__": [1]}', None),
        (b'{"__metadata__": {"kilovox": 1}}', None),
        (b"[" * 100_000, None),
        (b'{"a": NaN}', None),
        (b"\xff\xfe", None),
        (b"{}", 2**63),
        (b"{}", 2**64 - 1),
        (b"{}", 3),
        (b"1" * 5000, None),
    ],
)
def test_headers(tmp_path, header, length):
    with pytest.raises(KilovoxError, match=r"m\.safetensors: not a whole \.safetensors file"):
        load_model(raw_file(tmp_path, header, length=length))


@pytest.mark.parametrize(
    "text", ['{"metadata": {}, "metadata": {}, "sha256": ""}', '{"metadata": NaN, "sha256": ""}', "[" * 10**5]
)
def test_what_the_metadata_are_written_as(tmp_path, text):
    with pytest.raises(KilovoxError, match="is not what this kilovox writes"):
        load_model(raw_file(tmp_path, {"__metadata__": {"kilovox": text}}))


def test_a_large_header_takes_memory_in_proportion(tmp_path):
    path = raw_file(tmp_path, b" " * 2**23)
    tracemalloc.start()
    with pytest.raises(KilovoxError):
        load_model(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 * 2**23


@pytest.mark.parametrize("wrap", [lambda value: {"a": value}, lambda value: [value]])
def test_eight_sections_in_one_another_and_no_more(tmp_path, wrap):
    value = 1
    for _ in range(7):
        value = wrap(value)
    assert load_model(write(tmp_path / "m", INT8, configuration={"a": value})).metadata.configuration == {"a": value}
    with pytest.raises(KilovoxError, match="more than 8 sections in one another"):
        load_model(write(tmp_path / "m", INT8, configuration={"a": wrap(value)}))


def test_labels_of_every_language(tmp_path):
    labels = ["да", "はい", "نعم", "می\u200cخواهم", "हाँ", "क्\u200dष", "c'est ça", "👍"]  # noqa: RUF001
    model = integer_model("int8", units=3, layers=1, labels=tuple(labels))
    assert list(Recogniser(load_model(write(tmp_path / "m", model))).labels) == labels


def test_a_link_is_as_good_as_a_file(tmp_path):
    write(tmp_path / "m", INT8)
    (tmp_path / "link").symlink_to(tmp_path / "m")
    assert load_model(tmp_path / "link").metadata == INT8.metadata


@pytest.mark.parametrize("name", bundled_models())
def test_the_bundled_models_pass(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_recogniser(name)(SOUND)


def test_nothing_of_it_speaks_to_the_terminal(tmp_path):
    path = tmp_path / "\x1b[31mm.safetensors"
    write(path, INT8, labels=["a", "\x1b[2J", "c"])
    for command in (["inspect", str(path)], ["predict", str(path), "x.wav"], ["evaluate", str(path)]):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 2
        assert "\x1b" not in result.output
