/// The guard, the tables, and tensors themselves: made, described, copied to and from host memory.
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "Guard.h"

static void fill(CTorchError *error, int32_t code, const char *message) noexcept {
  error->code = code;
  error->message = strdup(message);
}

void report(CTorchError *error) noexcept {
  try {
    throw;
  } catch (const c10::OutOfMemoryError &e) {
    fill(error, CTorchOutOfMemory, e.what_without_backtrace());
  } catch (const c10::Error &e) {
    const char *message = e.what_without_backtrace();
    bool memory = strstr(message, "not enough memory") || strstr(message, "can't allocate memory");
    fill(error, memory ? CTorchOutOfMemory : CTorchInvalid, message);
  } catch (const std::bad_alloc &) {
    fill(error, CTorchOutOfMemory, "out of memory");
  } catch (const std::exception &e) {
    fill(error, CTorchUnknown, e.what());
  } catch (...) {
    fill(error, CTorchUnknown, "unknown C++ exception");
  }
}

// One table each way: position is our code.
static const at::ScalarType scalar_types[] = {
    at::kFloat, at::kDouble, at::kHalf,  at::kBFloat16, at::kLong,
    at::kInt,   at::kShort,  at::kChar,  at::kByte,     at::kBool,
};
static const int32_t scalar_type_count = sizeof scalar_types / sizeof *scalar_types;

at::ScalarType scalar_type(int32_t dtype) {
  TORCH_CHECK(dtype >= 0 && dtype < scalar_type_count, "unknown element type ", dtype);
  return scalar_types[dtype];
}

int32_t dtype_code(at::ScalarType type) {
  for (int32_t code = 0; code < scalar_type_count; ++code)
    if (scalar_types[code] == type) return code;
  return -1;
}

at::Device device_of(int32_t device) {
  TORCH_CHECK(device >= CTorchCPU, "unknown device ", device);
  if (device == CTorchCPU) return at::Device(at::kCPU);
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device));
}

int32_t device_code(const at::Device &device) {
  if (device.is_cpu()) return CTorchCPU;
  return device.has_index() ? device.index() : 0;
}

at::MemoryFormat memory_format(int32_t format) {
  switch (format) {
    case CTorchContiguous: return at::MemoryFormat::Contiguous;
    case CTorchChannelsLast: return at::MemoryFormat::ChannelsLast;
  }
  TORCH_CHECK(false, "unknown memory format ", format);
}

at::Scalar scalar_for(const at::Tensor &t, double value) {
  bool integral = at::isIntegralType(t.scalar_type(), true);
  if (integral && value == std::trunc(value) && std::abs(value) < 9e15)
    return at::Scalar(static_cast<int64_t>(value));
  return at::Scalar(value);
}

static at::TensorOptions options(int32_t dtype, int32_t device) {
  return at::TensorOptions().dtype(scalar_type(dtype)).device(device_of(device));
}

void laminatorch_release(CTorchTensor *t) { delete t; }

CTorchTensor *laminatorch_from_host(
    const void *data, const int64_t *sizes, int64_t rank, int32_t dtype, CTorchError *e) {
  return tensor(e, [&] {
    return at::from_blob(const_cast<void *>(data), list(sizes, rank), options(dtype, CTorchCPU)).clone();
  });
}

int32_t laminatorch_to_host(const CTorchTensor *t, void *data, int64_t bytes, CTorchError *e) {
  return status(e, [&] {
    c10::NoGradGuard off;
    at::Tensor host = t->value.detach().to(at::kCPU).contiguous();
    TORCH_CHECK(
        static_cast<int64_t>(host.nbytes()) == bytes, "a buffer of ", bytes, " bytes for ", host.nbytes(),
        " bytes of elements");
    if (bytes > 0) memcpy(data, host.data_ptr(), static_cast<size_t>(bytes));
  });
}

int64_t laminatorch_rank(const CTorchTensor *t) { return t->value.dim(); }

void laminatorch_sizes(const CTorchTensor *t, int64_t *out) {
  for (auto size : t->value.sizes()) *out++ = size;
}

void laminatorch_strides(const CTorchTensor *t, int64_t *out) {
  for (auto stride : t->value.strides()) *out++ = stride;
}

int32_t laminatorch_dtype(const CTorchTensor *t) { return dtype_code(t->value.scalar_type()); }

int32_t laminatorch_device(const CTorchTensor *t) { return device_code(t->value.device()); }

int32_t laminatorch_is_contiguous(const CTorchTensor *t, int32_t format) {
  return t->value.is_contiguous(
      format == CTorchChannelsLast ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

CTorchTensor *laminatorch_full(
    const int64_t *sizes, int64_t rank, double value, int32_t dtype, int32_t device, CTorchError *e) {
  return tensor(e, [&] {
    at::Tensor made = at::empty(list(sizes, rank), options(dtype, device));
    return made.fill_(scalar_for(made, value));
  });
}

CTorchTensor *laminatorch_full_like(const CTorchTensor *t, double value, CTorchError *e) {
  return tensor(e, [&] {
    c10::NoGradGuard off;
    return at::empty_like(t->value).fill_(scalar_for(t->value, value));
  });
}

CTorchTensor *laminatorch_arange(int64_t start, int64_t end, int32_t device, CTorchError *e) {
  return tensor(e, [&] { return at::arange(start, end, options(CTorchInt64, device)); });
}

CTorchTensor *laminatorch_random(
    int32_t kind, const int64_t *sizes, int64_t rank, uint64_t seed, CTorchError *e) {
  return tensor(e, [&] {
    at::Tensor made = at::empty(list(sizes, rank), options(CTorchFloat32, CTorchCPU));
    at::Generator generator = at::detail::createCPUGenerator(seed);
    return kind == CTorchNormal ? made.normal_(0, 1, generator) : made.uniform_(0, 1, generator);
  });
}

CTorchTensor *laminatorch_random_permutation(int64_t count, uint64_t seed, CTorchError *e) {
  return tensor(e, [&] {
    at::Generator generator = at::detail::createCPUGenerator(seed);
    return at::randperm(count, generator, options(CTorchInt64, CTorchCPU));
  });
}

CTorchTensor *laminatorch_convert(
    const CTorchTensor *t, int32_t dtype, int32_t device, int32_t format, CTorchError *e) {
  return tensor(e, [&] {
    at::Tensor result = t->value;
    if (device != CTorchKeep) result = result.to(device_of(device));
    if (dtype != CTorchKeep) result = result.to(scalar_type(dtype));
    if (format != CTorchKeep) result = result.contiguous(memory_format(format));
    return result;
  });
}

CTorchTensor *laminatorch_send(const CTorchTensor *t, int32_t device, CTorchError *e) {
  return tensor(e, [&] { return t->value.pin_memory().to(device_of(device), /*non_blocking=*/true); });
}

CTorchTensor *laminatorch_clone(const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return t->value.clone(); });
}
