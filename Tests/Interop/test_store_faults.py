"""What a failing disk, a power cut or a flipped bit does to a store: it ends up the same to the byte, or says so.

`faults.c`, preloaded into the executable, fails the calls that change files, or ends the process at one of them. The
numbers are those of the project's catalogue of faults.
"""
import concurrent.futures
import errno
import fcntl
import os
import shutil
import signal
import subprocess

import nibabel
import numpy
import pytest

from conftest import LAMINA, preloaded
from test_faults import tree

STAGES = ["ingest", "prepare"]


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return preloaded("faults", tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def runs(shim, tmp_path_factory):
    return Runs(shim, tmp_path_factory.mktemp("runs"))


class Runs:
    """Both stages on two patients of a few small slices, undisturbed and disturbed."""

    def __init__(self, shim, folder):
        self.shim, self.folder = shim, folder
        rng = numpy.random.default_rng(1)
        for kind in ["scans", "labels"]:
            (folder / kind).mkdir()
        for patient in ["sub-1", "sub-2"]:
            ramp = numpy.add.outer(numpy.add.outer(numpy.arange(16), numpy.arange(16)), numpy.arange(3))
            voxels = (20 * ramp + rng.integers(0, 9, ramp.shape)).astype(numpy.int16)
            affine = numpy.diag([-2.0, -2.0, 5.0, 1.0])
            nibabel.save(nibabel.Nifti1Image(voxels, affine), folder / "scans" / f"{patient}_T1w.nii.gz")
        # One of them is labelled.
        nibabel.save(nibabel.Nifti1Image((ramp > 20).astype(numpy.uint8), affine), folder / "labels" / "sub-2_T1w.nii.gz")
        (folder / "key").write_text("a key of thirty-two letters and more, for tests\n")
        self.whole = {stage: folder / "whole" / f"{stage}.zarr" for stage in STAGES}
        self.whole["ingest"].parent.mkdir()
        for stage in STAGES:
            self.run(stage, self.whole[stage])
        self.bytes = {stage: tree(self.whole[stage]) for stage in STAGES}

    def command(self, stage, store):
        if stage == "ingest":
            return ["ingest", self.folder / "scans", "--labels", self.folder / "labels", "--key", self.folder / "key",
                    "--into", store, "--quiet"]
        # Two slices a shard: volumes end within shards, and shards within volumes.
        return ["prepare", self.whole["ingest"], "--into", store, "--quiet",
                "--set", "prepare.shardBytes=1024"]

    def run(self, stage, store, fault=None, under=None, count=None, code=0):
        environment = dict(os.environ, FAULT_UNDER=str(under or store), LD_PRELOAD=str(self.shim))
        if fault:
            environment["FAULT"] = fault
        if count:
            environment["FAULT_COUNT"] = str(count)
        done = subprocess.run([LAMINA, *map(str, self.command(stage, store))], env=environment, capture_output=True,
                              text=True, timeout=300)
        expected = code if isinstance(code, set) else {code}
        assert done.returncode in expected, f"{fault}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def calls(self, stage, under, folder):
        """How many calls below `under` (a name in the folder) an undisturbed run makes."""
        self.run(stage, folder / "counted.zarr", under=folder / under, count=folder / "count")
        return int((folder / "count").read_text())

    def killed_and_taken_up(self, stage, folder, call, under):
        """Whether a run was killed at a call, and whether its store, taken up, is the undisturbed one."""
        folder = folder / f"at-{call}"
        folder.mkdir()
        store = folder / "killed.zarr"
        done = self.run(stage, store, f"kill:{call}", under=folder / under, code={-signal.SIGKILL, 0})
        self.run(stage, store)
        same = tree(store) == self.bytes[stage]
        shutil.rmtree(folder)
        return done.returncode != 0, same


def sweep(runs, stage, folder, counted, under, calls):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda call: runs.killed_and_taken_up(stage, folder, call, under), calls))
    assert [call for call, (_, same) in zip(calls, ends) if not same] == [], f"of {counted} calls of {stage}"
    # Threads that meet at a folder or in a transaction make a few calls more or fewer: the last may not come.
    missed = [call for call, (killed, _) in zip(calls, ends) if not killed]
    assert all(call > 0.9 * counted for call in missed), f"{missed} of {counted} calls of {stage}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_at_any_write_point_is_made_good(runs, tmp_path, stage):
    """85: every call that writes, syncs, renames, makes or removes something in the store."""
    count = runs.calls(stage, "counted.zarr", tmp_path)
    assert count > 40
    sweep(runs, stage, tmp_path, count, "killed.zarr", range(1, count + 1))


