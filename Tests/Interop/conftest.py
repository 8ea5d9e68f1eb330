"""Makes one small phantom cohort with the `lamina` executable and hands its stores to every test.

LAMINA names the executable (default: the release build). Real scans are used as well where the folder
that LAMINA_DATA names (default: ../shared/data beside the checkout) exists.
"""
import importlib.util
import os
import pathlib
import subprocess

import pytest

# These want PyTorch, which .venv-torch has; see the Makefile.
collect_ignore = [] if importlib.util.find_spec("torch") else ["test_weights.py"]

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAMINA = os.environ.get("LAMINA", str(ROOT / ".build" / "release" / "lamina"))
DATA = pathlib.Path(os.environ.get("LAMINA_DATA", ROOT.parent / "shared" / "data"))


def lamina(*arguments, code=0):
    """Runs the executable and returns the finished process; any other exit code than `code` fails."""
    done = subprocess.run([LAMINA, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def preloaded(source, folder):
    """A library made of a C file beside the tests, for LD_PRELOAD."""
    library = folder / (source + ".so")
    source = pathlib.Path(__file__).resolve().parent / (source + ".c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
    return library


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text("a key of thirty-two letters and more, for tests\n")
    return path


@pytest.fixture(scope="session")
def phantom(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom") / "phantom"
    lamina("phantom", "--patients", 6, "--seed", 7, "--into", folder, "--quiet")
    return folder


@pytest.fixture(scope="session")
def cohort(phantom, tmp_path_factory):
    store = tmp_path_factory.mktemp("cohort") / "cohort.zarr"
    lamina("ingest", phantom / "dicom", "--labels", phantom / "labels", "--into", store, "--quiet")
    return store


@pytest.fixture(scope="session")
def exported(cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    lamina("export", cohort, "--into", folder, "--quiet")
    return folder


@pytest.fixture(scope="session")
def slices(cohort, tmp_path_factory):
    store = tmp_path_factory.mktemp("slices") / "slices.zarr"
    lamina("prepare", cohort, "--into", store, "--quiet")
    return store


@pytest.fixture(scope="session")
def data():
    """The folder of real scans; tests that ask for it are left out where it is not."""
    if not DATA.is_dir():
        pytest.skip(f"no real scans at {DATA}")
    return DATA
