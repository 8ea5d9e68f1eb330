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

/* CRC-32C by the processor's own instruction, where it has that and the product of polynomials (SSE4.2, PCLMULQDQ).
   Each instruction waits for the one before, so that three lanes are summed at a time and then put together: a sum is
   moved over the bytes behind it by a product (Gopal et al., Fast CRC Computation for iSCSI Polynomial Using CRC32
   Instruction, Intel 2011). */
#if defined(__x86_64__)
static inline int lamina_has_crc32c(void) {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

enum { LAMINA_LANE = 256 };
typedef long long lamina_pair __attribute__((vector_size(16)));

static inline uint64_t lamina_word(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, 8);
  return word;
}

/* `power` is x to the 8n − 33 modulo the polynomial, bits reflected, to move a sum over n bytes. */
__attribute__((target("sse4.2,pclmul"))) static inline uint64_t lamina_moved(uint64_t sum, uint32_t power) {
  lamina_pair product =
      __builtin_ia32_pclmulqdq128((lamina_pair){(long long)sum, 0}, (lamina_pair){power, 0}, 0);
  return __builtin_ia32_crc32di(0, (uint64_t)product[0]);
}

__attribute__((target("sse4.2,pclmul"))) static inline uint32_t lamina_crc32c(
    uint32_t state, const void *bytes, size_t count) {
  const uint8_t *at = (const uint8_t *)bytes;
  for (; count >= 3 * LAMINA_LANE; at += 3 * LAMINA_LANE, count -= 3 * LAMINA_LANE) {
    uint64_t first = state, second = 0, third = 0;
    for (size_t i = 0; i < LAMINA_LANE; i += 8) {
      first = __builtin_ia32_crc32di(first, lamina_word(at + i));
      second = __builtin_ia32_crc32di(second, lamina_word(at + LAMINA_LANE + i));
      third = __builtin_ia32_crc32di(third, lamina_word(at + 2 * LAMINA_LANE + i));
    }
    state = (uint32_t)(lamina_moved(first, 0xDD7E3B0C) ^ lamina_moved(second, 0xB9E02B86) ^ third);
  }
  for (; count >= 8; at += 8, count -= 8) {
    state = (uint32_t)__builtin_ia32_crc32di(state, lamina_word(at));
  }
  for (; count > 0; at += 1, count -= 1) state = __builtin_ia32_crc32qi(state, *at);
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
