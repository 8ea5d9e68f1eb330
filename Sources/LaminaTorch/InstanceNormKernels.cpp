/// Plain loops for the compiler to vectorise, built for every x86-64 and for the levels above it and chosen when the
/// library is loaded. Sums are taken in float32 over short runs, and of these in float64; values are taken relative to
/// the channel's first, so that a large mean costs no digits.
#include "InstanceNormKernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#define LEVELS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LEVELS
#endif
#define INLINE static inline __attribute__((always_inline))
#define FAST _Pragma("clang fp reassociate(on) contract(fast)")

using Half = at::BFloat16;
static const int64_t run = 512;

INLINE float read(float x) { return x; }

INLINE float read(Half x) {
  uint32_t bits = static_cast<uint32_t>(x.x) << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE void write(float &place, float x) { place = x; }

/// To the nearest, ties to even; what is no number stays none.
INLINE void write(Half &place, float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  place.x = static_cast<uint16_t>(x == x ? rounded : 0x7fc0);
}

INLINE float slope_at(float x, float slope) { return x > 0 ? 1.0f : slope; }

/// Two sums for each channel.
struct Pair {
  double *first, *second;
};

template <class Term>
INLINE void planar_sums(Extent size, Pair sums, Term term) {
  for (int64_t c = 0; c < size.channels; ++c) {
    double first = 0, second = 0;
    for (int64_t start = 0; start < size.pixels; start += run) {
      int64_t end = std::min(size.pixels, start + run);
      float a = 0, b = 0;
      for (int64_t i = start; i < end; ++i) {
        FAST
        auto found = term(c, c * size.pixels + i);
        a += found.first;
        b += found.second;
      }
      first += a;
      second += b;
    }
    sums.first[c] = first;
    sums.second[c] = second;
  }
}

template <class Term>
INLINE void interleaved_sums(Extent size, Pair sums, Term term) {
  int64_t n = size.channels, step = std::max<int64_t>(8, 4096 / n / 4 * 4);
  std::vector<float> room(static_cast<size_t>(2 * n));
  float *__restrict a = room.data(), *__restrict b = a + n;
  std::fill(sums.first, sums.first + n, 0);
  std::fill(sums.second, sums.second + n, 0);
  for (int64_t start = 0; start < size.pixels; start += step) {
    int64_t end = std::min(size.pixels, start + step), i = start;
    std::fill(a, a + 2 * n, 0);
    for (; i + 4 <= end; i += 4)  // four at once: a sum waits for its last store
#pragma clang loop vectorize(enable) interleave(enable)
      for (int64_t c = 0; c < n; ++c) {
        FAST
        auto p = term(c, i * n + c), q = term(c, i * n + n + c);
        auto r = term(c, i * n + 2 * n + c), s = term(c, i * n + 3 * n + c);
        a[c] += (p.first + q.first) + (r.first + s.first);
        b[c] += (p.second + q.second) + (r.second + s.second);
      }
    for (; i < end; ++i)
      for (int64_t c = 0; c < n; ++c) {
        auto p = term(c, i * n + c);
        a[c] += p.first;
        b[c] += p.second;
      }
    for (int64_t c = 0; c < n; ++c) {
      sums.first[c] += a[c];
      sums.second[c] += b[c];
    }
  }
}

struct Two {
  float first, second;
};

template <class Term>
INLINE void sum(Extent size, Pair sums, Term term) {
  if (size.planar) planar_sums(size, sums, term);
  else interleaved_sums(size, sums, term);
}

/// `body(channel, place)` for every element, in the order of memory.
template <class Body>
INLINE void each(Extent size, Body body) {
  if (size.planar) {
    for (int64_t c = 0; c < size.channels; ++c)
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < size.pixels; ++i) body(c, c * size.pixels + i);
  } else {
    for (int64_t i = 0; i < size.pixels; ++i)
#pragma clang loop vectorize(assume_safety)
      for (int64_t c = 0; c < size.channels; ++c) body(c, i * size.channels + c);
  }
}

