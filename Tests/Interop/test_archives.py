"""Archives as others write them, and bombs: fault 28 of the catalogue."""
import io
import os
import pathlib
import signal
import subprocess
import tarfile
import time
import zipfile

import pytest

from conftest import LAMINA, lamina
from test_faults import tree


def packed(kind, source, target):
    files = sorted(path for path in source.rglob("*") if path.is_file())
    if kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, f"studies/{path.relative_to(source)}")
    else:
        form = {"tar": tarfile.USTAR_FORMAT, "tar.gz": tarfile.PAX_FORMAT, "tgz": tarfile.GNU_FORMAT}[kind]
        with tarfile.open(target, "w:gz" if kind != "tar" else "w", format=form) as archive:
            for path in files:
                archive.add(path, f"./studies/{path.relative_to(source)}")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz"])
def test_an_archive_gives_the_store_that_its_folder_gives(phantom, key, tmp_path, kind):
    patients = sorted((phantom / "dicom").iterdir())[:2]
    plain, scans = tmp_path / "plain", tmp_path / "scans"
    for folder in (plain, scans):
        folder.mkdir()
    for patient in patients:
        subprocess.run(["cp", "-r", patient, plain], check=True)
    packed(kind, plain, scans / f"scans.{kind}")
    lamina("ingest", plain, "--key", key, "--into", tmp_path / "a.zarr", "--quiet")
    lamina("ingest", scans, "--key", key, "--into", tmp_path / "b.zarr", "--quiet")
    one, other = tree(tmp_path / "a.zarr"), tree(tmp_path / "b.zarr")
    for counted in ("report.json", "manifest"):  # the archive itself is a file too
        one.pop(counted), other.pop(counted)
    assert one == other
    assert lamina("list", tmp_path / "b.zarr", "--json").stdout.count(f"scans.{kind}!studies/") == 2
    assert not (tmp_path / "b.unpacked").exists()
    assert "already stored" in lamina("ingest", scans, "--key", key, "--into", tmp_path / "b.zarr").stderr


def test_fault_28_a_bomb_is_refused_before_it_fills_the_disk(tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    with zipfile.ZipFile(scans / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.dcm", bytes(100 << 20))
    with tarfile.open(scans / "bomb.tar.gz", "w:gz") as archive:
        zeros = tarfile.TarInfo("zeros.dcm")
        zeros.size = 100 << 20
        archive.addfile(zeros, io.BytesIO(bytes(zeros.size)))
    done = lamina("ingest", scans, "--into", tmp_path / "c.zarr", code=1)  # nothing was taken
    assert done.stderr.count("limit") >= 2 and "archiveRatio" in done.stderr
    assert not (tmp_path / "c.unpacked").exists()


def test_fault_28_a_name_that_climbs_out_writes_nothing(tmp_path):
    scans = tmp_path / "a" / "b" / "scans"
    scans.mkdir(parents=True)
    with zipfile.ZipFile(scans / "climb.zip", "w") as archive:
        for name in ("../climbed", "../../climbed", "/tmp/lamina-climbed", "x/../../../climbed"):
            archive.writestr(name, "x")
    done = lamina("ingest", scans, "--into", tmp_path / "a" / "b" / "c.zarr", code=1)
    assert done.stderr.count("archive-entry") >= 4
    assert not list(tmp_path.rglob("climbed")) and not pathlib.Path("/tmp/lamina-climbed").exists()


def test_an_archive_that_is_torn_or_encrypted_is_one_refused_file(phantom, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    patient = sorted((phantom / "dicom").iterdir())[0]
    packed("zip", patient, scans / "torn.zip")
    whole = (scans / "torn.zip").read_bytes()
    (scans / "torn.zip").write_bytes(whole[: len(whole) // 2])
    packed("tar.gz", patient, scans / "torn.tar.gz")
    whole = (scans / "torn.tar.gz").read_bytes()
    (scans / "torn.tar.gz").write_bytes(whole[: len(whole) // 2])
    (scans / "good").symlink_to(sorted((phantom / "dicom").iterdir())[1])
    done = lamina("ingest", scans, "--into", tmp_path / "c.zarr", code=3)
    assert "torn.zip" in done.stderr and "torn.tar.gz" in done.stderr and "1 volume" in done.stderr


def test_what_a_kill_has_left_unpacked_is_gone_after_the_next_run(phantom, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    packed("tar", phantom / "dicom", scans / "all.tar")
    store = tmp_path / "c.zarr"
    process = subprocess.Popen([LAMINA, "ingest", scans, "--into", store, "--quiet"])
    unpacked = tmp_path / "c.unpacked"
    while process.poll() is None and not (unpacked.exists() and any(unpacked.rglob("*.dcm"))):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert unpacked.exists()
    lamina("ingest", scans, "--into", store, "--quiet")
    assert not unpacked.exists()
    lamina("verify", store)
