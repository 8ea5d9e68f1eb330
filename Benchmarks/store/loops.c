/* The loops that the store is measured against, in plain C: `pread` and a decoder, or an encoder, one thread.

     loops read STORE SIDE ORDER library|kept   libblosc's decoder, or zstd (with a kept context) or LZ4 and a plain unshuffle
     loops pack RAW SIDE REPEAT zstd|lz4|zstd3  libblosc with the byte shuffle and zstd at level 1 or LZ4 at level 9, or zstd
                                                level 3 with checksum

   `kept` also computes the CRC-32C, as the store does; `library` does not. */
#define _GNU_SOURCE
#include <blosc.h>
#include <fcntl.h>
#include <lz4.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint8_t *whole(const char *path, size_t *size) {
  int file = open(path, O_RDONLY);
  struct stat about;
  if (file < 0 || fstat(file, &about)) { perror(path); exit(1); }
  *size = about.st_size;
  uint8_t *bytes = malloc(*size + 1);
  if (read(file, bytes, *size) != (ssize_t)*size) exit(1);
  close(file);
  return bytes;
}

static uint32_t u32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }
static uint64_t u64(const uint8_t *at) { uint64_t v; memcpy(&v, at, 8); return v; }

__attribute__((target("sse4.2"))) static uint32_t crc32c(const uint8_t *at, size_t count) {
  uint64_t sum = 0xFFFFFFFF;
  for (; count >= 8; at += 8, count -= 8) sum = __builtin_ia32_crc32di(sum, u64(at));
  for (; count; at++, count--) sum = __builtin_ia32_crc32qi((uint32_t)sum, *at);
  return ~(uint32_t)sum;
}

static ZSTD_DCtx *context;

static size_t unpack(int lz4, void *to, size_t size, const void *from, size_t count) {
  return lz4 ? (size_t)LZ4_decompress_safe(from, to, count, size) : ZSTD_decompressDCtx(context, to, size, from, count);
}

static uint8_t *shuffled;

/* Frames of one block with a stream for each of two bytes, as the store writes slices of up to 512 KiB. */
static void decode(const uint8_t *frame, uint32_t length, uint16_t *out, size_t size) {
  if (crc32c(frame, length - 4) != u32(frame + length - 4)) exit(2);
  if (frame[2] & 2) { memcpy(out, frame + 16, size); return; }
  size_t half = size / 2;
  const uint8_t *at = frame + u32(frame + 16);
  for (int stream = 0; stream < 2; stream++) {
    uint32_t count = u32(at);
    if (count == half) memcpy(shuffled + stream * half, at + 4, half);
    else if (unpack(frame[2] >> 5 == 1, shuffled + stream * half, half, at + 4, count) != half) exit(3);
    at += 4 + count;
  }
  const uint8_t *low = shuffled, *high = shuffled + half;
  for (size_t i = 0; i < half; i++) out[i] = low[i] | high[i] << 8;
}

static void reading(char **v) {
  char path[4096];
  size_t bytes, count, side = atol(v[3]), size = 2 * side * side;
  snprintf(path, sizeof path, "%s/slices.index", v[2]);
  uint8_t *index = whole(path, &bytes);
  uint32_t *order = (uint32_t *)whole(v[4], &count);
  count /= 4;
  int library = !strcmp(v[5], "library"), files[4096];
  memset(files, 0xFF, sizeof files);
  uint8_t *packed = malloc(2 * size + 4096);
  uint16_t *out = malloc(size);
  shuffled = malloc(size);
  context = ZSTD_createDCtx();
  long sum = 0;
  double start = 0;
  for (size_t i = 0; i < count + 512; i++) {
    if (i == 512) start = cpu(), sum = 0;
    const uint8_t *record = index + 64 + 48 * (size_t)order[i < 512 ? i : i - 512];
    uint32_t shard = u32(record + 16), length = u32(record + 20);
    if (files[shard] < 0) {
      snprintf(path, sizeof path, "%s/image/c/%u/0/0/0", v[2], shard);
      files[shard] = open(path, O_RDONLY);
    }
    if (pread(files[shard], packed, length, u64(record + 32)) != length) exit(4);
    if (library) {
      if (blosc_decompress_ctx(packed, out, size, 1) != (int)size) exit(5);
    } else {
      decode(packed, length, out, size);
    }
    sum += (int16_t)out[size / 4];
  }
  printf("{\"cpu\": %f, \"sum\": %ld}\n", cpu() - start, sum);
}

static void packing(char **v) {
  size_t bytes, side = atol(v[3]), size = 2 * side * side, room = 2 * size + 4096, total = 0;
  uint8_t *raw = whole(v[2], &bytes), *packed = malloc(room);
  ZSTD_CCtx *compressor = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1);
  int lz4 = !strcmp(v[5], "lz4"), blosc = lz4 || !strcmp(v[5], "zstd");
  double start = cpu();
  for (int turn = 0; turn < atoi(v[4]); turn++)
    for (size_t at = 0; at + size <= bytes; at += size)
      total += blosc ? (size_t)blosc_compress_ctx(lz4 ? 9 : 1, 1, 2, size, raw + at, packed, room, v[5], 0, 1)
                     : ZSTD_compress2(compressor, packed, room, raw + at, size);
  printf("{\"cpu\": %f, \"bytes\": %zu}\n", cpu() - start, total);
}

int main(int n, char **v) {
  if (n != 6) return 64;
  if (!strcmp(v[1], "read")) reading(v); else packing(v);
  return 0;
}
