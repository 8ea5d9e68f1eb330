"""Peak memory of `lamina ingest` by the number of files: writes trees of small DICOM files and watches the parent.

    python scale.py LAMINA SCRATCH [FILES…]      # FILES: 2000 20000 200000 by default; SCRATCH must be on a disk

Every file is one of its own (1.1 kB: a header and 8 × 8 pixels), 100 a series, so that each is scanned, grouped, read and
stored. The peak is the parent's VmHWM in /proc; CPU is that of parent and workers. Each tree is ingested twice, the second
time with nothing new.
"""
import os
import pathlib
import resource
import struct
import subprocess
import sys
import time

PER_SERIES = 100


def element(tag, vr, value):
    value = value.encode() if isinstance(value, str) else value
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OW") else b" "
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    long = b"\0\0" + struct.pack("<I", len(value))
    return head + (long if vr == "OW" else struct.pack("<H", len(value))) + value


def image(number):
    series, z = divmod(number, PER_SERIES)
    uid, short = f"2.25.1{series:08d}", lambda value: struct.pack("<H", value)
    instance, storage = f"{uid}.{z + 1}", "1.2.840.10008.5.1.4.1.1.4"
    meta = element(0x20002, "UI", storage) + element(0x20003, "UI", instance) + element(0x20010, "UI", "1.2.840.10008.1.2.1")
    body = [
        (0x080008, "CS", "ORIGINAL\\PRIMARY"), (0x080016, "UI", storage), (0x080018, "UI", instance), (0x080020, "DA", "20200101"),
        (0x080060, "CS", "MR"), (0x08103E, "LO", "structural"), (0x100010, "PN", f"Phantom^{series}"),
        (0x100020, "LO", f"P{series:06d}"), (0x180050, "DS", "2"), (0x180081, "DS", "2.5"), (0x20000D, "UI", uid + "0"),
        (0x20000E, "UI", uid), (0x200013, "IS", str(z + 1)), (0x200032, "DS", f"0\\0\\{2 * z}"),
        (0x200037, "DS", "1\\0\\0\\0\\1\\0"), (0x280002, "US", short(1)), (0x280004, "CS", "MONOCHROME2"),
        (0x280010, "US", short(8)), (0x280011, "US", short(8)), (0x280030, "DS", "1\\1"), (0x280100, "US", short(16)),
        (0x280101, "US", short(12)), (0x280102, "US", short(11)), (0x280103, "US", short(0)),
        (0x7FE00010, "OW", struct.pack("<64H", *((number + k) % 4096 for k in range(64)))),
    ]
    length = element(0x20000, "UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + length + meta + b"".join(element(tag, vr, value) for tag, vr, value in body)


def write_tree(folder, files):
    for number in range(files):
        series, z = divmod(number, PER_SERIES)
        below = folder / f"{series // 100:04d}" / f"{series % 100:02d}"
        if z == 0:
            below.mkdir(parents=True)
        (below / f"{z:03d}.dcm").write_bytes(image(number))


def watch(command):
    """Runs a command; wall and CPU seconds, and the peak of its own memory in MiB."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process, peak = subprocess.Popen(command), 0
    while process.poll() is None:
        try:
            lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
            peak = max([peak] + [int(line.split()[1]) for line in lines if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"{command}: exit {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu, peak / 1024


def main(lamina, scratch, counts):
    print("| files | run | peak of the parent, MiB | CPU, s | wall, s |\n|---|---|---|---|---|")
    for files in counts:
        tree = pathlib.Path(scratch) / f"tree-{files}"
        if not tree.exists():
            write_tree(tree, files)
        store = pathlib.Path(scratch) / f"cohort-{files}-{os.getpid()}.zarr"
        for run in ("first", "again"):
            wall, cpu, peak = watch([lamina, "ingest", str(tree), "--into", str(store), "--quiet"])
            print(f"| {files:,} | {run} | {peak:.0f} | {cpu:.0f} | {wall:.0f} |", flush=True)


main(sys.argv[1], sys.argv[2], [int(text) for text in sys.argv[3:]] or [2_000, 20_000, 200_000])