template <class T>
INLINE void forward(
    const T *x, Extent size, const float *weight, const float *bias, double epsilon, float slope, Channels line, T *y) {
  size_t count = static_cast<size_t>(size.channels);
  std::vector<double> room(2 * count);
  Pair sums = {room.data(), room.data() + count};
  const float *first = line.mean;
  for (int64_t c = 0; c < size.channels; ++c) line.mean[c] = read(x[size.planar ? c * size.pixels : c]);
  sum(size, sums, [=](int64_t c, int64_t at) {
    float d = read(x[at]) - first[c];
    return Two{d, d * d};
  });
  double pixels = static_cast<double>(size.pixels);
  for (int64_t c = 0; c < size.channels; ++c) {
    double offset = sums.first[c] / pixels;
    double variance = std::max(0.0, sums.second[c] / pixels - offset * offset);
    double mean = line.mean[c] + offset, rate = 1 / std::sqrt(variance + epsilon);
    if (sums.second[c] != sums.second[c]) rate = sums.second[c];  // max() would hide what is no number
    line.mean[c] = static_cast<float>(mean);
    line.rate[c] = static_cast<float>(rate);
    line.scale[c] = static_cast<float>(rate * weight[c]);
    line.shift[c] = bias[c];
  }
  each(size, [=](int64_t c, int64_t at) {
    float value = (read(x[at]) - line.mean[c]) * line.scale[c] + line.shift[c];
    write(y[at], value * slope_at(value, slope));
  });
}

/// With g behind the norm, x̂ = (x − mean) rate and n pixels: dx = scale (g − Σg/n − x̂ Σgx̂/n) = scale g + u (x − mean) + v.
template <class T>
INLINE void backward(
    const T *x, const T *gradient, Extent size, Channels line, float slope, T *dx, float *dweight, float *dbias) {
  size_t count = static_cast<size_t>(size.channels);
  std::vector<double> room(2 * count);
  std::vector<float> terms(2 * count);
  Pair sums = {room.data(), room.data() + count};
  sum(size, sums, [=](int64_t c, int64_t at) {
    float value = read(x[at]) - line.mean[c];
    float g = read(gradient[at]) * slope_at(value * line.scale[c] + line.shift[c], slope);
    return Two{g, g * value};
  });
  float *u = terms.data(), *v = terms.data() + count;
  double pixels = static_cast<double>(size.pixels);
  for (int64_t c = 0; c < size.channels; ++c) {
    double product = sums.second[c] * line.rate[c];
    dbias[c] = static_cast<float>(sums.first[c]);
    dweight[c] = static_cast<float>(product);
    double factor = -line.scale[c] * line.rate[c] * product / pixels;
    u[c] = static_cast<float>(factor);
    v[c] = static_cast<float>(-line.scale[c] * sums.first[c] / pixels);
  }
  each(size, [=](int64_t c, int64_t at) {
    float value = read(x[at]) - line.mean[c];
    float g = read(gradient[at]) * slope_at(value * line.scale[c] + line.shift[c], slope);
    write(dx[at], line.scale[c] * g + (u[c] * value + v[c]));
  });
}

LEVELS void norm_forward(
    const float *x, Extent size, const float *weight, const float *bias, double epsilon, float slope, Channels line,
    float *y) {
  forward(x, size, weight, bias, epsilon, slope, line, y);
}

LEVELS void norm_forward(
    const Half *x, Extent size, const float *weight, const float *bias, double epsilon, float slope, Channels line,
    Half *y) {
  forward(x, size, weight, bias, epsilon, slope, line, y);
}

LEVELS void norm_backward(
    const float *x, const float *gradient, Extent size, Channels line, float slope, float *dx, float *dweight,
    float *dbias) {
  backward(x, gradient, size, line, slope, dx, dweight, dbias);
}

LEVELS void norm_backward(
    const Half *x, const Half *gradient, Extent size, Channels line, float slope, Half *dx, float *dweight,
    float *dbias) {
  backward(x, gradient, size, line, slope, dx, dweight, dbias);
}
