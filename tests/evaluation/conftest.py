import pytest

from models import make_recordings


@pytest.fixture
def tones(tmp_path):
    """Three labels, two speakers, four takes."""
    return make_recordings(tmp_path / "tones")
