"""Runs kept elsewhere: in memory, where no file system helps, and on a path that others see."""

import fsspec
import pytest
from click.testing import CliRunner

from kilovox.cli.main import main
from kilovox.config import find_configuration
from kilovox.errors import KilovoxError
from kilovox.training import run_store
from kilovox.training.experiment import run_experiment
from kilovox.training.run_store import RunStore


class BrokenOffError(Exception):
    pass


class BreaksOff(RunStore):
    """Is broken off after so many epochs, when they are kept."""

    def __init__(self, url, epochs):
        super().__init__(url)
        self.left = epochs

    def put(self, folder):
        super().put(folder)
        self.left -= 1
        if self.left == 0:
            raise BrokenOffError


def small(**training):
    training = {"epochs": 3, "batch_size": 16, "augmentation": {"views": 1}, **training}
    return find_configuration("task-b").changed(
        training=training, model={"hidden_dim": 6}, data_splitting={"validation_size": 0.2}
    )


@pytest.fixture
def url(request):
    yield f"memory://{request.node.name}"
    fsspec.filesystem("memory").store.clear()


def run(corpus, folder, store=None, config=None, **options):
    run_experiment(config or small(), corpus, folder, progress=False, store=store, **options)
    return (folder / "model.safetensors").read_bytes()


def test_a_run_goes_on_where_nothing_of_it_is_left_but_what_was_kept(synthetic_corpus, tmp_path, url):
    expected = run(synthetic_corpus, tmp_path / "in one go")
    for place in ("here", "there"):
        with pytest.raises(BrokenOffError):
            run(synthetic_corpus, tmp_path / place, BreaksOff(url, 1), resume=True)
        assert not (tmp_path / place / "model.safetensors").exists()
    assert len((tmp_path / "there" / "log.jsonl").read_text().splitlines()) == 2, "the second goes on from the first"
    assert run(synthetic_corpus, tmp_path / "third", RunStore(url), resume=True) == expected
    names = {path.rsplit("/", 1)[1] for path in fsspec.filesystem("memory").find(f"/{url.removeprefix('memory://')}")}
    assert {"experiment.json", "checkpoint.safetensors", "log.jsonl", "model.safetensors"} <= names
    assert not any(name.startswith(".") or name == "lock" for name in names)
    assert run(synthetic_corpus, tmp_path / "fourth", RunStore(url), resume=True) == expected


def test_what_is_kept_is_not_taken_for_another_run(synthetic_corpus, tmp_path, url):
    run(synthetic_corpus, tmp_path / "one", RunStore(url))
    with pytest.raises(KilovoxError, match=r"memory://.*holds a training run already; expected --resume, or another --state"):
        run(synthetic_corpus, tmp_path / "two", RunStore(url))
    assert not (tmp_path / "two").exists()
    other = small(learning_rate=0.5)
    with pytest.raises(KilovoxError, match="of another configuration or corpus"):
        run(synthetic_corpus, tmp_path / "two", RunStore(url), other, resume=True)
    assert not (tmp_path / "two").exists(), "another run is no beginning of this one"
    theirs = run(synthetic_corpus, tmp_path / "three", config=other)
    with pytest.raises(KilovoxError, match=r"memory://.* holds another run than .*three"):
        run(synthetic_corpus, tmp_path / "three", RunStore(url), other, resume=True)
    assert (tmp_path / "three" / "model.safetensors").read_bytes() == theirs


def test_only_what_changed_is_put(tmp_path, url, monkeypatch):
    store = RunStore(url)
    (tmp_path / "experiment.json").write_text('{"identity": "a"}')
    (tmp_path / "log.jsonl").write_text("1")
    store.put(tmp_path)
    put = []
    monkeypatch.setattr(store, "_put", lambda name, data: put.append((name, data)))
    (tmp_path / "log.jsonl").write_text("12")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "log.jsonl").write_text("3")
    (tmp_path / "lock").touch()
    store.put(tmp_path)
    assert put == [("log.jsonl", b"12"), ("part/log.jsonl", b"3")]


