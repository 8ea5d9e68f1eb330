/// The list of functions: result, name, parameters, arguments; one entry a function.
///
/// A `CT_MAYBE` result is NULL on failure, an `int32_t` result of a function that takes an error is 0 on success; either
/// way the error is filled. Sizes come as pointer and count. Optional tensors may be NULL.
#ifndef CTORCH_FUNCTIONS_H
#define CTORCH_FUNCTIONS_H

#define CT_MAYBE CTorchTensor *_Nullable
#define CT_IN const CTorchTensor *_Nonnull
#define CT_OPTIONAL const CTorchTensor *_Nullable
#define CT_INTO CTorchTensor *_Nonnull
#define CT_SIZES const int64_t *_Nonnull
#define CT_ERROR CTorchError *_Nonnull

// Process, devices, randomness, switches of this thread.
#define CTORCH_RUNTIME_FUNCTIONS(X) \
  X(const char *_Nonnull, declarations, (void), ()) \
  X(const char *_Nonnull, version, (void), ()) \
  X(void, set_threads, (int32_t count), (count)) \
  X(int32_t, threads, (void), ()) \
  X(int32_t, cuda_count, (void), ()) \
  X(int32_t, synchronize, (int32_t device, CT_ERROR e), (device, e)) \
  X(int32_t, set_algorithm_search, (int32_t on, CT_ERROR e), (on, e)) \
  X(int32_t, manual_seed, (uint64_t seed, CT_ERROR e), (seed, e)) \
  X(CT_MAYBE, random_state, (CT_ERROR e), (e)) \
  X(int32_t, set_random_state, (CT_IN state, CT_ERROR e), (state, e)) \
  X(int32_t, set_gradients, (int32_t on), (on)) \
  X(int32_t, autocast, (int32_t device), (device)) \
  X(int32_t, set_autocast, (int32_t device, int32_t dtype, CT_ERROR e), (device, dtype, e))

// Making tensors, what they are, host memory.
#define CTORCH_TENSOR_FUNCTIONS(X) \
  X(void, release, (CTorchTensor *_Nullable t), (t)) \
  X(CT_MAYBE, from_host, (const void *_Nullable data, CT_SIZES sizes, int64_t rank, int32_t dtype, CT_ERROR e), \
    (data, sizes, rank, dtype, e)) \
  X(int32_t, to_host, (CT_IN t, void *_Nullable data, int64_t bytes, CT_ERROR e), (t, data, bytes, e)) \
  X(int64_t, rank, (CT_IN t), (t)) \
  X(void, sizes, (CT_IN t, int64_t *_Nonnull out), (t, out)) \
  X(void, strides, (CT_IN t, int64_t *_Nonnull out), (t, out)) \
  X(int32_t, dtype, (CT_IN t), (t)) \
  X(int32_t, device, (CT_IN t), (t)) \
  X(int32_t, is_contiguous, (CT_IN t, int32_t format), (t, format)) \
  X(CT_MAYBE, full, (CT_SIZES sizes, int64_t rank, double value, int32_t dtype, int32_t device, CT_ERROR e), \
    (sizes, rank, value, dtype, device, e)) \
  X(CT_MAYBE, full_like, (CT_IN t, double value, CT_ERROR e), (t, value, e)) \
  X(CT_MAYBE, arange, (int64_t start, int64_t end, int32_t device, CT_ERROR e), (start, end, device, e)) \
  X(CT_MAYBE, random, (int32_t kind, CT_SIZES sizes, int64_t rank, uint64_t seed, CT_ERROR e), \
    (kind, sizes, rank, seed, e)) \
  X(CT_MAYBE, random_permutation, (int64_t count, uint64_t seed, CT_ERROR e), (count, seed, e)) \
  X(CT_MAYBE, convert, (CT_IN t, int32_t dtype, int32_t device, int32_t format, CT_ERROR e), \
    (t, dtype, device, format, e)) \
  X(CT_MAYBE, send, (CT_IN t, int32_t device, CT_ERROR e), (t, device, e)) \
  X(CT_MAYBE, clone, (CT_IN t, CT_ERROR e), (t, e))

