"""Ingest beside dcm2niix, SimpleITK and OpenJPEG: slices a CPU-second, wall time of two workers, peak memory.

    python ingest.py LAMINA FOLDER [--rounds N] [--only NAME,…] [--dcm2niix PROGRAM] [--debian PROGRAM] [--other LAMINA]
    # FOLDER: made by synthesise.py where it is missing

LAMINA is a release build of the executable. Needs numpy, pydicom, SimpleITK, dcm2niix, cc and libopenjp2-7-dev; where Debian's
dcm2niix is there too, `-z i` is measured with both, since their zlibs differ; `--other` is another build. Every tool
reads the same folder from the page cache, in turn, round by round; medians. What they write stays in the folder
`ingest-runs` beside FOLDER, emptied: to be deleted when nothing more is measured. CPU seconds are user and system time of a
process and all its children; SimpleITK's leave out the start of Python, OpenJPEG's are of decoding alone.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SETS = ["ct-raw", "ct-rle", "ct-jpegll", "ct-jpegls", "ct-j2k", "mr-small"]
# (data, peer, least ratio of lamina with one worker to it)
TARGETS = [
    ("ct-raw", "dcm2niix -z n", 0.45), ("ct-raw", "Debian's dcm2niix -z i", 15), ("ct-rle", "dcm2niix -z n", 0.5),
    ("ct-jpegll", "dcm2niix -z n", 1.7), ("ct-jpegls", "SimpleITK", 0.85), ("ct-j2k", "OpenJPEG", 0.95),
    ("mr-small", "dcm2niix -z n", 0.6),
]
READ = """
import sys, time, SimpleITK
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
start = time.process_time()
reader = SimpleITK.ImageSeriesReader()
for series in reader.GetGDCMSeriesIDs(sys.argv[1]):
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(sys.argv[1], series))
    reader.Execute()
print(time.process_time() - start)
"""


def processor_time():
    return sum(os.times()[:4])


class Peak(threading.Thread):
    """The most memory that a process itself has had, its children left out."""

    def __init__(self, pid):
        super().__init__()
        self.status, self.kilobytes = f"/proc/{pid}/status", 0

    def run(self):
        try:
            while True:
                for line in open(self.status):
                    if line.startswith("VmHWM"):
                        self.kilobytes = int(line.split()[1])
                time.sleep(0.02)
        except (OSError, ValueError):
            pass


def measured(command):
    """(CPU seconds, wall seconds, peak MB of the process itself, output)"""
    start = time.monotonic()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak = Peak(process.pid)
    peak.start()
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    peak.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output.decode()[-2000:]}")
    return used.ru_utime + used.ru_stime, wall, peak.kilobytes / 1024, output.decode()


def empty(folder):
    """Gives back what earlier runs wrote, all but the files: for five minutes after files are deleted, ext4 goes
    through them all whenever it makes one, which a store of ten volumes would be slower by."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)


class Tools:
    def __init__(self, lamina, other, dcm2niix, debian, folder, scratch):
        self.lamina, self.other, self.program, self.debian = lamina, other, dcm2niix, debian
        self.folder, self.scratch, self.last = folder, scratch, scratch

    def room(self):
        """A new folder; what is in the last one is given back."""
        empty(self.last)
        self.last = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        return self.last

    def ingest(self, name, workers, program=None):
        return measured([
            program or self.lamina, "ingest", self.folder / name, "--into", self.room() / "c.zarr", "--quiet",
            "--workers", workers])[:3]

    def dcm2niix(self, name, packing, program=None):
        return measured([
            program or self.program, "-z", packing, "-f", "%s", "-o", self.room(), self.folder / name])[:3]

    def simpleitk(self, name):
        used, wall, peak, output = measured([sys.executable, "-c", READ, self.folder / name])
        return float(output.split()[-1]), wall, peak

    def openjpeg(self, name):
        streams = self.folder.with_name(self.folder.name + "-streams")
        if not streams.exists():
            import pydicom
            from pydicom.encaps import generate_frames
            streams.mkdir()
            for path in sorted((self.folder / name).iterdir()):
                frame = next(generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1))
                (streams / f"{path.stem}.j2k").write_bytes(frame)
            subprocess.run(
                ["cc", "-O2", HERE / "openjpeg.c", "-lopenjp2", "-o", streams / "openjpeg"], check=True)
        used, wall, peak, output = measured([streams / "openjpeg", *sorted(streams.glob("*.j2k"))])
        return float(output.split()[-1]), wall, peak

    def of(self, name):
        tools = {
            "lamina, 1 worker": lambda: self.ingest(name, 1), "lamina, 2 workers": lambda: self.ingest(name, 2)}
        if self.other:
            tools["the other, 1 worker"] = lambda: self.ingest(name, 1, self.other)
            tools["the other, 2 workers"] = lambda: self.ingest(name, 2, self.other)
        tools["dcm2niix -z n"] = lambda: self.dcm2niix(name, "n")
        if name == "ct-raw":
            tools["dcm2niix -z i"] = lambda: self.dcm2niix(name, "i")
            if self.debian.exists():
                tools["Debian's dcm2niix -z i"] = lambda: self.dcm2niix(name, "i", self.debian)
        if name == "ct-jpegls":
            tools["SimpleITK"] = lambda: self.simpleitk(name)
        if name == "ct-j2k":
            tools["OpenJPEG"] = lambda: self.openjpeg(name)
        return tools


def warm(folder):
    files = sorted(folder.iterdir())
    for path in files:
        path.read_bytes()
    return len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lamina", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--other", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(SETS))
    parser.add_argument("--dcm2niix", default=pathlib.Path(sys.executable).with_name("dcm2niix"))
    parser.add_argument("--debian", type=pathlib.Path, default=pathlib.Path("/usr/bin/dcm2niix"))
    given = parser.parse_args()
    if not given.folder.exists():
        subprocess.run([sys.executable, HERE / "synthesise.py", given.folder], check=True)
    scratch = given.folder.parent / "ingest-runs"
    scratch.mkdir(exist_ok=True)
    tools = Tools(
        given.lamina.resolve(), given.other and given.other.resolve(), given.dcm2niix, given.debian, given.folder,
        scratch)
    print("| data | tool | slices/CPU-s | wall s | peak MB | of the peer | asked |\n|---|---|---|---|---|---|---|")
    for name in given.only.split(","):
        slices = warm(given.folder / name)
        commands = tools.of(name)
        for command in commands.values():  # a round that does not count
            command()
        rounds = [{tool: run() for tool, run in commands.items()} for _ in range(given.rounds)]
        report(name, slices, rounds)


def report(name, slices, rounds):
    """Medians of each tool; the ratios are medians of the rounds' own ratios."""
    one, two = "lamina, 1 worker", "lamina, 2 workers"
    speedup = statistics.median(r[one][1] / r[two][1] for r in rounds)
    for tool in rounds[0]:
        used, wall, peak = (statistics.median(r[tool][k] for r in rounds) for k in range(3))
        ratio, asked = "", ""
        if tool == two:
            ratio, asked = f"{speedup:.2f}× the wall speed of one", "≥ 1.7"
        elif tool != one:
            ratio = f"{statistics.median(r[tool][0] / r[one][0] for r in rounds):.2f}"
            asked = next((f"≥ {least}" for data, peer, least in TARGETS if (data, peer) == (name, tool)), "")
        print(f"| {name} | {tool} | {slices / used:.0f} | {wall:.2f} | {peak:.0f} | {ratio} | {asked} |", flush=True)


if __name__ == "__main__":
    main()