def test_a_file_gets_its_name_when_it_is_whole(tmp_path, url, monkeypatch):
    store = RunStore(url)
    (tmp_path / "experiment.json").write_text('{"run": {"a": 1}}')
    store.put(tmp_path)
    (tmp_path / "log.jsonl").write_text("1")
    monkeypatch.setattr(fsspec.filesystem("memory"), "mv", lambda *paths: 1 / 0)
    with pytest.raises(KilovoxError, match=r"memory://.*: cannot be written \(division by zero\)"):
        store.put(tmp_path)
    RunStore(url).fetch(tmp_path / "again")
    assert [path.name for path in (tmp_path / "again").iterdir()] == ["experiment.json"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nowhere://key:Secret/wo@rd@bucket/run", "nowhere://...bucket/run"),
        ("nowhere://SecretToken@host/run?key=Secret", "nowhere://...host/run?..."),
        ("nowhere://bucket/a@b", "nowhere://bucket/a@b"),
        ("nowhere://bucket/\x1b[31m", r"nowhere://bucket/\x1b[31m"),
    ],
)
def test_what_opens_a_url_is_shown_to_nobody(url, shown):
    with pytest.raises(KilovoxError) as caught:
        RunStore(url)
    assert str(caught.value).startswith(f"{shown}: cannot be opened")
    assert "Secret" not in str(caught.value)


def test_a_library_that_repeats_a_password(tmp_path, monkeypatch):
    def refuses(url):
        raise OSError(f"login Secret1 of anna refused at {url}")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuses)
    with pytest.raises(KilovoxError, match=r"cannot be opened \(login \.\.\. of \.\.\. refused at ftp://\.\.\.host/x\)"):
        RunStore("ftp://anna:Secret1@host/x")


@pytest.mark.parametrize("url", ["", "/", "//"])
def test_the_folder_one_is_in_is_no_place(url):
    with pytest.raises(KilovoxError, match="no folder of its own"):
        RunStore(url)


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_file_is_no_place(tmp_path, form):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(KilovoxError, match=r"thesis\.txt: is a file; expected a folder of a run, or nothing"):
        RunStore(form.format(tmp_path / "thesis.txt")).fetch(tmp_path / "run")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_whole_disk_is_not_looked_through(tmp_path, monkeypatch):
    (tmp_path / "home" / "anna").mkdir(parents=True)
    store = RunStore(str(tmp_path / "home"))
    monkeypatch.setattr(store._files, "find", lambda *_: pytest.fail("looked through"))
    with pytest.raises(KilovoxError, match=r"holds something else \(anna\); expected a run, or nothing"):
        store.fetch(tmp_path / "run")


@pytest.mark.parametrize(("url", "said"), [("nowhere://x", "cannot be opened"), ("file:///proc/kilovox", "cannot be written")])
def test_where_nothing_can_be_kept(synthetic_corpus, tmp_path, url, said):
    with pytest.raises(KilovoxError, match=f"{url}: {said}.*expected a folder, or a URL"):
        run(synthetic_corpus, tmp_path / "run", RunStore(url))


def test_a_folder_of_something_else_is_left_alone(synthetic_folder, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    arguments = ["train", "task-b", "--corpus", str(synthetic_folder), "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(main, [*arguments, "--state", str(tmp_path / "kept")])
    assert result.exit_code == 2
    assert "kept: holds something else (thesis.txt); expected a run, or nothing" in result.stderr
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("told", [b"", b'{"identity": "a"', b'{"identity": "a"}', b'{"run": 3}', b"[" * 100_000, b"\xff"])
def test_one_that_does_not_say_of_what_it_is_a_run_is_not_taken(tmp_path, url, told):
    files = fsspec.filesystem("memory")
    files.pipe_file(f"/{url.removeprefix('memory://')}/experiment.json", told)
    files.pipe_file(f"/{url.removeprefix('memory://')}/model.safetensors", b"theirs")
    with pytest.raises(KilovoxError, match=r"experiment\.json does not say of what it is a run; expected a run, or nothing"):
        RunStore(url).fetch(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_lies_here_is_not_replaced_by_another_run(tmp_path, url):
    fsspec.filesystem("memory").pipe_file(f"/{url.removeprefix('memory://')}/experiment.json", b'{"run": {"a": 1}}')
    for file, content in (("model.safetensors", "mine"), ("experiment.json", '{"run": {"a": 2}}')):
        (tmp_path / file).write_text(content)
        with pytest.raises(KilovoxError, match="holds another run than"):
            RunStore(url).fetch(tmp_path)
        assert (tmp_path / file).read_text() == content


def test_a_file_as_large_as_no_run_has(tmp_path, url, monkeypatch):
    monkeypatch.setattr(run_store, "LARGEST_FILE", 10)
    fsspec.filesystem("memory").pipe_file(f"/{url.removeprefix('memory://')}/experiment.json", b'{"run": {"a": 1}}')
    with pytest.raises(KilovoxError, match=r"experiment\.json has more than 10 bytes; expected a run, no file of which has"):
        RunStore(url).fetch(tmp_path / "run")
