/// Instance norm and the leaky ReLU behind it as one function, which keeps the image's memory format.
///
/// LibTorch's own goes over the image six times forward and backward, and turns channels-last images round before and
/// the results back behind it.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "Guard.h"
#include "InstanceNormKernels.h"

/// The image's own format; one in which both hold, or neither, counts as planar.
static at::MemoryFormat format_of(const at::Tensor &x) {
  bool last = !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
  return last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

static Extent extent_of(const at::Tensor &x) {
  return {x.size(2) * x.size(3), x.size(1), format_of(x) == at::MemoryFormat::Contiguous};
}

/// `line`: 4×N×C.
static Channels channels_of(const at::Tensor &line, int64_t image) {
  int64_t plane = line.size(1) * line.size(2);
  float *start = line.data_ptr<float>() + image * line.size(2);
  return {start, start + plane, start + 2 * plane, start + 3 * plane};
}

template <class Body>
static void each_image(const at::Tensor &x, Body body) {
  at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t image = begin; image < end; ++image) body(image, image * x.stride(0));
  });
}

template <class T>
static void run_forward(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, double epsilon, double slope,
    const at::Tensor &line, const at::Tensor &y) {
  each_image(x, [&](int64_t image, int64_t at) {
    norm_forward(
        x.data_ptr<T>() + at, extent_of(x), weight.data_ptr<float>(), bias.data_ptr<float>(), epsilon,
        static_cast<float>(slope), channels_of(line, image), y.data_ptr<T>() + at);
  });
}

template <class T>
static void run_backward(
    const at::Tensor &x, const at::Tensor &gradient, double slope, const at::Tensor &line, const at::Tensor &dx,
    const at::Tensor &sums) {
  int64_t channels = x.size(1), plane = x.size(0) * channels;
  each_image(x, [&](int64_t image, int64_t at) {
    float *sum = sums.data_ptr<float>() + image * channels;
    norm_backward(
        x.data_ptr<T>() + at, gradient.data_ptr<T>() + at, extent_of(x), channels_of(line, image),
        static_cast<float>(slope), dx.data_ptr<T>() + at, sum, sum + plane);
  });
}

struct NormLeakyReLU : torch::autograd::Function<NormLeakyReLU> {
  static at::Tensor forward(
      torch::autograd::AutogradContext *context, const at::Tensor &given, const at::Tensor &weight,
      const at::Tensor &bias, double epsilon, double slope) {
    at::Tensor x = given.contiguous(format_of(given));
    at::Tensor y = at::empty_like(x);
    at::Tensor line = at::empty({4, x.size(0), x.size(1)}, x.options().dtype(at::kFloat));
    if (x.scalar_type() == at::kFloat) run_forward<float>(x, weight, bias, epsilon, slope, line, y);
    else run_forward<at::BFloat16>(x, weight, bias, epsilon, slope, line, y);
    context->save_for_backward({x, line});
    context->saved_data["slope"] = slope;
    return y;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
    TORCH_CHECK(!c10::GradMode::is_enabled(), "instance norm with leaky ReLU has no second derivative");
    auto saved = context->get_saved_variables();
    at::Tensor x = saved[0], line = saved[1];
    double slope = context->saved_data["slope"].toDouble();
    at::Tensor gradient = gradients[0].to(x.scalar_type()).contiguous(format_of(x));
    at::Tensor dx = at::empty_like(x);
    at::Tensor sums = at::empty({2, x.size(0), x.size(1)}, line.options());
    if (x.scalar_type() == at::kFloat) run_backward<float>(x, gradient, slope, line, dx, sums);
    else run_backward<at::BFloat16>(x, gradient, slope, line, dx, sums);
    at::Tensor total = sums.sum(1);  // 2×C
    return {dx, total[0], total[1], at::Tensor(), at::Tensor()};
  }
};

CTorchTensor *laminatorch_instance_norm_leaky_relu(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, double epsilon, double slope,
    CTorchError *e) {
  return tensor(e, [&] {
    const at::Tensor &image = x->value, &w = weight->value, &b = bias->value;
    bool known = image.scalar_type() == at::kFloat || image.scalar_type() == at::kBFloat16;
    bool plain = image.dim() == 4 && image.numel() > 0 && w.scalar_type() == at::kFloat && b.scalar_type() == at::kFloat &&
                 w.is_contiguous() && b.is_contiguous() && w.numel() == image.size(1) && b.numel() == image.size(1);
    if (known && plain && image.is_cpu()) return NormLeakyReLU::apply(image, w, b, epsilon, slope);
    at::Tensor norm = at::instance_norm(
        image, w, b, at::Tensor(), at::Tensor(), true, 0.1, epsilon, at::globalContext().userEnabledCuDNN());
    return at::leaky_relu(norm, slope);
  });
}
