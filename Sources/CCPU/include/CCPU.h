#ifndef CCPU_H
#define CCPU_H

/// The x86-64 level of this processor that the kernels know: 3 for x86-64-v3 (AVX2, FMA, BMI), else
/// 1, which is also the answer on any other architecture.
int ccpu_level(void);

#endif
