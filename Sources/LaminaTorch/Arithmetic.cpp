/// Shapes, joins, picks, arithmetic and reductions.
#include <limits>
#include <vector>

#include "Guard.h"

using Tensors = std::vector<at::Tensor>;

static Tensors gathered(const CTorchTensor *const *tensors, int64_t count) {
  Tensors all;
  for (int64_t i = 0; i < count; ++i) all.push_back(tensors[i]->value);
  return all;
}

CTorchTensor *laminatorch_reshape(const CTorchTensor *t, const int64_t *sizes, int64_t rank, CTorchError *e) {
  return tensor(e, [&] { return t->value.reshape(list(sizes, rank)); });
}

CTorchTensor *laminatorch_permute(const CTorchTensor *t, const int64_t *axes, int64_t rank, CTorchError *e) {
  return tensor(e, [&] { return t->value.permute(list(axes, rank)); });
}

CTorchTensor *laminatorch_expand(const CTorchTensor *t, const int64_t *sizes, int64_t rank, CTorchError *e) {
  return tensor(e, [&] { return t->value.expand(list(sizes, rank)); });
}

CTorchTensor *laminatorch_unsqueeze(const CTorchTensor *t, int64_t axis, CTorchError *e) {
  return tensor(e, [&] { return t->value.unsqueeze(axis); });
}

CTorchTensor *laminatorch_squeeze(const CTorchTensor *t, int64_t axis, CTorchError *e) {
  return tensor(e, [&] {
    TORCH_CHECK(t->value.size(axis) == 1, "axis ", axis, " has ", t->value.size(axis), " elements, not 1");
    return t->value.squeeze(axis);
  });
}

CTorchTensor *laminatorch_slice(
    const CTorchTensor *t, int64_t axis, int64_t start, int64_t end, int64_t step, CTorchError *e) {
  return tensor(e, [&] {
    int64_t size = t->value.size(axis);
    TORCH_CHECK(
        0 <= start && start <= end && end <= size, "range ", start, "..<", end, " is outside axis ", axis, " of ",
        size, " elements");
    return t->value.slice(axis, start, end, step);
  });
}

CTorchTensor *laminatorch_select(const CTorchTensor *t, int64_t axis, int64_t index, CTorchError *e) {
  return tensor(e, [&] { return t->value.select(axis, index); });
}

CTorchTensor *laminatorch_diagonal(const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return t->value.diagonal(0, -2, -1); });
}

CTorchTensor *laminatorch_flip(const CTorchTensor *t, const int64_t *axes, int64_t count, CTorchError *e) {
  return tensor(e, [&] { return t->value.flip(list(axes, count)); });
}

CTorchTensor *laminatorch_pad(
    const CTorchTensor *t, const int64_t *widths, int64_t count, double value, CTorchError *e) {
  return tensor(e, [&] { return at::constant_pad_nd(t->value, list(widths, count), scalar_for(t->value, value)); });
}

CTorchTensor *laminatorch_index_select(
    const CTorchTensor *t, int64_t axis, const CTorchTensor *index, CTorchError *e) {
  return tensor(e, [&] { return t->value.index_select(axis, index->value); });
}

int32_t laminatorch_index_copy(
    CTorchTensor *t, int64_t axis, const CTorchTensor *index, const CTorchTensor *source, CTorchError *e) {
  return status(e, [&] { t->value.index_copy_(axis, index->value, source->value); });
}

CTorchTensor *laminatorch_gather(const CTorchTensor *t, int64_t axis, const CTorchTensor *index, CTorchError *e) {
  return tensor(e, [&] { return t->value.gather(axis, index->value); });
}

CTorchTensor *laminatorch_concatenate(
    const CTorchTensor *const *tensors, int64_t count, int64_t axis, CTorchError *e) {
  return tensor(e, [&] { return at::cat(gathered(tensors, count), axis); });
}

CTorchTensor *laminatorch_stack(const CTorchTensor *const *tensors, int64_t count, int64_t axis, CTorchError *e) {
  return tensor(e, [&] { return at::stack(gathered(tensors, count), axis); });
}

