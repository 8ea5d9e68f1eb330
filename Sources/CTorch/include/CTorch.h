/// The C face of LibTorch: plain functions, no LibTorch type, no exception.
///
/// Every function of `CTorchFunctions.h` exists twice: `ctorch_x`, a stub that all Swift code links, and
/// `laminatorch_x`, its implementation in libLaminaTorch.so. The stubs look the implementations up once, on the
/// first call of `ctorch_load`, so that commands without tensors never map LibTorch's libraries.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdint.h>

#include "CTorchFunctions.h"

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

/// Element types; the numbers are ours, `LaminaTorch` holds the one table that maps them.
enum {
  CTorchFloat32 = 0,
  CTorchFloat64 = 1,
  CTorchFloat16 = 2,
  CTorchBFloat16 = 3,
  CTorchInt64 = 4,
  CTorchInt32 = 5,
  CTorchInt16 = 6,
  CTorchInt8 = 7,
  CTorchUInt8 = 8,
  CTorchBool = 9,
};

/// Devices: −1 is the CPU, 0 and up the CUDA device of that index.
enum { CTorchCPU = -1 };

/// "As it is" for the element type, device or memory format that `ctorch_convert` takes.
enum { CTorchKeep = -9 };

/// Memory formats.
enum {
  CTorchContiguous = 0,
  CTorchChannelsLast = 1,
};

/// Elementwise functions of one tensor.
enum {
  CTorchNegate = 0,
  CTorchAbsolute,
  CTorchExponential,
  CTorchLogarithm,
  CTorchSquareRoot,
  CTorchReciprocalSquareRoot,
  CTorchSquare,
  CTorchReciprocal,
  CTorchSigmoid,
  CTorchReLU,
  CTorchFloor,
  CTorchRound,
  CTorchIsFinite,
  CTorchNot,
  CTorchSine,
  CTorchCosine,
};

/// Elementwise functions of two tensors, or of a tensor and a number.
enum {
  CTorchAdd = 0,
  CTorchSubtract,
  CTorchMultiply,
  CTorchDivide,
  CTorchPower,
  CTorchMaximum,
  CTorchMinimum,
  CTorchEqual,
  CTorchNotEqual,
  CTorchLess,
  CTorchLessEqual,
  CTorchGreater,
  CTorchGreaterEqual,
  CTorchAnd,
  CTorchOr,
  CTorchBitAnd,
  CTorchBitXor,
  CTorchShiftRight,
};

/// Functions that write their result into their first operand.
enum {
  CTorchInPlaceAdd = 0,
  CTorchInPlaceMultiply,
  CTorchInPlaceDivide,
  CTorchInPlaceCopy,
};

/// Functions that change many tensors in place, each with its partners of one or two other lists.
enum {
  CTorchEachAdd = 0,      // x + number · a
  CTorchEachAddNumber,    // x + number
  CTorchEachMultiply,     // x · number
  CTorchEachScale,        // x · a[0], a scalar
  CTorchEachAddProduct,   // x + number · a · b
  CTorchEachAddQuotient,  // x + number · a / b
  CTorchEachLerp,         // x + number · (a − x)
};

/// Functions of each of many tensors.
enum {
  CTorchEachSquareRoot = 0,
  CTorchEachNorm,
};

/// Reductions over axes.
enum {
  CTorchSum = 0,
  CTorchMean,
  CTorchLargest,
  CTorchSmallest,
  CTorchLogSumExp,
  CTorchVariance,
  CTorchNorm,
  CTorchAny,
  CTorchAll,
};

/// How a loss over many elements becomes one number.
enum {
  CTorchReduceNone = 0,
  CTorchReduceMean = 1,
  CTorchReduceSum = 2,
};

/// How values between grid points are read.
enum {
  CTorchNearest = 0,
  CTorchBilinear = 1,
};

/// What `ctorch_grid_sample` reads outside the image.
enum {
  CTorchPadZeros = 0,
  CTorchPadBorder = 1,
  CTorchPadReflection = 2,
};

/// Distributions of `ctorch_random`.
enum {
  CTorchNormal = 0,
  CTorchUniform = 1,
};

/// The numbers of functions, as one: what is added or taken away changes it. A library that was compiled with others would
/// do something else than it is asked for.
enum {
  CTorchInterface = CTorchCosine | CTorchShiftRight << 5 | CTorchInPlaceCopy << 10 | CTorchEachLerp << 14 |
                    CTorchEachNorm << 18 | CTorchAll << 22,
};

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
