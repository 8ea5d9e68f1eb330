#include "CStorage.h"

/* Compiled for AVX2 as well, chosen when the program is loaded: wider words make them half as fast again.
   ThreadSanitizer is not there yet when the loader chooses. */
#if defined(__x86_64__) && !(defined(__has_feature) && __has_feature(thread_sanitizer))
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

typedef uint16_t __attribute__((aligned(1))) half_word;
typedef uint32_t __attribute__((aligned(1))) word;

FOR_EACH_PROCESSOR void cstorage_shuffle2(const void *from, uint8_t *to, size_t count) {
  const half_word *words = from;
  uint8_t *low = to, *high = to + count;
  for (size_t i = 0; i < count; i++) {
    low[i] = (uint8_t)words[i];
    high[i] = (uint8_t)(words[i] >> 8);
  }
}

FOR_EACH_PROCESSOR void cstorage_unshuffle2(const uint8_t *from, void *to, size_t count) {
  half_word *words = to;
  const uint8_t *low = from, *high = from + count;
  for (size_t i = 0; i < count; i++) words[i] = (uint16_t)(low[i] | high[i] << 8);
}

FOR_EACH_PROCESSOR void cstorage_shuffle4(const void *from, uint8_t *to, size_t count) {
  const word *words = from;
  uint8_t *a = to, *b = a + count, *c = b + count, *d = c + count;
  for (size_t i = 0; i < count; i++) {
    a[i] = (uint8_t)words[i];
    b[i] = (uint8_t)(words[i] >> 8);
    c[i] = (uint8_t)(words[i] >> 16);
    d[i] = (uint8_t)(words[i] >> 24);
  }
}

FOR_EACH_PROCESSOR void cstorage_unshuffle4(const uint8_t *from, void *to, size_t count) {
  word *words = to;
  const uint8_t *a = from, *b = a + count, *c = b + count, *d = c + count;
  for (size_t i = 0; i < count; i++) {
    words[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
  }
}
