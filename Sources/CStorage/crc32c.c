#include "CStorage.h"

#include <string.h>

/* Each instruction waits for the one before, so that three lanes are summed at a time and then put together: a sum is
   moved over the bytes behind it by a product (Gopal et al., Fast CRC Computation for iSCSI Polynomial Using CRC32
   Instruction, Intel 2011). */
#if defined(__x86_64__)
int cstorage_has_crc32c(void) {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

enum { LANE = 256 };
typedef long long product_pair __attribute__((vector_size(16)));

static inline uint64_t word_at(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, 8);
  return word;
}

/* `power` is x to the 8n − 33 modulo the polynomial, bits reflected, to move a sum over n bytes. */
__attribute__((target("sse4.2,pclmul"))) static inline uint64_t moved(uint64_t sum, uint32_t power) {
  product_pair product =
      __builtin_ia32_pclmulqdq128((product_pair){(long long)sum, 0}, (product_pair){power, 0}, 0);
  return __builtin_ia32_crc32di(0, (uint64_t)product[0]);
}

__attribute__((target("sse4.2,pclmul"))) uint32_t cstorage_crc32c(
    uint32_t state, const void *bytes, size_t count) {
  const uint8_t *at = (const uint8_t *)bytes;
  for (; count >= 3 * LANE; at += 3 * LANE, count -= 3 * LANE) {
    uint64_t first = state, second = 0, third = 0;
    for (size_t i = 0; i < LANE; i += 8) {
      first = __builtin_ia32_crc32di(first, word_at(at + i));
      second = __builtin_ia32_crc32di(second, word_at(at + LANE + i));
      third = __builtin_ia32_crc32di(third, word_at(at + 2 * LANE + i));
    }
    state = (uint32_t)(moved(first, 0xDD7E3B0C) ^ moved(second, 0xB9E02B86) ^ third);
  }
  for (; count >= 8; at += 8, count -= 8) {
    state = (uint32_t)__builtin_ia32_crc32di(state, word_at(at));
  }
  for (; count > 0; at += 1, count -= 1) state = __builtin_ia32_crc32qi(state, *at);
  return state;
}
#else
int cstorage_has_crc32c(void) { return 0; }
uint32_t cstorage_crc32c(uint32_t state, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return state;
}
#endif
