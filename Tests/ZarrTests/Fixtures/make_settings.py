"""Writes settings.json with zarr-python 3.1.6: one small array in every setting that is read here.

    python make_settings.py       # needs zarr==3.1.6, numpy

Each entry holds the text of `zarr.json` and, by their keys, the shards in base64. All arrays have 6 × 10 × 12 numbers,
number i in C order being (7 i mod 251) − 100 (unsigned: without the −100; real: a quarter of it), in one shard of two
chunks; `long` ones have 1 × 1 × 40000, i mod 100, in one chunk, so that Blosc cuts it into blocks.
"""
import base64
import itertools
import json
import pathlib
import tempfile

import numpy
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, ShardingCodec, ZstdCodec

HERE = pathlib.Path(__file__).resolve().parent
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
arrays = []


def values(kind, shape):
    i = numpy.arange(numpy.prod(shape)).reshape(shape)
    if len(i.ravel()) > 1000:
        return (i % 100).astype(kind)
    i = 7 * i % 251
    if kind.startswith("u"):
        return i.astype(kind)
    return (i % 128 if kind == "int8" else i - 100 if kind.startswith("i") else (i - 100) / 4).astype(kind)


def write(name, kind, codecs, endian="little", location="end", index="little", index_checksum=True, long=False):
    shape, chunk = ((1, 1, 40_000), (1, 1, 40_000)) if long else ((6, 10, 12), (3, 10, 12))
    order = BytesCodec(endian=None if kind.endswith("int8") else endian)
    places = [BytesCodec(endian=index)] + ([Crc32cCodec()] if index_checksum else [])
    with tempfile.TemporaryDirectory() as folder:
        array = zarr.create_array(
            store=folder, shape=shape, chunks=shape, dtype=kind, fill_value=0, compressors=None, filters=None,
            serializer=ShardingCodec(
                chunk_shape=chunk, codecs=[order, *codecs], index_codecs=places, index_location=location))
        array[...] = values(kind, shape)
        root = pathlib.Path(folder)
        arrays.append({
            "name": name, "type": kind, "metadata": (root / "zarr.json").read_text(),
            "shards": {str(path.relative_to(root)): base64.b64encode(path.read_bytes()).decode()
                       for path in sorted(root.glob("c/**/*")) if path.is_file()}})


def blosc(cname, level, shuffle, typesize, blocksize=0):
    return BloscCodec(cname=cname, clevel=level, shuffle=shuffle, typesize=typesize, blocksize=blocksize)


for kind, endian in itertools.product(TYPES, ["little", "big"]):
    write(f"{kind} {endian} zstd", kind, [ZstdCodec(level=3, checksum=True)], endian)
for location, index, checksum in itertools.product(["start", "end"], ["little", "big"], [True, False]):
    write(f"index {location} {index} {checksum}", "int16", [ZstdCodec(level=1, checksum=True)],
          location=location, index=index, index_checksum=checksum)
for level, checksum in itertools.product([-7, 0, 3, 22], [True, False]):
    write(f"zstd {level} {checksum}", "int16", [ZstdCodec(level=level, checksum=checksum)])
write("bare", "int16", [])
write("bare crc32c", "int16", [Crc32cCodec()])
write("zstd crc32c", "int16", [ZstdCodec(level=3, checksum=False), Crc32cCodec()])
for cname, shuffle in itertools.product(["zstd", "lz4", "lz4hc", "blosclz", "zlib"], ["noshuffle", "shuffle", "bitshuffle"]):
    write(f"blosc {cname} {shuffle}", "int16", [blosc(cname, 5, shuffle, 2), Crc32cCodec()])
    write(f"blosc {cname} {shuffle} long", "int16", [blosc(cname, 5, shuffle, 2), Crc32cCodec()], long=True)
for level in range(10):
    write(f"blosc level {level}", "int16", [blosc("zstd", level, "shuffle", 2)])
for kind, typesize in [("uint8", 1), ("int16", 1), ("int32", 4), ("float32", 2), ("int64", 8), ("float64", 16)]:
    write(f"blosc {kind} of {typesize}", kind, [blosc("zstd", 3, "shuffle", typesize), Crc32cCodec()], "big")
for blocksize in [1, 256, 4096, 30_000]:
    write(f"blosc blocks of {blocksize} long", "int16", [blosc("zstd", 1, "shuffle", 2, blocksize)], long=True)

text = ",\n".join(json.dumps(a, separators=(",", ":")) for a in arrays)
(HERE / "settings.json").write_text(f"[\n{text}\n]\n")
print(len(arrays), "arrays")