// Shapes, joins, picks.
#define CTORCH_SHAPE_FUNCTIONS(X) \
  X(CT_MAYBE, reshape, (CT_IN t, CT_SIZES sizes, int64_t rank, CT_ERROR e), (t, sizes, rank, e)) \
  X(CT_MAYBE, permute, (CT_IN t, CT_SIZES axes, int64_t rank, CT_ERROR e), (t, axes, rank, e)) \
  X(CT_MAYBE, expand, (CT_IN t, CT_SIZES sizes, int64_t rank, CT_ERROR e), (t, sizes, rank, e)) \
  X(CT_MAYBE, unsqueeze, (CT_IN t, int64_t axis, CT_ERROR e), (t, axis, e)) \
  X(CT_MAYBE, squeeze, (CT_IN t, int64_t axis, CT_ERROR e), (t, axis, e)) \
  X(CT_MAYBE, slice, (CT_IN t, int64_t axis, int64_t start, int64_t end, int64_t step, CT_ERROR e), \
    (t, axis, start, end, step, e)) \
  X(CT_MAYBE, select, (CT_IN t, int64_t axis, int64_t index, CT_ERROR e), (t, axis, index, e)) \
  X(CT_MAYBE, diagonal, (CT_IN t, CT_ERROR e), (t, e)) \
  X(CT_MAYBE, flip, (CT_IN t, CT_SIZES axes, int64_t count, CT_ERROR e), (t, axes, count, e)) \
  X(CT_MAYBE, pad, (CT_IN t, CT_SIZES widths, int64_t count, double value, CT_ERROR e), \
    (t, widths, count, value, e)) \
  X(CT_MAYBE, index_select, (CT_IN t, int64_t axis, CT_IN index, CT_ERROR e), (t, axis, index, e)) \
  X(int32_t, index_copy, (CT_INTO t, int64_t axis, CT_IN index, CT_IN source, CT_ERROR e), \
    (t, axis, index, source, e)) \
  X(CT_MAYBE, gather, (CT_IN t, int64_t axis, CT_IN index, CT_ERROR e), (t, axis, index, e)) \
  X(CT_MAYBE, concatenate, (CT_IN const *_Nonnull tensors, int64_t count, int64_t axis, CT_ERROR e), \
    (tensors, count, axis, e)) \
  X(CT_MAYBE, stack, (CT_IN const *_Nonnull tensors, int64_t count, int64_t axis, CT_ERROR e), \
    (tensors, count, axis, e)) \
  X(CT_MAYBE, where, (CT_IN condition, CT_IN a, CT_IN b, CT_ERROR e), (condition, a, b, e)) \
  X(CT_MAYBE, masked_fill, (CT_IN t, CT_IN mask, double value, CT_ERROR e), (t, mask, value, e)) \
  X(CT_MAYBE, one_hot, (CT_IN t, int64_t classes, CT_ERROR e), (t, classes, e))

// Arithmetic, reductions, linear algebra.
#define CTORCH_ARITHMETIC_FUNCTIONS(X) \
  X(CT_MAYBE, unary, (int32_t op, CT_IN t, CT_ERROR e), (op, t, e)) \
  X(CT_MAYBE, binary, (int32_t op, CT_IN a, CT_IN b, CT_ERROR e), (op, a, b, e)) \
  X(CT_MAYBE, binary_scalar, (int32_t op, CT_IN a, double b, CT_ERROR e), (op, a, b, e)) \
  X(CT_MAYBE, clamp, (CT_IN t, double low, double high, CT_ERROR e), (t, low, high, e)) \
  X(int32_t, in_place, (int32_t op, CT_INTO a, CT_IN b, double scale, CT_ERROR e), (op, a, b, scale, e)) \
  X(int32_t, in_place_scalar, (int32_t op, CT_INTO a, double b, CT_ERROR e), (op, a, b, e)) \
  X(int32_t, lerp, (CT_INTO a, CT_IN end, double weight, CT_ERROR e), (a, end, weight, e)) \
  X(int32_t, each_in_place, \
    (int32_t op, CT_INTO const *_Nonnull x, CT_IN const *_Nullable a, CT_IN const *_Nullable b, int64_t count, \
     double number, CT_ERROR e), \
    (op, x, a, b, count, number, e)) \
  X(int32_t, each, (int32_t op, CT_IN const *_Nonnull t, int64_t count, CT_MAYBE *_Nonnull out, CT_ERROR e), \
    (op, t, count, out, e)) \
  X(CT_MAYBE, reduce, (int32_t op, CT_IN t, CT_SIZES axes, int64_t count, int32_t keep, CT_ERROR e), \
    (op, t, axes, count, keep, e)) \
  X(CT_MAYBE, index_of_largest, (CT_IN t, int64_t axis, int32_t keep, CT_ERROR e), (t, axis, keep, e)) \
  X(int32_t, top_k, (CT_IN t, int64_t k, int64_t axis, int32_t largest, CT_MAYBE *_Nonnull out, CT_ERROR e), \
    (t, k, axis, largest, out, e)) \
  X(CT_MAYBE, softmax, (CT_IN t, int64_t axis, int32_t logarithm, CT_ERROR e), (t, axis, logarithm, e)) \
  X(CT_MAYBE, normalize, (CT_IN t, int64_t axis, double epsilon, CT_ERROR e), (t, axis, epsilon, e)) \
  X(CT_MAYBE, matmul, (CT_IN a, CT_IN b, CT_ERROR e), (a, b, e)) \
  X(CT_MAYBE, batched_matmul, (CT_IN a, CT_IN b, CT_ERROR e), (a, b, e)) \
  X(CT_MAYBE, singular_values, (CT_IN t, CT_ERROR e), (t, e)) \
  X(int32_t, eigen_symmetric, (CT_IN t, CT_MAYBE *_Nonnull out, CT_ERROR e), (t, out, e)) \
  X(CT_MAYBE, inverse_square_root, (CT_IN t, CT_ERROR e), (t, e))

