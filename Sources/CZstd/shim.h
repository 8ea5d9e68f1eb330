#ifndef LAMINA_CZSTD_SHIM_H
#define LAMINA_CZSTD_SHIM_H

#include <blosc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

/* CRC-32C by the processor's own instruction, where it has one (SSE4.2). */
#if defined(__x86_64__)
static inline int lamina_has_crc32c(void) { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) static inline uint32_t lamina_crc32c(
    uint32_t state, const void *bytes, size_t count) {
  const uint8_t *at = (const uint8_t *)bytes;
  uint64_t wide = state;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    wide = __builtin_ia32_crc32di(wide, word);
    at += 8;
    count -= 8;
  }
  state = (uint32_t)wide;
  while (count > 0) {
    state = __builtin_ia32_crc32qi(state, *at);
    at += 1;
    count -= 1;
  }
  return state;
}
#else
static inline int lamina_has_crc32c(void) { return 0; }
static inline uint32_t lamina_crc32c(uint32_t state, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return state;
}
#endif

/* Has the system begin to write a part of a file to the disk, without waiting (sync_file_range(2)). */
static inline void lamina_start_writing(int file, int64_t start, int64_t count) {
#ifdef SYS_sync_file_range
  const unsigned write = 2; /* SYNC_FILE_RANGE_WRITE */
  (void)syscall(SYS_sync_file_range, file, start, count, write);
#else
  (void)file, (void)start, (void)count;
#endif
}

#endif
