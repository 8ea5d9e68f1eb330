/// The C face of LibTorch: plain functions, no LibTorch type, no exception.
///
/// Every function of `CTorchFunctions.h` exists twice: `ctorch_x`, a stub that all Swift code links, and
/// `laminatorch_x`, its implementation in libLaminaTorch.so. The stubs look the implementations up once, on the
/// first call of `ctorch_load`, so that commands without tensors never map LibTorch's libraries.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdint.h>

#include "CTorchFunctions.h"
#include "CTorchNumbers.h"

#ifndef __clang__
#define _Nullable
#define _Nonnull
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// A tensor; one reference, to be given back with `ctorch_release`.
typedef struct CTorchTensor CTorchTensor;

/// What kind of failure `CTorchError` tells of.
enum {
  CTorchInvalid = 1,
  CTorchOutOfMemory = 2,
  CTorchUnknown = 3,
};

/// Filled by a function that fails: LibTorch's own sentence, to be freed with `free`.
typedef struct {
  int32_t code;
  char *_Nullable message;
} CTorchError;

#define CTORCH_NUMBER(name) CTorch##name,
#define CTORCH_ENUMERATE(list) enum { list(CTORCH_NUMBER) };
CTORCH_NUMBERS(CTORCH_ENUMERATE)
#undef CTORCH_ENUMERATE
#undef CTORCH_NUMBER

/// Devices: −1 is the CPU, 0 and up the CUDA device of that index.
enum { CTorchCPU = -1 };

/// "As it is" for the element type, device or memory format that `ctorch_convert` takes.
enum { CTorchKeep = -9 };

/// All functions with their parameters and all that is said by a number, in order, as one text: a library that was compiled
/// with another would do something else than it is asked for.
#define CTORCH_DECLARATIONS CTORCH_NUMBERS(CTORCH_NAMES) CTORCH_FUNCTIONS(CTORCH_SIGNATURE)
#define CTORCH_NAMES(list) list(CTORCH_NAME) "\n"
#define CTORCH_NAME(name) #name " "
#define CTORCH_SIGNATURE(result, name, parameters, arguments) #result " " #name #parameters "\n"

/// Opens libLaminaTorch.so and looks every function up, once.
///
/// Returns NULL when all is well, else one sentence (owned by the library) that says what is missing and what to do.
const char *_Nullable ctorch_load(void);

#define CTORCH_DECLARE(result, name, parameters, arguments) result ctorch_##name parameters;
CTORCH_FUNCTIONS(CTORCH_DECLARE)
#undef CTORCH_DECLARE

#ifdef __cplusplus
}
#endif

#endif
