/// What networks are made of, their losses, and the matrix functions behind whitening.
#include <torch/csrc/autograd/custom_function.h>

#include "Guard.h"

CTorchTensor *laminatorch_linear(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, CTorchError *e) {
  return tensor(e, [&] { return at::linear(x->value, weight->value, maybe(bias)); });
}

CTorchTensor *laminatorch_conv2d(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, const int64_t *stride,
    const int64_t *padding, const int64_t *dilation, int64_t groups, CTorchError *e) {
  return tensor(e, [&] {
    return at::conv2d(
        x->value, weight->value, maybe(bias), list(stride, 2), list(padding, 2), list(dilation, 2), groups);
  });
}

CTorchTensor *laminatorch_conv_transpose2d(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, const int64_t *stride,
    const int64_t *padding, const int64_t *output_padding, int64_t groups, CTorchError *e) {
  return tensor(e, [&] {
    return at::conv_transpose2d(
        x->value, weight->value, maybe(bias), list(stride, 2), list(padding, 2), list(output_padding, 2), groups);
  });
}

CTorchTensor *laminatorch_max_pool2d(
    const CTorchTensor *x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, CTorchError *e) {
  return tensor(e, [&] { return at::max_pool2d(x->value, list(kernel, 2), list(stride, 2), list(padding, 2)); });
}

CTorchTensor *laminatorch_avg_pool2d(
    const CTorchTensor *x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, CTorchError *e) {
  return tensor(e, [&] { return at::avg_pool2d(x->value, list(kernel, 2), list(stride, 2), list(padding, 2)); });
}

CTorchTensor *laminatorch_adaptive_avg_pool2d(const CTorchTensor *x, const int64_t *size, CTorchError *e) {
  return tensor(e, [&] { return at::adaptive_avg_pool2d(x->value, list(size, 2)); });
}

CTorchTensor *laminatorch_interpolate(
    const CTorchTensor *x, int32_t mode, const int64_t *size, int32_t align_corners, CTorchError *e) {
  return tensor(e, [&] {
    if (mode == CTorchNearest) return at::upsample_nearest2d(x->value, list(size, 2));
    return at::upsample_bilinear2d(x->value, list(size, 2), align_corners != 0);
  });
}

/// LibTorch's own codes: bilinear 0, nearest 1; zeros 0, border 1, reflection 2.
CTorchTensor *laminatorch_grid_sample(
    const CTorchTensor *x, const CTorchTensor *grid, int32_t mode, int32_t padding, int32_t align_corners,
    CTorchError *e) {
  return tensor(e, [&] {
    TORCH_CHECK(padding >= CTorchPadZeros && padding <= CTorchPadReflection, "unknown padding ", padding);
    return at::grid_sampler(
        x->value, grid->value, mode == CTorchNearest ? 1 : 0, padding, align_corners != 0);
  });
}

CTorchTensor *laminatorch_batch_norm(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, const CTorchTensor *mean,
    const CTorchTensor *variance, int32_t training, double momentum, double epsilon, CTorchError *e) {
  return tensor(e, [&] {
    return at::batch_norm(
        x->value, maybe(weight), maybe(bias), maybe(mean), maybe(variance), training != 0, momentum, epsilon,
        at::globalContext().userEnabledCuDNN());
  });
}

CTorchTensor *laminatorch_instance_norm(
    const CTorchTensor *x, const CTorchTensor *weight, const CTorchTensor *bias, double epsilon, CTorchError *e) {
  return tensor(e, [&] {
    return at::instance_norm(
        x->value, maybe(weight), maybe(bias), at::Tensor(), at::Tensor(), true, 0.1, epsilon,
        at::globalContext().userEnabledCuDNN());
  });
}

CTorchTensor *laminatorch_leaky_relu(const CTorchTensor *x, double slope, CTorchError *e) {
  return tensor(e, [&] { return at::leaky_relu(x->value, slope); });
}

CTorchTensor *laminatorch_dropout(const CTorchTensor *x, double probability, int32_t training, CTorchError *e) {
  return tensor(e, [&] { return at::dropout(x->value, probability, training != 0); });
}

