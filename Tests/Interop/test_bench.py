"""`lamina bench`: what it counts is the store's, what it measures fits together, and a bad store is a sentence."""
import json

from conftest import lamina

SETTINGS = ["--set", "pretrain.batch=4", "--set", "pretrain.crops.size=48", "--set", "pretrain.features=[8, 16, 16]"]


def test_counts_are_the_stores_and_rates_name_the_bottleneck(slices):
    found = json.loads(lamina("bench", slices, "--seconds", 0.2, "--json", "--quiet", *SETTINGS).stdout)
    assert found["slices"] == json.loads(lamina("inspect", slices, "--json").stdout)["slices"]
    on_disk = sum(file.stat().st_size for file in slices.rglob("*") if file.is_file())
    assert 0 < found["bytesPerSlice"] * found["slices"] <= on_disk * 1.001
    assert found["batch"] == 4
    reading, cropping, loading = (
        found[name] for name in ("slicesReadPerSecond", "cropPairsPerCoreSecond", "loaderPairsPerSecond"))
    assert min(reading, cropping, loading) > 0
    taken = found["batch"] / found["trainingStepSeconds"]
    who = "training step" if loading >= taken else "loader"
    assert found["bottleneck"].startswith(f"The {who} is the bottleneck"), found


def test_without_training_the_slower_part_of_the_loader_is_named(slices):
    found = json.loads(
        lamina("bench", slices, "--seconds", 0.2, "--json", "--quiet", "--without-training", *SETTINGS).stdout)
    assert "trainingStepSeconds" not in found
    slower = ("reading slices" if found["slicesReadPerSecond"] < found["cropPairsPerCoreSecond"]
              else "making crop pairs")
    assert slower in found["bottleneck"]


def test_a_folder_that_is_no_store_is_a_sentence(tmp_path, cohort):
    for path in (tmp_path, cohort):
        done = lamina("bench", path, "--seconds", 0.2, code=1)
        assert str(path) in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
