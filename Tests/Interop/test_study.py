"""`lamina study`: processes that share a folder share out the work and come to what one comes to; what is done is not done again."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from conftest import LAMINA, ROOT, lamina

RECIPE = """
ingest: {labels: LABELS, key: KEY}
prepare: {spacing: [4, 4], canvas: [48, 48], split: {train: 0.6, validation: 0.1, test: 0.3, seed: 1}}
pretrain: {features: [8, 16, 16], steps: 6, batch: 8, threads: 1, local: {path: both}, crops: {size: 32, regions: {count: 8}}}
finetune: {features: [8, 16, 16], steps: 4, batch: 4, threads: 1, validateEvery: 0, keep: last}
linear: {steps: 4, batch: 4, threads: 1, validateEvery: 0, keep: last}
arms: [scratch, moco-v2, local]
baselines: [scratch, moco-v2]
modes: [linear, linear-network, full]
volumes: [1, 0]
choices: 2
"""
FITS = 2 * 2 * (1 + 2 + 3)  # moco-v2 has no decoder of its own: its whole network is its encoder


@pytest.fixture(scope="module")
def study(phantom, tmp_path_factory):
    """The arguments of a small study, less the folder for everything."""
    folder = tmp_path_factory.mktemp("study")
    for arm in ("scratch", "moco-v2", "local"):
        shutil.copy(ROOT / "pipelines" / f"{arm}.yaml", folder)
    key = str(ROOT / "pipelines" / "public-data.key")
    (folder / "study.yaml").write_text(RECIPE.replace("LABELS", str(phantom / "labels")).replace("KEY", key))
    return ["study", folder / "study.yaml", "--set", f"data={phantom / 'dicom'}", "--quiet"]


@pytest.fixture(scope="module")
def alone(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "study"
    lamina(*study, "--into", folder)
    return folder


def begin(study, folder):
    return subprocess.Popen([LAMINA, *map(str, study), "--into", str(folder)], stdout=subprocess.DEVNULL, text=True,
                            stderr=subprocess.PIPE)


def results(folder):
    """What was found, without how long it took."""
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def test_a_study_makes_every_fit_once_and_its_tables_name_every_arm(alone):
    found = results(alone)
    assert len(found) == FITS
    assert len({json.dumps(fit["cell"], sort_keys=True) for fit in found}) == FITS
    text = (alone / "study.md").read_text()
    assert "| scratch | " in text and "points of Dice above moco-v2" in text and "`local`: pooled features" in text


def test_an_arm_whose_decoder_learned_nothing_has_its_encoders_figures_under_the_whole_network(alone):
    parts = dict(part.split("\n", 1) for part in (alone / "study.md").read_text().split("## ") if part)
    encoder, network = (
        {line.split(" | ")[0]: line for line in parts[f"Linear evaluation{of}, Dice"].splitlines() if line.startswith("| ")}
        for of in ("", " of the whole network"))
    assert encoder["| moco-v2"] == network["| moco-v2"]
    assert encoder["| local"] != network["| local"]


def test_three_processes_come_to_what_one_comes_to(study, alone, tmp_path):
    together = [begin(study, tmp_path) for _ in range(3)]
    for process in together:
        assert process.wait(timeout=600) == 0, process.stderr.read()
    assert results(tmp_path) == results(alone)
    assert (tmp_path / "study.md").read_text() == (alone / "study.md").read_text()


def test_what_a_killed_process_was_at_is_made_by_another(study, alone, tmp_path):
    first = begin(study, tmp_path)
    deadline = time.time() + 300
    while not (tmp_path / "results.jsonl").exists() and time.time() < deadline:
        time.sleep(0.02)
    second = begin(study, tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert second.wait(timeout=600) == 0, second.stderr.read()
    assert results(tmp_path) == results(alone)


def test_only_what_is_missing_is_made_again(study, alone):
    before = (alone / "results.jsonl").read_text().splitlines(keepends=True)
    (alone / "results.jsonl").write_text("".join(before[:3] + before[4:]))
    made = [(alone / f"pretrain-{arm}-s1" / "encoder.safetensors").stat().st_mtime_ns for arm in ("moco-v2", "local")]
    lamina(*study, "--into", alone)
    after = (alone / "results.jsonl").read_text().splitlines(keepends=True)
    assert after[:3] + after[4:] == before[:3] + before[4:]
    without = [{k: v for k, v in json.loads(line[3]).items() if k != "seconds"} for line in (before, after)]
    assert without[0] == without[1]
    lamina(*study, "--into", alone, "--threads", 2)  # another machine with more cores makes nothing again
    assert (alone / "results.jsonl").read_text().splitlines(keepends=True) == after
    assert made == [
        (alone / f"pretrain-{arm}-s1" / "encoder.safetensors").stat().st_mtime_ns for arm in ("moco-v2", "local")]


def test_the_folder_says_nothing_of_where_the_scans_lie(study, alone, phantom):
    for file in pathlib.Path(alone).rglob("*"):
        if file.is_file() and file.suffix in {".yaml", ".json", ".jsonl", ".md", ".svg"}:
            assert str(phantom) not in file.read_text(), file