CTorchTensor *laminatorch_where(
    const CTorchTensor *condition, const CTorchTensor *a, const CTorchTensor *b, CTorchError *e) {
  return tensor(e, [&] { return at::where(condition->value, a->value, b->value); });
}

CTorchTensor *laminatorch_masked_fill(
    const CTorchTensor *t, const CTorchTensor *mask, double value, CTorchError *e) {
  return tensor(e, [&] { return t->value.masked_fill(mask->value, scalar_for(t->value, value)); });
}

CTorchTensor *laminatorch_one_hot(const CTorchTensor *t, int64_t classes, CTorchError *e) {
  return tensor(e, [&] { return at::one_hot(t->value, classes); });
}

static at::Tensor unary(int32_t op, const at::Tensor &t) {
  switch (op) {
    case CTorchNegate: return t.neg();
    case CTorchAbsolute: return t.abs();
    case CTorchExponential: return t.exp();
    case CTorchLogarithm: return t.log();
    case CTorchSquareRoot: return t.sqrt();
    case CTorchReciprocalSquareRoot: return t.rsqrt();
    case CTorchSquare: return t.square();
    case CTorchReciprocal: return t.reciprocal();
    case CTorchSigmoid: return t.sigmoid();
    case CTorchReLU: return t.relu();
    case CTorchFloor: return t.floor();
    case CTorchRound: return t.round();
    case CTorchIsFinite: return t.isfinite();
    case CTorchNot: return t.logical_not();
    case CTorchSine: return t.sin();
    case CTorchCosine: return t.cos();
  }
  TORCH_CHECK(false, "unknown function of one tensor ", op);
}

CTorchTensor *laminatorch_unary(int32_t op, const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return unary(op, t->value); });
}

/// `B` is a tensor or a number.
template <class B>
static at::Tensor binary(int32_t op, const at::Tensor &a, const B &b) {
  switch (op) {
    case CTorchAdd: return a.add(b);
    case CTorchSubtract: return a.sub(b);
    case CTorchMultiply: return a.mul(b);
    case CTorchDivide: return a.div(b);
    case CTorchPower: return a.pow(b);
    case CTorchEqual: return a.eq(b);
    case CTorchNotEqual: return a.ne(b);
    case CTorchLess: return a.lt(b);
    case CTorchLessEqual: return a.le(b);
    case CTorchGreater: return a.gt(b);
    case CTorchGreaterEqual: return a.ge(b);
    case CTorchBitAnd: return a.bitwise_and(b);
    case CTorchBitXor: return a.bitwise_xor(b);
    case CTorchShiftRight: return a.bitwise_right_shift(b);
  }
  TORCH_CHECK(false, "unknown function of two tensors ", op);
}

CTorchTensor *laminatorch_binary(int32_t op, const CTorchTensor *a, const CTorchTensor *b, CTorchError *e) {
  return tensor(e, [&] {
    switch (op) {
      case CTorchMaximum: return at::maximum(a->value, b->value);
      case CTorchMinimum: return at::minimum(a->value, b->value);
      case CTorchAnd: return at::logical_and(a->value, b->value);
      case CTorchOr: return at::logical_or(a->value, b->value);
    }
    return binary(op, a->value, b->value);
  });
}

CTorchTensor *laminatorch_binary_scalar(int32_t op, const CTorchTensor *a, double b, CTorchError *e) {
  return tensor(e, [&] {
    at::Scalar number = scalar_for(a->value, b);
    if (op == CTorchMaximum) return a->value.clamp_min(number);
    if (op == CTorchMinimum) return a->value.clamp_max(number);
    return binary(op, a->value, number);
  });
}

CTorchTensor *laminatorch_clamp(const CTorchTensor *t, double low, double high, CTorchError *e) {
  return tensor(e, [&] { return t->value.clamp(scalar_for(t->value, low), scalar_for(t->value, high)); });
}

int32_t laminatorch_in_place(
    int32_t op, CTorchTensor *a, const CTorchTensor *b, double scale, CTorchError *e) {
  return status(e, [&] {
    switch (op) {
      case CTorchInPlaceAdd: a->value.add_(b->value, scalar_for(a->value, scale)); return;
      case CTorchInPlaceMultiply: a->value.mul_(b->value); return;
      case CTorchInPlaceDivide: a->value.div_(b->value); return;
      case CTorchInPlaceCopy: a->value.copy_(b->value); return;
    }
    TORCH_CHECK(false, "unknown function in place ", op);
  });
}

