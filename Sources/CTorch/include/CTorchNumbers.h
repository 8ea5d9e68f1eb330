/// What is said by a number: element types, modes, the functions of `ctorch_unary` and its like. Each list begins at 0, an
/// entry's number is its place.
#ifndef CTORCH_NUMBERS_H
#define CTORCH_NUMBERS_H

// Element types; the numbers are ours, `LaminaTorch` holds the one table that maps them.
#define CTORCH_TYPES(X) \
  X(Float32) X(Float64) X(Float16) X(BFloat16) X(Int64) X(Int32) X(Int16) X(Int8) X(UInt8) X(Bool)

// Memory formats.
#define CTORCH_FORMATS(X) \
  X(Contiguous) X(ChannelsLast)

// Elementwise functions of one tensor.
#define CTORCH_UNARY(X) \
  X(Negate) X(Absolute) X(Exponential) X(Logarithm) X(SquareRoot) X(ReciprocalSquareRoot) X(Square) \
  X(Reciprocal) X(Sigmoid) X(ReLU) X(Floor) X(Round) X(IsFinite) X(Not) X(Sine) X(Cosine)

// Elementwise functions of two tensors, or of a tensor and a number.
#define CTORCH_BINARY(X) \
  X(Add) X(Subtract) X(Multiply) X(Divide) X(Power) X(Maximum) X(Minimum) X(Equal) X(NotEqual) X(Less) \
  X(LessEqual) X(Greater) X(GreaterEqual) X(And) X(Or) X(BitAnd) X(BitXor) X(ShiftRight)

// Functions that write their result into their first operand.
#define CTORCH_IN_PLACE(X) \
  X(InPlaceAdd) X(InPlaceMultiply) X(InPlaceDivide) X(InPlaceCopy)

// Functions that change many tensors in place, each with its partners of one or two other lists.
#define CTORCH_EACH_IN_PLACE(X) \
  X(EachAdd) /* x + number · a */ \
  X(EachAddNumber) /* x + number */ \
  X(EachMultiply) /* x · number */ \
  X(EachScale) /* x · a[0], a scalar */ \
  X(EachAddProduct) /* x + number · a · b */ \
  X(EachAddQuotient) /* x + number · a / b */ \
  X(EachLerp) /* x + number · (a − x) */

// Functions of each of many tensors.
#define CTORCH_EACH(X) \
  X(EachSquareRoot) X(EachNorm)

// Reductions over axes.
#define CTORCH_REDUCTIONS(X) \
  X(Sum) X(Mean) X(Largest) X(Smallest) X(LogSumExp) X(Variance) X(Norm) X(Any) X(All)

// How a loss over many elements becomes one number.
#define CTORCH_LOSS_REDUCTIONS(X) \
  X(ReduceNone) X(ReduceMean) X(ReduceSum)

// How values between grid points are read.
#define CTORCH_INTERPOLATIONS(X) \
  X(Nearest) X(Bilinear)

// What `ctorch_grid_sample` reads outside the image.
#define CTORCH_PADDINGS(X) \
  X(PadZeros) X(PadBorder) X(PadReflection)

// Distributions of `ctorch_random`.
#define CTORCH_DISTRIBUTIONS(X) \
  X(Normal) X(Uniform)

#define CTORCH_NUMBERS(EACH_LIST) \
  EACH_LIST(CTORCH_TYPES) \
  EACH_LIST(CTORCH_FORMATS) \
  EACH_LIST(CTORCH_UNARY) \
  EACH_LIST(CTORCH_BINARY) \
  EACH_LIST(CTORCH_IN_PLACE) \
  EACH_LIST(CTORCH_EACH_IN_PLACE) \
  EACH_LIST(CTORCH_EACH) \
  EACH_LIST(CTORCH_REDUCTIONS) \
  EACH_LIST(CTORCH_LOSS_REDUCTIONS) \
  EACH_LIST(CTORCH_INTERPOLATIONS) \
  EACH_LIST(CTORCH_PADDINGS) \
  EACH_LIST(CTORCH_DISTRIBUTIONS)

#endif
