"""Exit codes, locks, limits and parts of `lamina ingest`, from outside."""
import gzip
import json
import os
import pathlib
import signal
import subprocess
import time

import nibabel
import numpy
import pytest

from conftest import LAMINA, lamina
from test_faults import tree


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_bytes(bytes(range(32)))
    return path


def series(phantom):
    return sorted((phantom / "dicom").iterdir())


def test_exit_codes_say_whether_all_some_or_nothing_was_taken(phantom, tmp_path):
    good, empty, bad, mixed = series(phantom)[0], tmp_path / "empty", tmp_path / "bad", tmp_path / "mixed"
    for folder in (empty, bad, mixed):
        folder.mkdir()
    for folder in (bad, mixed):
        (folder / "broken.dcm").write_bytes(b"GIF89a")
    (mixed / "good").symlink_to(good)
    lamina("ingest", good, "--into", tmp_path / "a.zarr", code=0)
    assert "1 refused" in lamina("ingest", mixed, "--into", tmp_path / "b.zarr", code=3).stderr
    assert "nothing was taken" in lamina("ingest", bad, "--into", tmp_path / "c.zarr", code=1).stderr
    assert "no scan was found" in lamina("ingest", empty, "--into", tmp_path / "d.zarr", code=1).stderr
    assert "does not exist" in lamina("ingest", tmp_path / "nowhere", "--into", tmp_path / "e.zarr", code=1).stderr
    assert "broken.dcm" in lamina("ingest", mixed, "--into", tmp_path / "f.zarr", "--strict", code=1).stderr
    lamina("ingest", "--into", tmp_path / "g.zarr", code=2)
    lamina("ingest", good, "--into", tmp_path / "g.zarr", "--max-memory", "much", code=2)


def test_the_report_on_the_terminal_names_and_that_in_the_store_does_not(phantom, tmp_path):
    folder = tmp_path / "CANARY"
    folder.mkdir()
    (folder / "broken.dcm").write_bytes(b"GIF89a")
    (folder / "good").symlink_to(series(phantom)[0])
    done = lamina("ingest", folder, "--into", tmp_path / "c.zarr", code=3)
    assert "structural" in done.stderr and "CANARY/broken.dcm" in done.stderr and "what to do" in done.stderr
    text = (tmp_path / "c.zarr" / "report.json").read_text()
    assert "CANARY" not in text and "structural" not in text
    report = json.loads(text)
    assert [reason["code"] for reason in report["reasons"]] == ["not-dicom"]
    assert report["refused"][0]["subject"] == "file" and len(report["volumes"]) == 1
    again = lamina("ingest", folder, "--into", tmp_path / "c.zarr", "--json", code=3)
    said = json.loads(again.stdout)
    assert (said["taken"], said["known"], said["refused"]) == (0, 1, 1)
    assert said["reasons"][0]["example"].endswith("broken.dcm")


def test_a_store_is_locked_while_its_writer_lives_and_not_after_it_was_killed(phantom, tmp_path):
    store = tmp_path / "c.zarr"
    first = subprocess.Popen([LAMINA, "ingest", str(phantom / "dicom"), "--into", str(store), "--quiet"])
    while not store.exists() or not (tmp_path / "c.ledger.sqlite").exists():
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)
    said = lamina("ingest", phantom / "dicom", "--into", store, code=1).stderr
    assert "is being written by another process" in said
    first.send_signal(signal.SIGKILL)
    first.wait()
    lamina("ingest", phantom / "dicom", "--into", store, "--quiet")
    lamina("verify", store)


def test_a_limit_costs_the_series_that_it_is_for(phantom, tmp_path):
    done = lamina("ingest", phantom / "dicom", "--into", tmp_path / "c.zarr", "--max-volume", "1KiB", code=1)
    assert "limit" in done.stderr
    done = lamina("ingest", series(phantom)[0], "--into", tmp_path / "d.zarr", "--max-series", "2", code=1)
    assert "at most 2" in done.stderr
    assert "--max-depth" in lamina("ingest", "--help").stdout
    assert "--max-depth" in lamina("predict", "--help").stdout


def test_parts_of_a_tree_join_to_the_bytes_of_one_run(phantom, key, tmp_path):
    def command(store, *more):
        lamina("ingest", phantom / "dicom", "--labels", phantom / "labels", "--key", key, "--into", store, "--quiet", *more)

    command(tmp_path / "whole.zarr")
    parts = [tmp_path / f"part{part}.zarr" for part in (1, 2)]
    for part, store in enumerate(parts, 1):
        command(store, "--shard", f"{part}/2", "--workers", 1)
    lamina("merge", *parts, "--into", tmp_path / "joined.zarr")
    assert tree(tmp_path / "joined.zarr") == tree(tmp_path / "whole.zarr")
    assert "--shard" in lamina("ingest", phantom / "dicom", "--into", tmp_path / "x.zarr", "--shard", "1/2", code=2).stderr