// What networks are made of. `Pair` parameters point to two numbers, vertical then horizontal.
#define CTORCH_LAYER_FUNCTIONS(X) \
  X(CT_MAYBE, linear, (CT_IN x, CT_IN weight, CT_OPTIONAL bias, CT_ERROR e), (x, weight, bias, e)) \
  X(CT_MAYBE, conv2d, (CT_IN x, CT_IN weight, CT_OPTIONAL bias, CT_SIZES stride, CT_SIZES padding, CT_SIZES dilation, \
    int64_t groups, CT_ERROR e), (x, weight, bias, stride, padding, dilation, groups, e)) \
  X(CT_MAYBE, conv_transpose2d, (CT_IN x, CT_IN weight, CT_OPTIONAL bias, CT_SIZES stride, CT_SIZES padding, \
    CT_SIZES output_padding, int64_t groups, CT_ERROR e), \
    (x, weight, bias, stride, padding, output_padding, groups, e)) \
  X(CT_MAYBE, max_pool2d, (CT_IN x, CT_SIZES kernel, CT_SIZES stride, CT_SIZES padding, CT_ERROR e), \
    (x, kernel, stride, padding, e)) \
  X(CT_MAYBE, avg_pool2d, (CT_IN x, CT_SIZES kernel, CT_SIZES stride, CT_SIZES padding, CT_ERROR e), \
    (x, kernel, stride, padding, e)) \
  X(CT_MAYBE, adaptive_avg_pool2d, (CT_IN x, CT_SIZES size, CT_ERROR e), (x, size, e)) \
  X(CT_MAYBE, interpolate, (CT_IN x, int32_t mode, CT_SIZES size, int32_t align_corners, CT_ERROR e), \
    (x, mode, size, align_corners, e)) \
  X(CT_MAYBE, grid_sample, (CT_IN x, CT_IN grid, int32_t mode, int32_t padding, int32_t align_corners, \
    CT_ERROR e), (x, grid, mode, padding, align_corners, e)) \
  X(CT_MAYBE, batch_norm, (CT_IN x, CT_OPTIONAL weight, CT_OPTIONAL bias, CT_OPTIONAL mean, CT_OPTIONAL variance, \
    int32_t training, double momentum, double epsilon, CT_ERROR e), \
    (x, weight, bias, mean, variance, training, momentum, epsilon, e)) \
  X(CT_MAYBE, instance_norm, (CT_IN x, CT_OPTIONAL weight, CT_OPTIONAL bias, double epsilon, CT_ERROR e), \
    (x, weight, bias, epsilon, e)) \
  X(CT_MAYBE, instance_norm_leaky_relu, (CT_IN x, CT_IN weight, CT_IN bias, double epsilon, double slope, \
    CT_ERROR e), (x, weight, bias, epsilon, slope, e)) \
  X(CT_MAYBE, leaky_relu, (CT_IN x, double slope, CT_ERROR e), (x, slope, e)) \
  X(CT_MAYBE, dropout, (CT_IN x, double probability, int32_t training, CT_ERROR e), \
    (x, probability, training, e)) \
  X(CT_MAYBE, cross_entropy, (CT_IN logits, CT_IN target, CT_OPTIONAL weight, int32_t reduction, \
    int64_t ignored, double smoothing, CT_ERROR e), \
    (logits, target, weight, reduction, ignored, smoothing, e)) \
  X(CT_MAYBE, negative_log_likelihood, (CT_IN logarithms, CT_IN target, CT_OPTIONAL weight, int32_t reduction, \
    int64_t ignored, CT_ERROR e), (logarithms, target, weight, reduction, ignored, e))

// Derivatives.
#define CTORCH_AUTOGRAD_FUNCTIONS(X) \
  X(int32_t, backward, (CT_IN t, CT_OPTIONAL gradient, CT_ERROR e), (t, gradient, e)) \
  X(int32_t, gradients, (CT_IN t, CT_IN const *_Nonnull inputs, int64_t count, CT_MAYBE *_Nonnull out, CT_ERROR e), \
    (t, inputs, count, out, e)) \
  X(CT_MAYBE, gradient, (CT_IN t), (t)) \
  X(void, clear_gradient, (CT_INTO t), (t)) \
  X(int32_t, requires_gradient, (CT_IN t), (t)) \
  X(int32_t, set_requires_gradient, (CT_INTO t, int32_t on, CT_ERROR e), (t, on, e)) \
  X(CT_MAYBE, detach, (CT_IN t, CT_ERROR e), (t, e))

#define CTORCH_FUNCTIONS(X) \
  CTORCH_RUNTIME_FUNCTIONS(X) \
  CTORCH_TENSOR_FUNCTIONS(X) \
  CTORCH_SHAPE_FUNCTIONS(X) \
  CTORCH_ARITHMETIC_FUNCTIONS(X) \
  CTORCH_LAYER_FUNCTIONS(X) \
  CTORCH_AUTOGRAD_FUNCTIONS(X)

#endif
