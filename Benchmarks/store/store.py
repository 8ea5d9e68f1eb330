"""Slice stores beside what they are built on and their peers: reading, writing, memory, ten million slices.

    python Benchmarks/store/store.py DATA [SCRATCH]   # DATA: hippocampus/, dicom/ct-head-philips/

Each kind of slices is packed small and fast (`prepare.packing`). Needs cc, libblosc, liblz4, libzstd, and numpy, nibabel, zarr, zarrs,
tensorstore, google-crc32c; builds `bench-store` in release.
Slices are real: the head CT as it is (512², 28 slices), cut in quarters (256², 112), and the hippocampus MR prepared (64²,
1457), each repeated to the number that is said. One thread everywhere, CPU seconds of whole processes' loops, everything
in the page cache. A round runs every candidate in turn; what is printed are medians over rounds of the ratio to our own
time in the same round.
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import google_crc32c
import nibabel
import numpy

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCH = ROOT / ".build/release/bench-store"
ROUNDS = 5


def build(scratch):
    subprocess.run(["swift", "build", "-c", "release", "--product", "bench-store", "--quiet"], cwd=ROOT, check=True)
    subprocess.run(["cc", "-O3", "-march=native", HERE / "loops.c", "-o", scratch / "loops", "-lblosc", "-llz4", "-lzstd"], check=True)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", HERE / "counting.c", "-o", scratch / "counting.so", "-ldl"], check=True)


def slices(data):
    """Real slices, int16, by name."""
    stored = lambda path: numpy.ascontiguousarray(
        numpy.asanyarray(nibabel.load(path).dataobj.get_unscaled()).transpose(2, 1, 0)).astype(numpy.int16)
    head = stored(next((data / "dicom/ct-head-philips").glob("Ref*/*.nii*")))
    quarters = numpy.concatenate([head[:, y:y + 256, x:x + 256] for y in (0, 256) for x in (0, 256)])
    prepared = []
    for path in sorted((data / "hippocampus/imagesTr").glob("[!.]*.nii*"))[:40]:
        voxels = stored(path).astype(float)
        low, high = numpy.percentile(voxels, [0.5, 99.5])
        canvas = numpy.zeros((len(voxels), 64, 64), numpy.int16)
        y, x = min(64, voxels.shape[1]), min(64, voxels.shape[2])
        canvas[:, :y, :x] = (numpy.clip((voxels - low) / (high - low), 0, 1) * 20000).round()[:, :y, :x]
        prepared.append(canvas)
    return {"CT 512²": (head, 36), "CT 256²": (quarters, 36), "MR 64²": (numpy.concatenate(prepared), 12)}


def job(*words, preload=None):
    environment = dict(os.environ, **({"LD_PRELOAD": str(preload)} if preload else {}))
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, f"{words}: {done.stderr[-2000:]}"
    return json.loads(done.stdout)


def peer(name, store, order, count):
    """Slices read by another library in a process of its own, CPU seconds scaled to all of the order."""
    code = f"""
import json, numpy, time
order = numpy.fromfile({str(order)!r}, "<u4")[:{count}]
if {name!r} == "tensorstore":
    import tensorstore
    context = tensorstore.Context({{"data_copy_concurrency": {{"limit": 1}}, "file_io_concurrency": {{"limit": 1}}}})
    array = tensorstore.open({{"driver": "zarr3", "kvstore": {{"driver": "file", "path": {str(store) + "/image/"!r}}}}},
                             open=True, read=True, context=context).result()
    get = lambda n: array[n].read().result()