def test_gzipped_files_give_the_same_store(phantom, key, tmp_path):
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    for place, patient in enumerate(series(phantom)[:2]):
        for path in sorted(path for path in patient.rglob("*") if path.is_file()):
            for folder in (plain, packed):
                (folder / patient.name).mkdir(parents=True, exist_ok=True)
            (plain / patient.name / path.name).write_bytes(path.read_bytes())
            # One series whole, of the other every second slice.
            isPacked = place == 0 or int(path.stem[-1]) % 2
            name = path.name + ".gz" if isPacked else path.name
            (packed / patient.name / name).write_bytes(gzip.compress(path.read_bytes()) if isPacked else path.read_bytes())
    for folder in (plain, packed):
        lamina("ingest", folder, "--key", key, "--into", tmp_path / f"{folder.name}.zarr", "--quiet")
    assert len(list(packed.rglob("*.gz"))) > 12
    assert len(json.loads((tmp_path / "packed.zarr" / "report.json").read_text())["volumes"]) == 2
    stores = [tree(tmp_path / name) for name in ("plain.zarr", "packed.zarr")]
    for store in stores:
        store.pop("report.json")  # it says how many bytes were read
    assert len(stores[0]) > 8 and stores[0] == stores[1]
    lamina("export", tmp_path / "packed.zarr", "--into", tmp_path / "nifti", "--quiet")
    assert len(list((tmp_path / "nifti").glob("*.nii.gz"))) == 2


LIMITS = {"memoryBytes": 256 << 20, "stackBytes": 3 << 20, "cpuSeconds": 7, "wallSeconds": 2}


@pytest.fixture
def limited(tmp_path):
    path = tmp_path / "limited.yaml"
    path.write_text("ingest:\n  limits:\n" + "".join(f"    {name}: {value}\n" for name, value in LIMITS.items()))
    return path


def workers(parent):
    """The worker processes that run their own program by now: until then a parent waits for them to begin."""
    found = []
    for line in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            found += [int(pid) for pid in line.read_text().split()
                      if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:2] == [b"--worker"]]
        except OSError:
            continue
    return found


def test_the_limits_of_a_recipe_are_those_of_the_worker(phantom, limited, tmp_path):
    """The system has them as the recipe says; a worker that stands still is ended after the recipe's time."""
    command = [LAMINA, "ingest", phantom / "dicom", "--into", tmp_path / "c.zarr", "--recipe", limited, "--workers", "1"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not (found := workers(process.pid)):
        assert process.poll() is None, "it was over before its worker was seen"
    os.kill(found[0], signal.SIGSTOP)
    soft = {"Max cpu time": "unlimited"}
    while soft["Max cpu time"] == "unlimited":  # until a request comes
        limits = pathlib.Path(f"/proc/{found[0]}/limits").read_text()
        soft = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    said = process.communicate()[1]
    assert soft["Max address space"] == str(LIMITS["memoryBytes"]) and soft["Max stack size"] == str(LIMITS["stackBytes"])
    # Behind what it had used, in whole seconds upwards.
    assert soft["Max cpu time"] in [str(LIMITS["cpuSeconds"] + more) for more in (1, 2)]
    assert process.returncode == 3 and "worker-hung" in said and f"{LIMITS['wallSeconds']} s" in said, said


def test_a_worker_has_nothing_of_its_parents_and_dies_with_it(phantom, tmp_path):
    command = [LAMINA, "ingest", phantom / "dicom", "--into", tmp_path / "c.zarr", "--quiet", "--workers", "1"]
    process = subprocess.Popen(list(map(str, command)))
    while not (found := workers(process.pid)):
        assert process.poll() is None, "it was over before its worker was seen"
    os.kill(found[0], signal.SIGSTOP)
    one = pathlib.Path(f"/proc/{found[0]}")
    shown = (one / "cmdline").read_bytes()
    opened = {int(link.name): os.readlink(link) for link in (one / "fd").iterdir()}
    process.kill()
    process.wait()
    assert shown.strip(b"\0") == b"lamina\0--worker"
    assert [opened.pop(number) for number in range(3)] == ["/dev/null"] * 3
    assert opened.pop(3).startswith("socket:") and opened.pop(4).startswith("/memfd:lamina")
    assert all(path.startswith(str(phantom)) for path in opened.values()), opened
    until = time.monotonic() + 20
    while one.exists() and b"State:\tZ" not in (one / "status").read_bytes():
        assert time.monotonic() < until, "it outlives its parent"


def test_a_file_that_outgrows_a_recipes_memory_is_refused_alone(phantom, limited, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "good").symlink_to(series(phantom)[0])
    zeros = numpy.zeros((512, 512, 500), "i2")
    nibabel.save(nibabel.Nifti1Image(zeros, numpy.eye(4)), folder / "large.nii.gz")
    done = lamina("ingest", folder, "--into", tmp_path / "c.zarr", "--recipe", limited, code=3)
    assert "large.nii.gz" in done.stderr and "worker-crashed" in done.stderr
    lamina("ingest", folder, "--into", tmp_path / "d.zarr", "--recipe", limited, "--max-memory", "4GiB", "--max-wall", 60)


def test_a_large_nifti_file_is_never_whole_in_the_parent(tmp_path):
    voxels = numpy.zeros((512, 512, 300), "i2")
    voxels[::7, 3, :] = numpy.arange(300) + 1
    nibabel.save(nibabel.Nifti1Image(voxels, numpy.diag([1, 1, 2, 1])), tmp_path / "large.nii.gz")
    command = [LAMINA, "ingest", tmp_path / "large.nii.gz", "--into", tmp_path / "c.zarr", "--quiet"]
    process = subprocess.Popen(list(map(str, command)))
    peak = 0
    while process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        peak = max([peak] + [int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")])
        time.sleep(0.002)
    assert process.returncode == 0
    assert 0 < peak < voxels.nbytes // 2, peak
    lamina("export", tmp_path / "c.zarr", "--into", tmp_path / "out", "--quiet")
    (made,) = (tmp_path / "out").glob("*.nii.gz")
    assert (numpy.asanyarray(nibabel.load(made).dataobj) == voxels).all()
