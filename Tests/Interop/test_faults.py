"""Kills, bombs and cut files: what is lost is one file, and a store ends up the same to the byte."""
import hashlib
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import LAMINA, lamina


def tree(folder):
    """Every file below a folder with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file() and path.name != "lock"
    }


def kill_when(arguments, ready):
    """Starts lamina and kills it with SIGKILL as soon as `ready` holds; says whether it was in time."""
    process = subprocess.Popen([LAMINA, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if ready():
            process.send_signal(signal.SIGKILL)
            process.wait()
            return process.returncode == -signal.SIGKILL
        time.sleep(0.001)
    return False


@pytest.mark.parametrize("volumes", [1, 3, 5])
def test_an_ingest_that_was_killed_ends_up_the_same_to_the_byte(phantom, key, tmp_path, volumes):
    def command(store):
        return ["ingest", phantom / "dicom", "--labels", phantom / "labels", "--key", key, "--into", store, "--quiet"]

    lamina(*command(tmp_path / "whole.zarr"))
    killed = tmp_path / "killed.zarr"
    finished = lambda: len([p for p in killed.glob("volumes/*/zarr.json") if p.parent.name[0] == "p"]) >= volumes
    assert kill_when(command(killed), finished), "the ingest was over before it could be killed"
    lamina(*command(killed))
    assert tree(killed) == tree(tmp_path / "whole.zarr")
    lamina("verify", killed)


def test_a_prepare_that_was_killed_ends_up_the_same_to_the_byte(cohort, tmp_path):
    def command(store):
        # A large canvas, so that there is time to kill it.
        return ["prepare", cohort, "--into", store, "--set", "prepare.canvas=[256, 256]", "--quiet"]

    lamina(*command(tmp_path / "whole.zarr"))
    killed = tmp_path / "killed.zarr"
    started = lambda: any(path.stat().st_size > 0 for path in killed.rglob("*") if path.is_file())
    assert kill_when(command(killed), started), "the prepare was over before it could be killed"
    lamina(*command(killed))
    assert tree(killed) == tree(tmp_path / "whole.zarr")
    lamina("verify", killed)


def explicit(tag, vr, value):
    group, element = tag
    head = group.to_bytes(2, "little") + element.to_bytes(2, "little") + vr
    return head + len(value).to_bytes(2, "little") + value


def nested_sequences(levels):
    """A DICOM file that is nothing but sequences in sequences, each of undefined length."""
    syntax = explicit((2, 0x10), b"UI", b"1.2.840.10008.1.2.1\0")
    meta = explicit((2, 0), b"UL", len(syntax).to_bytes(4, "little")) + syntax
    opening = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return bytes(128) + b"DICM" + meta + opening * levels


def test_nested_sequences_cost_their_own_file_only(phantom, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "bomb.dcm").write_bytes(nested_sequences(5000))
    (folder / "good").symlink_to(sorted((phantom / "dicom").iterdir())[0])
    assert (folder / "bomb.dcm").stat().st_size >= 100_000
    done = lamina("ingest", folder, "--into", tmp_path / "c.zarr", code=3)
    assert "bomb.dcm" in done.stderr and "1 volume" in done.stderr


def test_a_truncated_nifti_is_refused_by_name(exported, tmp_path):
    whole = sorted(path for path in exported.glob("*.nii.gz") if "_label-" not in path.name)[:2]
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "cut.nii.gz").write_bytes(whole[0].read_bytes()[:5000])
    (folder / "whole.nii.gz").write_bytes(whole[1].read_bytes())
    done = lamina("ingest", folder, "--into", tmp_path / "c.zarr", code=3)
    assert "cut.nii.gz" in done.stderr and "1 volume" in done.stderr


def test_a_worker_that_is_killed_costs_one_series(phantom, tmp_path):
    """Kills every worker once while an ingest runs; what it was reading is refused, or read again, the rest is there."""
    store = tmp_path / "c.zarr"
    process = subprocess.Popen(
        [LAMINA, "ingest", str(phantom / "dicom"), "--into", str(store)], stderr=subprocess.PIPE, text=True)
    killed = set()
    while process.poll() is None and len(killed) < 1:
        children = pathlib.Path(f"/proc/{process.pid}/task").glob("*/children")
        for child in " ".join(path.read_text() for path in children if path.exists()).split():
            os.kill(int(child), signal.SIGKILL)
            killed.add(child)
            break
    errors = process.stderr.read()
    assert process.wait() in (0, 3), errors
    assert killed
    lamina("verify", store)


def test_a_flipped_bit_is_found_by_verify(slices, tmp_path):
    copy = tmp_path / "s.zarr"
    subprocess.run(["cp", "-r", slices, copy], check=True)
    shard = next(path for path in sorted((copy / "image").rglob("*")) if path.is_file() and path.name != "zarr.json")
    data = bytearray(shard.read_bytes())
    data[len(data) // 3] ^= 4
    shard.write_bytes(data)
    done = lamina("verify", copy, code=1)
    assert str(shard.relative_to(copy)) in done.stderr
