"""libLaminaTorch.so and the stubs that call it, where the two were compiled from different headers."""
import os
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

STUBS = ROOT / "Sources" / "CTorch"
# Every function under its name, and nothing in it: what loading asks is what they were declared as.
LIBRARY = """
#include "CTorch.h"
static const char *const text = CTORCH_DECLARATIONS;
#define EMPTY(result, name, parameters, arguments) const char *laminatorch_##name(void) { return text; }
CTORCH_FUNCTIONS(EMPTY)
"""
LOAD = """
import ctypes, sys
stubs = ctypes.CDLL(sys.argv[1])
stubs.ctorch_load.restype = ctypes.c_char_p
print((stubs.ctorch_load() or b"loaded").decode())
"""


def loading(folder, file=None, text=None, other=None):
    """What loading says where the library's header `file` has `other` for `text`."""
    headers = shutil.copytree(STUBS / "include", folder / "include")
    if file:
        before = (headers / file).read_text()
        assert text in before
        (headers / file).write_text(before.replace(text, other))
    (folder / "library.c").write_text(LIBRARY)
    for name, source, include in [("LaminaTorch", folder / "library.c", headers), ("CTorch", STUBS / "CTorch.c", STUBS / "include")]:
        subprocess.run(["cc", "-shared", "-fPIC", f"-I{include}", source, "-ldl", "-o", folder / f"lib{name}.so"], check=True)
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder)}
    return subprocess.run([sys.executable, "-c", LOAD, folder / "libCTorch.so"], env=environment, check=True,
                          capture_output=True, text=True).stdout.strip()


def test_a_library_of_the_same_headers_is_taken(tmp_path):
    assert loading(tmp_path) == "loaded"


@pytest.mark.parametrize("change", [
    ("CTorchNumbers.h", "X(Sine) X(Cosine)", "X(Cosine) X(Sine)"),  # in each other's place
    ("CTorchNumbers.h", "X(Sine) X(Cosine)", "X(Sine) X(Cosine) X(Tangent)"),
    ("CTorchFunctions.h", "double low, double high", "double high, double low"),
])
def test_a_library_whose_functions_have_other_numbers_or_parameters_is_refused(tmp_path, change):
    assert "libLaminaTorch.so is of another version: its functions or their numbers are others" in loading(tmp_path, *change)


def test_a_function_that_a_library_lacks_is_named(tmp_path):
    change = ("CTorchFunctions.h", "  X(int32_t, threads, (void), ()) \\\n", "")
    assert "libLaminaTorch.so is of another version: it lacks threads" in loading(tmp_path, *change)
