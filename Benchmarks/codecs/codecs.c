/* Packs and unpacks every slice of a raw file with each codec chain the stores could use, on one
 * thread, in CPU seconds; prints bytes and MB/s of unpacked data. Usage: codecs NAME FILE SLICE TYPE
 * (bytes of a slice, bytes of a number). */
#include <blosc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static const struct { const char *name; int shuffle, level; } codecs[] = {
    {"zstd", -1, 1},         {"zstd", -1, 3},         {"zstd", -1, 9},
    {"blosc shuffle", 1, 1}, {"blosc shuffle", 1, 3}, {"blosc shuffle", 1, 5},
    {"blosc bitshuffle", 2, 1}, {"blosc bitshuffle", 2, 3}, {"blosc bitshuffle", 2, 5},
    {"blosc shuffle, split", 3, 1},
};

/* The stores' frames: one block, a zstd stream for each byte of a number, contexts kept. Headers are left out of the
 * bytes but for their size. */
static size_t pack_split(ZSTD_CCtx *c, const char *in, size_t size, size_t type, char *out, char *room) {
  size_t count = size / type, at = 20;
  for (size_t byte = 0; byte < type; byte++) {
    char *row = room + byte * count;
    for (size_t i = 0; i < count; i++) row[i] = in[i * type + byte];
    size_t packed = ZSTD_compress2(c, out + at + 4, count - 1, row, count);
    if (ZSTD_isError(packed)) {
      ZSTD_CCtx_reset(c, ZSTD_reset_session_only);
      memcpy(out + at + 4, row, packed = count);
    }
    unsigned length = packed;
    memcpy(out + at, &length, 4);
    at += 4 + packed;
  }
  return at;
}

static void unpack_split(ZSTD_DCtx *d, const char *in, size_t size, size_t type, char *out, char *room) {
  size_t count = size / type, at = 20;
  for (size_t byte = 0; byte < type; byte++) {
    unsigned length;
    memcpy(&length, in + at, 4);
    if (length == count) memcpy(room + byte * count, in + at + 4, count);
    else ZSTD_decompressDCtx(d, room + byte * count, count, in + at + 4, length);
    at += 4 + length;
  }
  const unsigned char *a = (unsigned char *)room, *b = a + count;
  if (type == 2) {
    for (size_t i = 0; i < count; i++) ((unsigned short *)out)[i] = a[i] | b[i] << 8;
  } else {
    for (size_t byte = 0; byte < type; byte++)
      for (size_t i = 0; i < count; i++) out[i * type + byte] = room[byte * count + i];
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  size_t slice = strtoul(argv[3], 0, 10), type = strtoul(argv[4], 0, 10);
  FILE *file = fopen(argv[2], "rb");
  if (!file) return 1;
  fseek(file, 0, SEEK_END);
  size_t count = ftell(file) / slice, total = count * slice;
  rewind(file);
  char *raw = malloc(total), *back = malloc(slice);
  if (fread(raw, 1, total, file) != total) return 1;
  size_t room = ZSTD_compressBound(slice) + BLOSC_MAX_OVERHEAD;
  char *packed = malloc(room * count);
  char *rows = malloc(slice);
  size_t *sizes = malloc(sizeof(size_t) * count);
  ZSTD_CCtx *c = ZSTD_createCCtx();
  ZSTD_DCtx *d = ZSTD_createDCtx();
  ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
  for (size_t k = 0; k < sizeof codecs / sizeof *codecs; k++) {
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, codecs[k].shuffle < 0);
    double write = 1e9, read = 1e9;
    size_t bytes = 0;
    for (int repeat = 0; repeat < 5; repeat++) {
      double start = cpu();
      bytes = 0;
      for (size_t i = 0; i < count; i++) {
        char *out = packed + i * room;
        if (codecs[k].shuffle == 3) {
          ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, codecs[k].level);
          sizes[i] = pack_split(c, raw + i * slice, slice, type, out, rows);
        } else if (codecs[k].shuffle < 0) {
          ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, codecs[k].level);
          sizes[i] = ZSTD_compress2(c, out, room, raw + i * slice, slice);
        } else
          sizes[i] = blosc_compress_ctx(codecs[k].level, codecs[k].shuffle, type, slice,
                                        raw + i * slice, out, room, "zstd", 0, 1);
        bytes += sizes[i];
      }
      double middle = cpu();
      for (size_t i = 0; i < count; i++) {
        char *in = packed + i * room;
        if (codecs[k].shuffle == 3)
          unpack_split(d, in, slice, type, back, rows);
        else if (codecs[k].shuffle < 0)
          ZSTD_decompressDCtx(d, back, slice, in, sizes[i]);
        else
          blosc_decompress_ctx(in, back, slice, 1);
        if (memcmp(back, raw + i * slice, slice)) return 3;
      }
      double end = cpu();
      if (middle - start < write) write = middle - start;
      if (end - middle < read) read = end - middle;
    }
    printf("| %s | %s %d | %.2f | %.0f | %.0f |\n", argv[1], codecs[k].name, codecs[k].level,
           (double)total / bytes, total / write / 1e6, total / read / 1e6);
    fflush(stdout);
  }
  return 0;
}
