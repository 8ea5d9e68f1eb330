/// Loops of instance norm with leaky ReLU, over one image in either memory format, float32 or bfloat16.
#pragma once

#include <ATen/ATen.h>

/// One image: a channel's pixels are neighbours if `planar`, else a pixel's channels are.
struct Extent {
  int64_t pixels, channels;
  bool planar;
};

/// What becomes of an image's channels, each C numbers: the norm is (x − mean) · scale + shift, with scale the weight
/// times the rate, 1 / √(variance + ε).
struct Channels {
  float *scale, *shift, *mean, *rate;
};

/// y = leaky(norm(x)); `line` is filled from x and from weight and bias.
void norm_forward(
    const float *x, Extent size, const float *weight, const float *bias, double epsilon, float slope, Channels line,
    float *y);
void norm_forward(
    const at::BFloat16 *x, Extent size, const float *weight, const float *bias, double epsilon, float slope,
    Channels line, at::BFloat16 *y);

/// dx, and each channel's dL/dweight and dL/dbias, from the gradient behind the leaky ReLU.
void norm_backward(
    const float *x, const float *gradient, Extent size, Channels line, float slope, float *dx, float *dweight,
    float *dbias);
void norm_backward(
    const at::BFloat16 *x, const at::BFloat16 *gradient, Extent size, Channels line, float slope, at::BFloat16 *dx,
    float *dweight, float *dbias);
