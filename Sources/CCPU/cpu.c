#include "CCPU.h"

int ccpu_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")
      && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("movbe")
      && __builtin_cpu_supports("f16c"))
    return 3;
#endif
  return 1;
}
