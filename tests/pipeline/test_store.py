"""Artefacts are whole or absent."""

import json

import pytest

from coincell.errors import UserError
from coincell.pipeline.store import MANIFEST, ArtefactStore, key_of, verify_artefact


def _fill(folder):
    (folder / "a.txt").write_text("alpha")


def test_key_depends_on_content_not_on_order():
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 2})


def test_made_once_then_found(tmp_path):
    store = ArtefactStore(tmp_path)
    calls = []

    def fill(folder):
        calls.append(folder)
        _fill(folder)

    first = store.make("features", {"x": 1}, fill)
    again = store.make("features", {"x": 1}, fill)
    assert first == again
    assert len(calls) == 1
    assert store.find("features", first.key) == first
    assert store.find("features", "0" * 32) is None


def test_a_failed_stage_leaves_nothing(tmp_path):
    store = ArtefactStore(tmp_path)

    def fail(folder):
        _fill(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.make("train", {"x": 1}, fail)
    assert store.find("train", key_of({"x": 1})) is None
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    store = ArtefactStore(tmp_path)
    left_over = tmp_path / f".train-{key_of({'x': 1})}-abcd"
    left_over.mkdir()
    _fill(left_over)
    store.make("train", {"x": 2}, _fill)
    assert left_over.is_dir(), "another key's: its process may be at work"
    store.make("train", {"x": 1}, _fill)
    assert not left_over.exists()


def test_without_manifest_it_does_not_exist(tmp_path):
    store = ArtefactStore(tmp_path)
    made = store.make("train", {}, _fill)
    (made.folder / MANIFEST).unlink()
    assert store.find("train", made.key) is None
    assert store.make("train", {}, _fill).folder.joinpath(MANIFEST).is_file()


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_verify_finds_damage(tmp_path, damage):
    made = ArtefactStore(tmp_path).make("train", {}, _fill)
    verify_artefact(made)
    if damage == "change":
        (made.folder / "a.txt").write_text("omega")
    else:
        (made.folder / "a.txt").unlink()
    with pytest.raises(UserError, match=r"a\.txt is not what the train stage wrote"):
        verify_artefact(made)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"inputs": {"x": 2}, "files": {}}'])
def test_verify_finds_a_damaged_manifest(tmp_path, text):
    made = ArtefactStore(tmp_path).make("train", {"x": 1}, _fill)
    (made.folder / MANIFEST).write_text(text)
    with pytest.raises(
        UserError, match=r"manifest\.json is not what the train stage wrote"
    ) as told:
        verify_artefact(made)
    assert told.value.hint == "Make it again: coincell run --from train"


def test_sweep_keeps_the_newest_and_this_run(tmp_path):
    store = ArtefactStore(tmp_path)
    made = [store.make("train", {"n": n}, _fill) for n in range(8)]
    store.sweep({"train": made[0].key})
    left = {path.name for path in tmp_path.glob("train-*")}
    assert f"train-{made[0].key}" in left
    assert f"train-{made[7].key}" in left
    assert 4 <= len(left) <= 5


def test_manifest_records_inputs_and_hashes(tmp_path):
    made = ArtefactStore(tmp_path).make("train", {"settings": {"epochs": 3}}, _fill)
    manifest = json.loads((made.folder / MANIFEST).read_text())
    assert manifest["inputs"]["settings"]["epochs"] == 3
    assert list(manifest["files"]) == ["a.txt"]
