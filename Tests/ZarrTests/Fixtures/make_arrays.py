"""Writes the arrays beside this script with zarr-python 3.1.6 and tensorstore; ReaderTests reads them.

    python make_arrays.py       # needs zarr==3.1.6, tensorstore, numpy

Every array is 7 × 9 × 11 with the value (31 i mod 1000) − 500 (uint8: mod 200) at C-order place i, in shards of
4 × 6 × 8 and chunks of 2 × 3 × 4, so that shards hang over all three edges. `holes` holds no more than its first
chunk; the rest is the fill value −7.
"""
import pathlib
import shutil

import numpy
import tensorstore
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, ShardingCodec, ZstdCodec

HERE = pathlib.Path(__file__).resolve().parent
SHAPE, SHARD, CHUNK = (7, 9, 11), (4, 6, 8), (2, 3, 4)
place = numpy.arange(numpy.prod(SHAPE)).reshape(SHAPE)
INT16 = ((31 * place) % 1000 - 500).astype("int16")
UINT8 = ((31 * place) % 200).astype("uint8")


def write(name, values, codecs, location="end", index_checksum=True, fill=0, only=None):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    index = [BytesCodec(endian="little")] + ([Crc32cCodec()] if index_checksum else [])
    sharding = ShardingCodec(chunk_shape=CHUNK, codecs=codecs, index_codecs=index, index_location=location)
    array = zarr.create_array(
        store=str(folder), shape=SHAPE, chunks=SHARD, dtype=values.dtype, fill_value=fill,
        serializer=sharding, compressors=None, filters=None, zarr_format=3)
    where = only or (slice(None),) * 3
    array[where] = values[where]


little = BytesCodec(endian="little")
write("zstd", INT16, [little, ZstdCodec(level=3, checksum=True)])
write("zstd-unchecked", INT16, [little, ZstdCodec(level=1, checksum=False)], index_checksum=False)
write("blosc", INT16, [little, BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=2), Crc32cCodec()])
write("bitshuffle-start", INT16,
      [little, BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle", typesize=2)], location="start")
write("uint8", UINT8, [BytesCodec(endian=None), ZstdCodec(level=3, checksum=True)])
write("plain", INT16, [little])
write("float32", INT16.astype("float32") / 4, [little, ZstdCodec(level=3, checksum=True)])
write("holes", INT16, [little, ZstdCodec(level=3, checksum=True)], fill=-7,
      only=(slice(0, 2), slice(0, 3), slice(0, 4)))

shutil.rmtree(HERE / "tensorstore", ignore_errors=True)
store = tensorstore.open({
    "driver": "zarr3", "kvstore": {"driver": "file", "path": str(HERE / "tensorstore") + "/"},
    "metadata": {
        "shape": SHAPE, "data_type": "int16", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": SHARD}},
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": CHUNK,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
                       {"name": "zstd", "configuration": {"level": 5}}]}}]},
}, create=True).result()
store.write(INT16).result()