int32_t laminatorch_in_place_scalar(int32_t op, CTorchTensor *a, double b, CTorchError *e) {
  return status(e, [&] {
    at::Scalar number = scalar_for(a->value, b);
    switch (op) {
      case CTorchInPlaceAdd: a->value.add_(number); return;
      case CTorchInPlaceMultiply: a->value.mul_(number); return;
      case CTorchInPlaceDivide: a->value.div_(number); return;
      case CTorchInPlaceCopy: a->value.fill_(number); return;
    }
    TORCH_CHECK(false, "unknown function in place ", op);
  });
}

int32_t laminatorch_lerp(CTorchTensor *a, const CTorchTensor *end, double weight, CTorchError *e) {
  return status(e, [&] { a->value.lerp_(end->value, at::Scalar(weight)); });
}

/// `any` and `all` take one axis at a time.
static at::Tensor over_axes(at::Tensor t, at::IntArrayRef axes, bool keep, bool any) {
  for (int64_t axis : axes) t = any ? t.any(axis, true) : t.all(axis, true);
  if (keep) return t;
  std::vector<int64_t> sizes;
  for (int64_t axis = 0; axis < t.dim(); ++axis) {
    bool reduced = false;
    for (int64_t other : axes) reduced |= (other < 0 ? other + t.dim() : other) == axis;
    if (!reduced) sizes.push_back(t.size(axis));
  }
  return t.reshape(sizes);
}

CTorchTensor *laminatorch_reduce(
    int32_t op, const CTorchTensor *t, const int64_t *axes, int64_t count, int32_t keep, CTorchError *e) {
  return tensor(e, [&] {
    const at::Tensor &x = t->value;
    at::IntArrayRef over = list(axes, count);
    bool kept = keep != 0;
    switch (op) {
      case CTorchSum: return x.sum(over, kept);
      case CTorchMean: return x.mean(over, kept);
      case CTorchLargest: return x.amax(over, kept);
      case CTorchSmallest: return x.amin(over, kept);
      case CTorchLogSumExp: return x.logsumexp(over, kept);
      case CTorchVariance: return x.var(over, false, kept);
      case CTorchNorm: return x.norm(at::Scalar(2), over, kept);
      case CTorchAny: return over_axes(x, over, kept, true);
      case CTorchAll: return over_axes(x, over, kept, false);
    }
    TORCH_CHECK(false, "unknown reduction ", op);
  });
}

CTorchTensor *laminatorch_index_of_largest(const CTorchTensor *t, int64_t axis, int32_t keep, CTorchError *e) {
  return tensor(e, [&] { return t->value.argmax(axis, keep != 0); });
}

int32_t laminatorch_top_k(
    const CTorchTensor *t, int64_t k, int64_t axis, int32_t largest, CTorchTensor **out, CTorchError *e) {
  return status(e, [&] {
    auto result = t->value.topk(k, axis, largest != 0, true);
    out[0] = new CTorchTensor{std::get<0>(result)};
    out[1] = new CTorchTensor{std::get<1>(result)};
  });
}

CTorchTensor *laminatorch_softmax(const CTorchTensor *t, int64_t axis, int32_t logarithm, CTorchError *e) {
  return tensor(e, [&] { return logarithm ? t->value.log_softmax(axis) : t->value.softmax(axis); });
}

CTorchTensor *laminatorch_normalize(const CTorchTensor *t, int64_t axis, double epsilon, CTorchError *e) {
  return tensor(e, [&] {
    at::Tensor length = t->value.norm(at::Scalar(2), at::IntArrayRef(axis), true);
    return t->value / length.clamp_min(epsilon);
  });
}

CTorchTensor *laminatorch_matmul(const CTorchTensor *a, const CTorchTensor *b, CTorchError *e) {
  return tensor(e, [&] { return a->value.matmul(b->value); });
}

CTorchTensor *laminatorch_batched_matmul(const CTorchTensor *a, const CTorchTensor *b, CTorchError *e) {
  return tensor(e, [&] { return a->value.bmm(b->value); });
}
