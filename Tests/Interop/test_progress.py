"""What `lamina ingest` says of how far it has come: a line that is rewritten on a terminal, plain lines elsewhere."""
import math
import os
import pty
import re
import subprocess

import pytest

from conftest import LAMINA, lamina

FILES = 3000
LINE = re.compile(
    r"\[(?P<bar>[#-]{20})\]  (?P<phase>scan|read): (?P<done>\d+) of (?P<total>\d+) files"
    r"(?:  (?P<rate>[\d.]+)/s  (?P<bytes>[\d.]+ [kMG]B)/s)?(?:  (?P<left>[\d:]+) left)?$")
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans") / "tiny"
    lamina("phantom", "--files", FILES, "--into", folder, "--quiet")
    return folder


def on_terminal(*arguments):
    """Runs the executable with standard error on a terminal; returns what was written there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([LAMINA, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 1 << 16):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return said.decode()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store") / "c.zarr"


@pytest.fixture(scope="module")
def lines(scans, store):
    said = on_terminal("ingest", scans, "--into", store, "--workers", 1)
    shown = [line.removeprefix("\x1b[2K") for line in re.split(r"[\r\n]+", said)]
    return [match.groupdict() for match in map(LINE.match, shown) if match]


def seconds(clock):
    parts = [int(part) for part in clock.split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def test_each_phase_counts_its_files_up_to_the_last(lines):
    for phase in ("scan", "read"):
        done = [int(line["done"]) for line in lines if line["phase"] == phase]
        assert done[0] == 0 and done[-1] == FILES and done == sorted(done)
        assert all(int(line["total"]) == FILES for line in lines)


def test_files_and_bytes_per_second_and_the_time_left_agree(lines, scans):
    """All files have about the same size, so each of the three follows from the others as far as it is rounded."""
    mean = sum(path.stat().st_size for path in scans.rglob("*.dcm")) / FILES
    under_way = [line for line in lines if line["left"]]
    assert under_way
    for line in lines:
        done, rate = int(line["done"]), float(line["rate"] or 0)
        assert bool(line["left"]) == (0 < done < FILES) and bool(line["rate"]) == (done > 0)
        if not line["left"]:
            continue
        number, unit = line["bytes"].split()
        assert float(number) * UNITS[unit] == pytest.approx(rate * mean, rel=0.05, abs=2 * mean + UNITS[unit])
        rest = FILES - done
        assert math.floor(rest / (1.02 * rate + 1)) <= seconds(line["left"]) <= math.ceil(1.02 * rest / rate)
        assert line["bar"].count("#") == done * 20 // FILES


def test_elsewhere_there_are_plain_lines(scans, tmp_path):
    series = min(path.parent for path in scans.rglob("*.dcm"))
    count = len(list(series.iterdir()))
    said = lamina("ingest", series, "--into", tmp_path / "a.zarr").stderr
    assert "\r" not in said and "\x1b" not in said
    for phase in ("scan", "read"):
        assert re.search(rf"^{phase}: {count} of {count} files  [\d.]+/s  [\d.]+ [kMG]B/s$", said, re.MULTILINE), said


def test_what_was_known_counts_for_no_rate(lines, scans, store):
    again = lamina("ingest", scans, "--into", store).stderr
    assert re.search(rf"^read: {FILES} of {FILES} files  {FILES} known$", again, re.MULTILINE), again
    assert lamina("ingest", scans, "--into", store, "--quiet").stderr == ""
