import pytest
from click.testing import CliRunner

from kilovox.integer.model_file import save_model
from models import make_model, make_recordings


@pytest.fixture
def runner():
    return CliRunner()


@pytest.fixture
def tones(tmp_path):
    """Three labels, two speakers, four takes, in files named as FSDD's."""
    return make_recordings(tmp_path / "tones")


@pytest.fixture
def model_file(tmp_path, tones):
    """A model that says it was trained on the first recording of `tones`."""
    path = tmp_path / "tiny.safetensors"
    save_model(make_model(tones, indices=[0]), path)
    return path