def test_a_kill_while_the_ledger_is_written_is_made_good(runs, tmp_path):
    """85: some of the calls on the ledger, which SQLite makes good itself."""
    count = runs.calls("ingest", "counted.", tmp_path)
    sweep(runs, "ingest", tmp_path, count, "killed.", range(1, count + 1, count // 12))


FAULTS = [
    ("write", errno.ENOSPC, "87"), ("write", errno.EIO, "88"), ("fsync", errno.EIO, "91"), ("rename", errno.EXDEV, "92"),
    ("open", errno.EROFS, "93"), ("mkdir", errno.EROFS, "93"),
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("call, number, _", FAULTS)
def test_a_call_that_fails_ends_the_command_and_is_made_good(runs, tmp_path, stage, call, number, _):
    """87, 88, 91, 92, 93: exit 1 and a sentence that names a file and the cause; nothing looks finished."""
    for at in [1, 3]:
        store = tmp_path / f"{at}.zarr"
        done = runs.run(stage, store, f"{call}:{number}:{at}", code=1)
        assert os.strerror(number) in done.stderr and str(store) in done.stderr, done.stderr
        assert not (store / "zarr.json").exists()
        runs.run(stage, store)
        assert tree(store) == runs.bytes[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_short_and_interrupted_calls_are_taken_up(runs, tmp_path, stage):
    """89, 90: writes and reads of seven bytes at most, every third call interrupted."""
    runs.run(stage, tmp_path / "short.zarr", "short:0:0")
    assert tree(tmp_path / "short.zarr") == runs.bytes[stage]


def test_a_cohort_on_a_failing_disk_is_not_prepared(runs, tmp_path):
    """88: a read error is named, and is no reason to make a store without the volume."""
    done = runs.run("prepare", tmp_path / "s.zarr", f"read:{errno.EIO}:1", under=runs.whole["ingest"], code=1)
    assert os.strerror(errno.EIO) in done.stderr and str(runs.whole["ingest"]) in done.stderr
    runs.run("prepare", tmp_path / "s.zarr", "short:0:0", under=runs.whole["ingest"])
    assert tree(tmp_path / "s.zarr") == runs.bytes["prepare"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_made_good_with_more_room(runs, tmp_path, stage):
    """87: a real file system of 64 KiB, grown afterwards."""
    store = tmp_path / "disk" / "full.zarr"
    command = " ".join(f"'{word}'" for word in [LAMINA, *runs.command(stage, store)])
    script = f"""
        mkdir '{tmp_path}/disk' && mount -t tmpfs -o size=64k none '{tmp_path}/disk' || exit 77
        head -c 40000 /dev/zero > '{tmp_path}/disk/ballast'
        {command} && exit 78
        mount -o remount,size=8m '{tmp_path}/disk' && {command} && cp -r '{store}' '{tmp_path}/copy.zarr'"""
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run([*namespace, "bash", "-c", script], capture_output=True, text=True, timeout=120)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system can be mounted here")
    assert done.returncode == 0, done.stderr
    assert os.strerror(errno.ENOSPC) in done.stderr or "disk is full" in done.stderr, done.stderr
    assert tree(tmp_path / "copy.zarr") == runs.bytes[stage]


@pytest.mark.parametrize("stage", STAGES)
def test_a_second_writer_is_sent_away(runs, tmp_path, stage):
    """94: the folder is locked; the lock goes with its holder."""
    store = tmp_path / "busy.zarr"
    store.mkdir()
    folder = os.open(store, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    done = runs.run(stage, store, code=1)
    assert "another process" in done.stderr, done.stderr
    os.close(folder)
    runs.run(stage, store)
    assert tree(store) == runs.bytes[stage]


def copy(runs, stage, folder):
    return shutil.copytree(runs.whole[stage], folder / f"{stage}.zarr")


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 4
    path.write_bytes(data)


PARTS = {
    "ingest": ["volumes/*/0/c/*/*/*", "volumes/*/0/zarr.json", "volumes/*/zarr.json", "volumes/*/manifest", "manifest",
               "slices.index", "zarr.json", "volumes/*/labels/*/0/c/*/*/*"],
    "prepare": ["image/c/1/0/0/0", "label/c/1/0/0", "image/zarr.json", "slices.index", "volumes.index", "split.tsv",
                "manifest", "zarr.json"],
}


@pytest.mark.parametrize("stage, part", [(stage, part) for stage in STAGES for part in PARTS[stage]])
def test_a_flipped_bit_anywhere_is_noticed(runs, tmp_path, stage, part):
    """98: in the middle of each kind of file, and in the index at the end of a shard."""
    store = copy(runs, stage, tmp_path)
    path = sorted(store.glob(part))[0]
    for at in [path.stat().st_size // 2, -7] if "/c/" in part else [path.stat().st_size // 2]:
        flip(path, at)
        done = subprocess.run([LAMINA, "verify", store], capture_output=True, text=True)
        assert done.returncode == 1 and str(path.relative_to(store)) in done.stderr, done.stderr
        flip(path, at)
    assert subprocess.run([LAMINA, "verify", store], capture_output=True).returncode == 0


@pytest.mark.parametrize("journal", ["settings.json", "shards", "volumes"])
def test_a_flipped_bit_in_a_journal_is_noticed(runs, tmp_path, journal):
    """98: what it says is not trusted: the shards are written again, or the settings are refused."""
    store = tmp_path / "killed.zarr"
    runs.run("prepare", store, f"kill:{runs.calls('prepare', 'counted.zarr', tmp_path) * 3 // 5}", code=-signal.SIGKILL)
    path = store / ".writing" / journal
    flip(path, path.stat().st_size // 2)
    if journal == "settings.json":
        assert "other settings" in runs.run("prepare", store, code=1).stderr
    else:
        runs.run("prepare", store)
        assert tree(store) == runs.bytes["prepare"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_missing_and_an_empty_shard_are_named(runs, tmp_path, stage):
    """99: other readers take both for zeros."""
    store = copy(runs, stage, tmp_path)
    shard = sorted(store.glob(PARTS[stage][0]))[0]
    shard.write_bytes(b"")
    for gone in [False, True]:
        if gone:
            shard.unlink()
        done = subprocess.run([LAMINA, "verify", store], capture_output=True, text=True)
        assert done.returncode == 1 and str(shard.relative_to(store)) in done.stderr, done.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_second_run_writes_nothing(runs, tmp_path, stage):
    """102: not a file of a finished store is touched."""
    stamps = lambda: {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in runs.whole[stage].rglob("*")
                      if path.name != "report.json"}
    before = stamps()
    runs.run(stage, runs.whole[stage])
    assert stamps() == before and tree(runs.whole[stage]) == runs.bytes[stage]


def test_a_read_only_store_is_read(runs, tmp_path):
    """93: verifying and preparing change nothing in what they read."""
    stamps = {path: path.stat().st_mtime_ns for path in runs.whole["ingest"].rglob("*")}
    for number, call in [(errno.EROFS, "open"), (errno.EROFS, "mkdir"), (errno.EROFS, "write")]:
        runs.run("prepare", tmp_path / f"{call}.zarr", f"{call}:{number}:1", under=runs.whole["ingest"])
    assert stamps == {path: path.stat().st_mtime_ns for path in runs.whole["ingest"].rglob("*")}
