/// Process-wide settings, the switches of this thread, and derivatives.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/autograd/autograd.h>

#include <mutex>

#include "Guard.h"

const char *laminatorch_declarations(void) { return CTORCH_DECLARATIONS; }

const char *laminatorch_version(void) { return TORCH_VERSION; }

/// Debian's LibTorch leaves matrix products to OpenBLAS, whose own threads, one for each core whatever LibTorch was
/// told, spin while they wait, on the cores that LibTorch's threads need: it gets none. Its products are the small ones,
/// convolutions are not among them.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int count);

void laminatorch_set_threads(int32_t count) {
  int threads = count < 1 ? 1 : count;
  at::set_num_threads(threads);
  if (openblas_set_num_threads) openblas_set_num_threads(1);
}

int32_t laminatorch_threads(void) { return at::get_num_threads(); }

int32_t laminatorch_cuda_count(void) {
  try {
    return at::detail::getCUDAHooks().getNumGPUs();
  } catch (...) {
    return 0;
  }
}

int32_t laminatorch_synchronize(int32_t device, CTorchError *e) {
  return status(e, [&] {
    if (device != CTorchCPU) at::detail::getCUDAHooks().deviceSynchronize(device_of(device).index());
  });
}

int32_t laminatorch_set_algorithm_search(int32_t on, CTorchError *e) {
  return status(e, [&] { at::globalContext().setBenchmarkCuDNN(on); });
}

int32_t laminatorch_manual_seed(uint64_t seed, CTorchError *e) {
  return status(e, [&] { at::manual_seed(seed); });
}

CTorchTensor *laminatorch_random_state(CTorchError *e) {
  return tensor(e, [&] {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    return generator.get_state();
  });
}

int32_t laminatorch_set_random_state(const CTorchTensor *state, CTorchError *e) {
  return status(e, [&] {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state->value);
  });
}

int32_t laminatorch_set_gradients(int32_t on) {
  at::autocast::clear_cache();  // a weight cast without a tape must not be used with one
  bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(on);
  return before;
}

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
static at::DeviceType autocast_device(int32_t device) { return device == CTorchCPU ? at::kCPU : at::kCUDA; }

static bool autocast_enabled(int32_t device) { return at::autocast::is_autocast_enabled(autocast_device(device)); }

static at::ScalarType autocast_type(int32_t device) { return at::autocast::get_autocast_dtype(autocast_device(device)); }

static void autocast_set(int32_t device, bool on, at::ScalarType type) {
  at::autocast::set_autocast_enabled(autocast_device(device), on);
  if (on) at::autocast::set_autocast_dtype(autocast_device(device), type);
}
#else
static bool autocast_enabled(int32_t device) {
  return device == CTorchCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}

static at::ScalarType autocast_type(int32_t device) {
  return device == CTorchCPU ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
}

static void autocast_set(int32_t device, bool on, at::ScalarType type) {
  if (device == CTorchCPU) {
    at::autocast::set_cpu_enabled(on);
    if (on) at::autocast::set_autocast_cpu_dtype(type);
  } else {
    at::autocast::set_enabled(on);
    if (on) at::autocast::set_autocast_gpu_dtype(type);
  }
}
#endif

int32_t laminatorch_autocast(int32_t device) {
  return autocast_enabled(device) ? dtype_code(autocast_type(device)) : -1;
}

/// The cache of converted weights is dropped at each switch: weights change between two uses of it.
int32_t laminatorch_set_autocast(int32_t device, int32_t dtype, CTorchError *e) {
  return status(e, [&] {
    at::autocast::clear_cache();
    autocast_set(device, dtype >= 0, dtype >= 0 ? scalar_type(dtype) : at::kFloat);
  });
}

int32_t laminatorch_backward(const CTorchTensor *t, const CTorchTensor *gradient, CTorchError *e) {
  return status(e, [&] { t->value.backward(maybe(gradient)); });
}

int32_t laminatorch_gradients(
    const CTorchTensor *t, const CTorchTensor *const *inputs, int64_t count, CTorchTensor **out, CTorchError *e) {
  return status(e, [&] {
    torch::autograd::variable_list sources;
    for (int64_t i = 0; i < count; ++i) sources.push_back(inputs[i]->value);
    auto results = torch::autograd::grad({t->value}, sources, {}, false, false, true);
    for (int64_t i = 0; i < count; ++i) {
      bool used = results[static_cast<size_t>(i)].defined();
      out[i] = new CTorchTensor{used ? results[static_cast<size_t>(i)] : at::zeros_like(sources[static_cast<size_t>(i)])};
    }
  });
}

CTorchTensor *laminatorch_gradient(const CTorchTensor *t) {
  CTorchError ignored = {0, nullptr};
  if (!t->value.grad().defined()) return nullptr;
  return tensor(&ignored, [&] { return t->value.grad(); });
}

void laminatorch_clear_gradient(CTorchTensor *t) { t->value.mutable_grad() = at::Tensor(); }

int32_t laminatorch_requires_gradient(const CTorchTensor *t) { return t->value.requires_grad(); }

int32_t laminatorch_set_requires_gradient(CTorchTensor *t, int32_t on, CTorchError *e) {
  return status(e, [&] { t->value.set_requires_grad(on); });
}

CTorchTensor *laminatorch_detach(const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return t->value.detach(); });
}
