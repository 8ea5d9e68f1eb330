"""Where a process may have few threads or none (ulimit -u, a container's limit), the same stores are made by those there are.

`threads.c`, preloaded into the executable, refuses all threads after a number of them.
"""
import os
import subprocess

import pytest

from conftest import LAMINA, lamina, preloaded
from test_faults import tree


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return preloaded("threads", tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def whole(phantom, key, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for command in stages(phantom, key, folder):
        lamina(*command)
    return {name: tree(folder / name) for name in ["c.zarr", "s.zarr"]}


def stages(phantom, key, folder):
    """Ingest and prepare on several threads."""
    yield ["ingest", phantom / "dicom", "--key", key, "--into", folder / "c.zarr", "--workers", 4, "--quiet"]
    yield ["prepare", folder / "c.zarr", "--into", folder / "s.zarr", "--quiet"]


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 5, 7, 10, 20])
def test_threads_that_the_system_refuses_are_done_without(shim, phantom, key, whole, tmp_path, most):
    environment = dict(os.environ, LD_PRELOAD=str(shim), THREADS=str(most))
    for command in stages(phantom, key, tmp_path):
        done = subprocess.run([LAMINA, *map(str, command)], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert {name: tree(tmp_path / name) for name in whole} == whole
