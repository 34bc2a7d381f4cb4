"""What the README shows works as it stands there."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_python_example(synthetic_folder, tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "recordings").symlink_to(synthetic_folder)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(code, str(README), "exec"), names)
    assert set(names["train"].labels.tolist()) == set(range(10))
    assert len(names["train"]) + len(names["test"]) == 90
    printed = capsys.readouterr().out
    assert "Total Parameters: 8,794" in printed
    assert re.search(r"Accuracy on test data: [\d.]+%", printed)
