/// Many tensors at once: on a GPU a launch or two for all of them, where each would take one of its own.
#include "Guard.h"

static std::vector<at::Tensor> all(const CTorchTensor *const *tensors, int64_t count) {
  std::vector<at::Tensor> values;
  values.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values.push_back(tensors[i]->value);
  return values;
}

/// LibTorch before 2.1 has neither of these for lists.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
static void lerp(at::TensorList x, at::TensorList ends, double weight) { at::_foreach_lerp_(x, ends, weight); }

static void scale(at::TensorList x, const at::Tensor &factor) { at::_foreach_mul_(x, factor); }
#else
static void lerp(at::TensorList x, at::TensorList ends, double weight) {
  for (size_t i = 0; i < x.size(); ++i) x[i].lerp_(ends[i], at::Scalar(weight));
}

static void scale(at::TensorList x, const at::Tensor &factor) {
  for (const at::Tensor &each : x) each.mul_(factor);
}
#endif

int32_t laminatorch_each_in_place(
    int32_t op, CTorchTensor *const *x, const CTorchTensor *const *a, const CTorchTensor *const *b, int64_t count,
    double number, CTorchError *e) {
  return status(e, [&] {
    if (count == 0) return;
    auto into = all(x, count);
    switch (op) {
      case CTorchEachAdd: at::_foreach_add_(into, all(a, count), number); return;
      case CTorchEachAddNumber: at::_foreach_add_(into, number); return;
      case CTorchEachMultiply: at::_foreach_mul_(into, number); return;
      case CTorchEachScale: scale(into, a[0]->value); return;
      case CTorchEachAddProduct: at::_foreach_addcmul_(into, all(a, count), all(b, count), number); return;
      case CTorchEachAddQuotient: at::_foreach_addcdiv_(into, all(a, count), all(b, count), number); return;
      case CTorchEachLerp: lerp(into, all(a, count), number); return;
    }
    TORCH_CHECK(false, "unknown function of lists in place ", op);
  });
}

static std::vector<at::Tensor> mapped(int32_t op, at::TensorList tensors) {
  switch (op) {
    case CTorchEachSquareRoot: return at::_foreach_sqrt(tensors);
    case CTorchEachNorm: return at::_foreach_norm(tensors, 2);
  }
  TORCH_CHECK(false, "unknown function of lists ", op);
}

int32_t laminatorch_each(
    int32_t op, const CTorchTensor *const *t, int64_t count, CTorchTensor **out, CTorchError *e) {
  return status(e, [&] {
    if (count == 0) return;
    auto results = mapped(op, all(t, count));
    for (int64_t i = 0; i < count; ++i) out[i] = new CTorchTensor{results[static_cast<size_t>(i)]};
  });
}
