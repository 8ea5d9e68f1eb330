/// What every implementation file shares: the tensor behind the handle, the one guard, the tables of enums.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/api/include/torch/version.h>

#include <utility>

#include "include/LaminaTorch.h"

struct CTorchTensor {
  at::Tensor value;
};

/// Fills `error` from the exception in flight, of whatever kind. Called in a catch clause only.
void report(CTorchError *error) noexcept;

/// Has the calling thread use as many threads as LibTorch was told to. Its own loops see to that, but not its
/// convolutions: what a thread computes before its first loop would take all cores, and differ in the last bits from
/// what it computes later.
inline void settle_threads() { at::internal::lazy_init_num_threads(); }

/// Runs `body`, which gives a tensor, and hands it out; NULL and a filled error when it throws anything.
template <class Body>
CTorchTensor *tensor(CTorchError *error, Body body) noexcept {
  try {
    settle_threads();
    return new CTorchTensor{body()};
  } catch (...) {
    report(error);
    return nullptr;
  }
}

/// Runs `body`; 0, or 1 and a filled error when it throws anything.
template <class Body>
int32_t status(CTorchError *error, Body body) noexcept {
  try {
    settle_threads();
    body();
    return 0;
  } catch (...) {
    report(error);
    return 1;
  }
}

inline at::IntArrayRef list(const int64_t *values, int64_t count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

/// An absent tensor is an undefined one, which LibTorch takes for "none".
inline at::Tensor maybe(const CTorchTensor *t) { return t ? t->value : at::Tensor(); }

at::ScalarType scalar_type(int32_t dtype);
int32_t dtype_code(at::ScalarType type);
at::Device device_of(int32_t device);
int32_t device_code(const at::Device &device);
at::MemoryFormat memory_format(int32_t format);

/// A whole number stays an integer, so that integer tensors keep their type.
at::Scalar scalar_for(const at::Tensor &t, double value);
