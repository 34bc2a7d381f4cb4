"""A runtime without torch (and without scipy, matplotlib, jinja2): what runs a model must not need them."""

import json
import subprocess
import sys

import pytest

from kilovox.integer.bundled import bundled_models

BLOCKED = ("torch", "scipy", "matplotlib", "jinja2", "sklearn", "librosa")
CODE = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
from kilovox.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _one_command_after_another(cache, monkeypatch):
    """The commands here keep what they compile and compute for one another, as a user's do."""
    monkeypatch.setenv("KILOVOX_CACHE", str(cache))


def run(*arguments):
    command = [sys.executable, "-W", "error", "-c", CODE.format(blocked=BLOCKED), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("model", ["fsdd-float32", "fsdd-int8", "fsdd-pow2"])
def test_predict(model, synthetic_folder):
    files = sorted(synthetic_folder.glob("*.wav"))[:3]
    done = run("predict", model, *files, "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"] for row in rows] == list(map(str, files))
    assert all(row["label"] in "0123456789" and 0 < row["confidence"] <= 1 for row in rows)


@pytest.mark.parametrize("model", ["fsdd-float32", "fsdd-int8", "fsdd-pow2"])
def test_evaluate(model, synthetic_folder):
    done = run("evaluate", model, "--corpus", synthetic_folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recordings"] == 90


@pytest.mark.parametrize(("model", "least"), [("fsdd-float32", 0.99), ("fsdd-int8", 0.99), ("fsdd-pow2", 0.99)])
def test_evaluate_on_fsdd(model, least, fsdd_folder):
    """The 600 recordings that judge the bundled models, none of which they were trained on."""
    done = run("evaluate", model, "--corpus", fsdd_folder, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["split"], found["recordings"], found["trained_on"]) == ("random", 600, 0)
    assert found["accuracy"] > least


def test_a_bundled_model_refuses_what_it_was_trained_on(fsdd_folder):
    done = run("evaluate", "fsdd-int8", "--corpus", fsdd_folder, "--split", "all")
    assert done.returncode == 2
    assert "was trained on 2400 of the 3000 recordings" in done.stderr


def test_inspect_every_bundled_model():
    trained_on = dict.fromkeys(("fsdd-float32", "fsdd-int8", "fsdd-pow2"), 2400)
    trained_on |= {"digits": 3000, "digits-pow2": 3000, "listening": 24657, "listening-pow2": 24657}
    assert set(bundled_models()) == set(trained_on)
    for name in bundled_models():
        done = run("inspect", name, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["name"] == name
        assert found["trained_on"]["count"] == trained_on[name]
        assert ("no figure on it judges" in found["trained_on"]["note"]) == (not name.startswith("fsdd"))
        if found["arithmetic"] != "float32":
            assert found["bytes"]["total"] <= 36864