else:
    import zarr
    zarr.config.set({{"threading.max_workers": 1, "async.concurrency": 1}})
    if {name!r} == "zarrs":
        import zarrs
        zarr.config.set({{"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "codec_pipeline.max_workers": 1}})
    array = zarr.open_array({str(store)!r} + "/image", mode="r")
    get = lambda n: array[n]
for n in order[:50]: get(int(n))
start = time.process_time()
total = sum(int(get(int(n)).ravel()[-1]) for n in order)
print(json.dumps({{"cpu": time.process_time() - start}}))
"""
    return job(sys.executable, "-c", code)["cpu"]


def reading(name, how, store, scratch, count):
    order = scratch / "order"
    total = json.loads((store / "zarr.json").read_text())["attributes"]["lamina"]["slices"]
    numpy.random.default_rng(1).integers(0, total, count).astype("<u4").tofile(order)
    side = {"CT 512²": 512, "CT 256²": 256, "MR 64²": 64}[name]
    ours, rows = [], {}
    for _ in range(ROUNDS):
        mine = job(BENCH, "read", store, order)
        ours.append(mine["cpu"])
        round_ = {}
        for kind in ["library", "kept"]:
            theirs = job(scratch / "loops", "read", store, side, order, kind)
            assert theirs["sum"] == mine["sum"]
            round_["C, pread + " + {"library": "libblosc", "kept": "decoder + unshuffle + crc32c"}[kind]] = theirs["cpu"]
        for other, most in [("tensorstore", 400), ("zarr-python", 200), ("zarrs", 200)]:
            round_[other] = peer(other, store, order, most) * count / most
        for key, seconds in round_.items():
            rows.setdefault(key, []).append(seconds / mine["cpu"])
    counted = job(BENCH, "read", store, order, preload=scratch / "counting.so")
    print(f"\n{name}, {how}: {count / statistics.median(ours):.0f} slices/CPU-s; in {count} reads "
          f"{counted['allocations']:.0f} allocations and {counted['locks']:.0f} locks")
    for key, ratios in rows.items():
        print(f"  {statistics.median(ratios):5.2f} × {key}   ({min(ratios):.2f}–{max(ratios):.2f})")


def packing(name, how, raw, side, scratch, repeat):
    ours, rows, sizes = [], {}, {}
    size = raw.stat().st_size * repeat
    for _ in range(ROUNDS):
        mine = job(BENCH, "pack", raw, side, repeat, how)
        ours.append(mine["cpu"])
        sizes["ours"] = size / mine["bytes"]
        library = {"small": ("zstd", "libblosc, zstd 1, shuffle"), "fast": ("lz4", "libblosc, lz4 9, shuffle")}[how]
        for kind, words in [library, ("zstd3", "zstd 3, as plain chunks are")]:
            theirs = job(scratch / "loops", "pack", raw, side, repeat, kind)
            rows.setdefault(words, []).append(theirs["cpu"] / mine["cpu"])
            sizes[words] = size / theirs["bytes"]
    print(f"\n{name}, {how}: packed at {size / 1e6 / statistics.median(ours):.0f} MB/CPU-s, ratio {sizes['ours']:.3f}")
    for key, ratios in rows.items():
        print(f"  {statistics.median(ratios):5.2f} × {key}, ratio {sizes[key]:.3f}   ({min(ratios):.2f}–{max(ratios):.2f})")


def crc32c(rows):
    """CRC-32C of each row of a matrix of bytes, all rows at once."""
    table = numpy.zeros(256, numpy.uint32)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table[byte] = crc
    state = numpy.full(len(rows), 0xFFFFFFFF, numpy.uint32)
    for column in range(rows.shape[1]):
        state = table[(state ^ rows[:, column]) & 0xFF] ^ (state >> 8)
    return ~state


def flat(magic, extras, records):
    """A flat file of the store, as its page has it."""
    import struct
    head = struct.pack("<8sIIQ4I", magic, 1, records.dtype.itemsize, len(records), *extras).ljust(64, b"\0")
    body = head + records.tobytes()
    return body + struct.pack("<I", google_crc32c.value(body))


def large(base, store, shards, each):
    """A store of `shards` shards that are all links to the first one of `base`, and volumes of 128 slices."""
    per, total = each, each * shards
    read = lambda name, dtype: numpy.frombuffer((base / name).read_bytes()[64:-4], dtype)
    one = numpy.dtype([("volume", "<u4"), ("index", "<u4"), ("position", "<f4"), ("flags", "<u4"), ("shard", "<u4"),
                       ("image", "<u4"), ("label", "<u4"), ("crc", "<u4"), ("offset", "<u8"), ("labelOffset", "<u8")])
    (store / "image/c").mkdir(parents=True)
    files = []
    digest = lambda data: (f"{google_crc32c.value(data):08x}", len(data))
    sum_ = digest((base / "image/c/0/0/0/0").read_bytes())
    for s in range(shards):
        folder = store / f"image/c/{s}/0/0"
        folder.mkdir(parents=True)
        os.link(base / "image/c/0/0/0/0", folder / "0")
        files.append((f"image/c/{s}/0/0/0", *sum_))
    n = numpy.arange(total)
    rows = numpy.tile(read("slices.index", one)[:per], shards)
    rows["volume"], rows["index"], rows["position"], rows["shard"] = n // 128, n % 128, n % 128, n // per
    raw = rows.view(numpy.uint8).reshape(total, 48)
    rows["crc"] = crc32c(numpy.concatenate([raw[:, :28], raw[:, 32:]], axis=1))
    volumes = numpy.tile(numpy.frombuffer((base / "volumes.index").read_bytes()[64:-4], numpy.uint8)[:344], (total // 128, 1))
    for v in range(len(volumes)):
        volumes[v, :32] = numpy.frombuffer(f"v{v}".encode().ljust(32, b"\0"), numpy.uint8)
    for at, values in [(72, 128), (84, 128), (296, 128)]:
        volumes[:, at:at + 4] = numpy.array([values], "<u4").view(numpy.uint8)
    volumes[:, 288:296] = (numpy.arange(len(volumes)) * 128).astype("<u8").view(numpy.uint8).reshape(-1, 8)
    volumes[:, -4:] = crc32c(volumes[:, :-4]).astype("<u4").view(numpy.uint8).reshape(-1, 4)
    fixed = volumes.view("V344").ravel()
    split = "volume\tpatient\tpart\n" + "".join(f"v{v}\tp\ttrain\n" for v in range(len(volumes)))
    for name, old in [("zarr.json", None), ("image/zarr.json", None)]:
        document = json.loads((base / name).read_text())
        if name == "zarr.json":
            document["attributes"]["lamina"].update(slices=total, volumes=len(volumes))
        else:
            document["shape"][0] = total
        (store / name).write_text(json.dumps(document))
    (store / "slices.index").write_bytes(flat(b"LAMSLICE", (per, 0, 0, 0), rows))
    (store / "volumes.index").write_bytes(flat(b"LAMVOLUM", (1, 0, 0, 0), fixed))
    (store / "split.tsv").write_text(split)
    lines = "".join(f"{crc} {size} {path}\n" for path, crc, size in sorted(files))
    crc, size = digest(lines.encode())
    (store / "manifest").write_text(lines + f"{crc} {size} .\n")
    return total


def opening(base, scratch, shards, each, count=20_000):
    wanted = 2 * shards + 4096  # three quarters of the files that a process may have can be shards
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, PermissionError):
            print("\nfewer files may be open than there are shards: some are opened at every read")
    total = large(base, scratch / "large.zarr", shards, each)
    rng = numpy.random.default_rng(2)
    for name, store, range_ in [("large", scratch / "large.zarr", total), ("small", base, each)]:
        rng.integers(0, range_, count).astype("<u4").tofile(scratch / name)
    found = [(job(BENCH, "open", scratch / "large.zarr", scratch / "large"), job(BENCH, "open", base, scratch / "small"))
             for _ in range(3)]
    first = found[0][0]
    print(f"\n{first['slices']:.0f} slices of {first['volumes']:.0f} volumes in {shards} shards: open in "
          f"{statistics.median(a['open'] for a, _ in found):.1f} ms, {first['opened']:.0f} MB resident then; after {count} "
          f"random reads {first['resident']:.0f} MB resident ({first['peak']:.0f} at most), {first['anonymous']:.0f} of it own")
    print(f"  {statistics.median(b['cpu'] / a['cpu'] for a, b in found):.2f} of the speed of a store of one shard, "
          f"{statistics.median(b['again'] / a['again'] for a, b in found):.2f} once the shards are open")


def main(data, scratch):
    build(scratch)
    for name, (pixels, repeat) in slices(data).items():
        side = pixels.shape[1]
        raw = scratch / f"{side}.raw"
        pixels.tofile(raw)
        for how in ["small", "fast"]:
            packing(name, how, raw, side, scratch, max(1, (100 << 20) // pixels.nbytes))
            store, threads = scratch / f"{side}-{how}.zarr", os.cpu_count()
            wrote = job(BENCH, "write", raw, side, store, repeat, threads, how)
            less = job(BENCH, "write", raw, side, scratch / f"{side}-{how}-less.zarr", max(1, repeat // 4), threads, how)
            print(f"  written to disk on {threads} threads: {wrote['slices'] * 2 * side * side / 1e6 / wrote['wall']:.0f} MB/s, "
                  f"peak {wrote['peak']:.0f} MB, {less['peak']:.0f} MB for a quarter of it ({pixels.nbytes / 1e6:.0f} MB a volume)")
            reading(name, how, store, scratch, {512: 1500, 256: 6000, 64: 40_000}[side])
    opening(scratch / "256-small.zarr", scratch, 19_532, 512)


if len(sys.argv) > 2:
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
else:
    with tempfile.TemporaryDirectory() as folder:
        main(pathlib.Path(sys.argv[1]), pathlib.Path(folder))
