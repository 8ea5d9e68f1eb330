"""Faults of the system around an ingest, by their numbers in the catalogue: 86, 93, 95 to 97, 100."""
import os
import pathlib
import re
import signal
import stat
import subprocess
import time

import nibabel
import numpy
import pytest

from conftest import LAMINA, lamina
from test_faults import tree


@pytest.fixture(scope="module")
def whole(phantom, key, tmp_path_factory):
    store = tmp_path_factory.mktemp("whole") / "c.zarr"
    lamina("ingest", phantom / "dicom", "--key", key, "--into", store, "--quiet")
    return store


def session(leader):
    """The processes of a session, its leader left out."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader and int(path.parent.name) != leader and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def test_fault_86_sigterm_leaves_a_store_that_the_same_command_finishes_and_no_process(phantom, key, whole, tmp_path):
    store = tmp_path / "c.zarr"
    command = ["ingest", phantom / "dicom", "--key", key, "--into", store, "--quiet"]
    process = subprocess.Popen([LAMINA, *map(str, command)], start_new_session=True, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(store.glob("volumes/p*/zarr.json")):
        time.sleep(0.001)
    process.terminate()
    assert process.wait() != 0, "the ingest was over before it could be ended"
    deadline = time.monotonic() + 20
    while session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not session(process.pid), "workers outlive their parent"
    lamina(*command)
    assert tree(store) == tree(whole)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run as somebody else")
def test_fault_93_a_folder_that_may_not_be_written_is_said_in_a_sentence(phantom, tmp_path):
    (tmp_path / "out").mkdir(mode=0o555)
    for path in [tmp_path, *tmp_path.parents]:
        if path.stat().st_mode & 0o005 != 0o005:
            os.chmod(path, path.stat().st_mode | 0o005)
    try:
        done = subprocess.run(
            [LAMINA, "ingest", str(tmp_path), "--into", str(tmp_path / "out" / "c.zarr")],
            capture_output=True, text=True, user=65534, group=65534, extra_groups=[])
    except PermissionError:
        pytest.skip("the executable is not everybody's")
    assert done.returncode == 1
    assert "c.zarr" in done.stderr and "Permission denied" in done.stderr
    assert not list((tmp_path / "out").iterdir())


def stop_a_worker(arguments, signal_number):
    """Sends a signal to the first worker that an ingest starts; returns exit code and what it said."""
    process = subprocess.Popen([LAMINA, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    hit = False
    while process.poll() is None and not hit:
        for children in pathlib.Path(f"/proc/{process.pid}/task").glob("*/children"):
            try:
                for child in children.read_text().split():
                    # Until it runs its own program, the child has its parent's memory and the parent waits.
                    if b"--worker" not in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                        continue
                    os.kill(int(child), signal_number)
                    hit = True
            except (OSError, ProcessLookupError):
                continue
    said = process.stderr.read()
    assert hit
    return process.wait(), said


@pytest.mark.parametrize("number, code", [(signal.SIGKILL, "worker-crashed"), (signal.SIGSTOP, "worker-hung")])
def test_faults_95_and_96_a_worker_that_is_killed_or_hangs_costs_what_it_was_reading(phantom, key, whole, tmp_path, number, code):
    store = tmp_path / "c.zarr"
    command = ["ingest", phantom / "dicom", "--key", key, "--into", store]
    status, said = stop_a_worker([*command, "--set", "ingest.limits.wallSeconds=3"], number)
    assert status == 3 and code in said, said
    lamina("verify", store)
    lamina(*command, "--quiet")
    assert tree(store) == tree(whole), "what a worker's end has cost is not taken by the next run"


def test_fault_97_a_file_that_needs_more_memory_than_a_worker_has_costs_that_file(phantom, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(numpy.zeros((512, 512, 600), "i2"), numpy.eye(4)), folder / "zeros.nii.gz")
    (folder / "good").symlink_to(sorted((phantom / "dicom").iterdir())[0])
    done = lamina(
        "ingest", folder, "--into", tmp_path / "c.zarr", "--set", f"ingest.limits.memoryBytes={256 << 20}", code=3)
    assert "zeros.nii.gz" in done.stderr and re.search("worker-(crashed|limit)", done.stderr)
    lamina("verify", tmp_path / "c.zarr")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_fault_100_locale_zone_clock_and_umask_change_no_byte_and_the_ledger_stays_private(phantom, key, whole, tmp_path, umask):
    scans = tmp_path / "scans"
    subprocess.run(["cp", "-r", phantom / "dicom", scans], check=True)
    for place, path in enumerate(sorted(scans.rglob("*.dcm"))):
        moment = (4_000_000_000, 1, 1_700_000_000)[place % 3]  # the clock went forward and back
        os.utime(path, (moment, moment))
    store = tmp_path / "c.zarr"
    environment = {**os.environ, "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati"}
    process = subprocess.Popen(
        [LAMINA, "ingest", scans, "--key", key, "--into", store, "--quiet"], env=environment, umask=umask)
    modes = {}
    while process.poll() is None:  # the journals come and go
        for path in tmp_path.glob("c.ledger.sqlite*"):
            try:
                modes[path.name] = stat.S_IMODE(path.stat().st_mode)
            except FileNotFoundError:
                continue
    assert process.returncode == 0
    assert tree(store) == tree(whole)
    assert "c.ledger.sqlite" in modes and set(modes.values()) == {0o600}, modes
    before = tree(store)
    done = lamina("ingest", scans, "--key", key, "--into", store)
    assert "already stored" in done.stderr and tree(store) == before