static int64_t reduction_of(int32_t code) {
  switch (code) {
    case CTorchReduceNone: return at::Reduction::None;
    case CTorchReduceMean: return at::Reduction::Mean;
    case CTorchReduceSum: return at::Reduction::Sum;
  }
  TORCH_CHECK(false, "unknown reduction of a loss ", code);
}

CTorchTensor *laminatorch_cross_entropy(
    const CTorchTensor *logits, const CTorchTensor *target, const CTorchTensor *weight, int32_t reduction,
    int64_t ignored, double smoothing, CTorchError *e) {
  return tensor(e, [&] {
    return at::cross_entropy_loss(
        logits->value, target->value, maybe(weight), reduction_of(reduction), ignored, smoothing);
  });
}

CTorchTensor *laminatorch_negative_log_likelihood(
    const CTorchTensor *logarithms, const CTorchTensor *target, const CTorchTensor *weight, int32_t reduction,
    int64_t ignored, CTorchError *e) {
  return tensor(e, [&] {
    return at::nll_loss_nd(logarithms->value, target->value, maybe(weight), reduction_of(reduction), ignored);
  });
}

CTorchTensor *laminatorch_singular_values(const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return at::linalg_svdvals(t->value); });
}

int32_t laminatorch_eigen_symmetric(const CTorchTensor *t, CTorchTensor **out, CTorchError *e) {
  return status(e, [&] {
    auto result = at::linalg_eigh(t->value);
    out[0] = new CTorchTensor{std::get<0>(result)};
    out[1] = new CTorchTensor{std::get<1>(result)};
  });
}

/// W = S^(−1/2) of symmetric positive definite matrices, ...×d×d.
///
/// With S = U Λ Uᵀ and G = dL/dW, the derivative is dS = U (K ∘ (Uᵀ ½(G+Gᵀ) U)) Uᵀ, K_ij = −1/(√λ_i √λ_j (√λ_i+√λ_j)):
/// the divided differences of x^(−1/2) (Daleckii and Krein), in which the gap λ_i − λ_j has cancelled, so that
/// equal eigenvalues are as good as any. A matrix that is none of these gives no numbers, rather than an error for which
/// the host would have to wait; LibTorch's own decomposition waits once on a GPU, for whether it converged.
struct InverseSquareRoot : torch::autograd::Function<InverseSquareRoot> {
  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &matrix) {
    at::Tensor finite = matrix.isfinite().all(-1).all(-1).unsqueeze(-1).unsqueeze(-1);  // ...×1×1
    auto decomposition = at::linalg_eigh(at::where(finite, matrix, at::eye(matrix.size(-1), matrix.options())));
    at::Tensor values = std::get<0>(decomposition), vectors = std::get<1>(decomposition);  // ...×d, ...×d×d
    at::Tensor good = finite & (values.amin(-1, true) > 0).unsqueeze(-1);  // ...×1×1
    at::Tensor roots = values.sqrt();
    context->save_for_backward({roots, vectors});
    at::Tensor root = (vectors / roots.unsqueeze(-2)).matmul(vectors.transpose(-2, -1));
    return root.masked_fill(~good, NAN);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
    TORCH_CHECK(!c10::GradMode::is_enabled(), "the inverse square root has no second derivative");
    auto saved = context->get_saved_variables();
    at::Tensor roots = saved[0], vectors = saved[1], turned = vectors.transpose(-2, -1);
    at::Tensor rows = roots.unsqueeze(-1), columns = roots.unsqueeze(-2);
    at::Tensor symmetric = 0.5 * (gradients[0] + gradients[0].transpose(-2, -1));
    at::Tensor inner = turned.matmul(symmetric).matmul(vectors) / (rows * columns * (rows + columns));
    return {-vectors.matmul(inner).matmul(turned)};
  }
};

CTorchTensor *laminatorch_inverse_square_root(const CTorchTensor *t, CTorchError *e) {
  return tensor(e, [&] { return InverseSquareRoot::apply(t->value); });
}
