// The recipe's standard set of changes, fused by hand in C: what a view costs where nothing is general.
//
//   crops FILE SECONDS     FILE: slices and drawn views, written by `bench-crops write FILE`
//
// For each slice its statistics, then two views of it: elastic affine warp, and where they were drawn
// Gaussian blur, gamma, contrast and brightness, Gaussian noise. Prints views per CPU second, and the
// mean and deviation of all pixels of the first pass, by which two programs can be compared.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIDE = 256, VIEW = 192, CELLS = 4, CONTROLS = (CELLS + 3) * (CELLS + 3), MARGIN = 8 };

typedef struct {
  float xx, xy, yx, yy, ox, oy;      // view pixel (u, v) lies at (xx u + yx v + ox, xy u + yy v + oy)
  int32_t elastic;                   // whether the controls are used
  float controls[2][CONTROLS];       // cubic B-spline over 4×4 cells, view pixels
  float gamma, contrast, brightness, blur, noise;
  uint32_t seed;
} View;

static float image[SIDE * SIDE + 16], plane[VIEW * VIEW], down[VIEW * VIEW];

static void spline_row(const float *controls, int row, float *restrict out) {
  float bend[CELLS + 3], step = (float)CELLS / VIEW;
  float place = (row + 0.5f) * step;
  int first = (int)place < CELLS - 1 ? (int)place : CELLS - 1;
  float t = place - first, s = 1 - t, t2 = t * t, t3 = t2 * t;
  float w[4] = {s * s * s / 6, (3 * t3 - 6 * t2 + 4) / 6, (3 * (t + t2 - t3) + 1) / 6, t3 / 6};
  for (int j = 0; j < CELLS + 3; j++) {
    bend[j] = 0;
    for (int k = 0; k < 4; k++) bend[j] += w[k] * controls[(first + k) * (CELLS + 3) + j];
  }
  for (int c = 0; c < CELLS; c++) {
    float p0 = bend[c], p1 = bend[c + 1], p2 = bend[c + 2], p3 = bend[c + 3];
    float c0 = (p0 + 4 * p1 + p2) / 6, c1 = (p2 - p0) / 2, c2 = (p0 - 2 * p1 + p2) / 2;
    float c3 = (p3 - p0 + 3 * (p1 - p2)) / 6;
    for (int i = c * (VIEW / CELLS); i < (c + 1) * (VIEW / CELLS); i++) {
      float u = (i + 0.5f) * step - c;
      out[i] = c0 + u * (c1 + u * (c2 + u * c3));
    }
  }
}

// The pixels of a row, first all places, then all loads, then all arithmetic: gcc makes gathers of loads
// within the arithmetic, which take half as long again on the processors at hand.
static void warp_row(const View *v, int y, float *restrict out) {
  float dx[VIEW] = {0}, dy[VIEW] = {0}, fx[VIEW], fy[VIEW], p[4][VIEW];
  int at[VIEW];
  if (v->elastic) {
    spline_row(v->controls[0], y, dx);
    spline_row(v->controls[1], y, dy);
  }
  float xx = v->xx, xy = v->xy, yx = v->yx, yy = v->yy, ox = v->ox, oy = v->oy;
  for (int i = 0; i < VIEW; i++) {
    float a = i + dx[i], b = y + dy[i];
    float x = fminf(fmaxf(xx * a + yx * b + ox, 0), SIDE - 1);
    float w = fminf(fmaxf(xy * a + yy * b + oy, 0), SIDE - 1);
    int column = (int)fminf(x, SIDE - 2), row = (int)fminf(w, SIDE - 2);
    fx[i] = x - column, fy[i] = w - row;
    at[i] = row * SIDE + column;
  }
  for (int i = 0; i < VIEW; i++) {
    const float *q = image + at[i];
    p[0][i] = q[0], p[1][i] = q[1], p[2][i] = q[SIDE], p[3][i] = q[SIDE + 1];
    __asm__ volatile("");  // no gathers
  }
  for (int i = 0; i < VIEW; i++) {
    float upper = p[0][i] + (p[1][i] - p[0][i]) * fx[i];
    float lower = p[2][i] + (p[3][i] - p[2][i]) * fx[i];
    out[i] = upper + (lower - upper) * fy[i];
  }
}

static void blur(float sigma) {
  int reach = (int)ceilf(3 * sigma);
  if (reach > MARGIN) reach = MARGIN;
  float taps[MARGIN + 1], sum = 0;
  for (int k = 0; k <= reach; k++) sum += (k ? 2 : 1) * (taps[k] = expf(-0.5f * k * k / (sigma * sigma)));
  for (int k = 0; k <= reach; k++) taps[k] /= sum;
  for (int y = 0; y < VIEW; y++) {
    float line[VIEW + 2 * MARGIN], *middle = line + MARGIN;
    const float *row = plane + y * VIEW;
    for (int k = 0; k < MARGIN; k++) line[k] = row[0], middle[VIEW + k] = row[VIEW - 1];
    memcpy(middle, row, sizeof(float) * VIEW);
    float *restrict out = down + y * VIEW;
    for (int i = 0; i < VIEW; i++) out[i] = taps[0] * middle[i];
    for (int k = 1; k <= reach; k++)
      for (int i = 0; i < VIEW; i++) out[i] += taps[k] * (middle[i - k] + middle[i + k]);
  }
  for (int y = 0; y < VIEW; y++) {
    float *restrict out = plane + y * VIEW;
    for (int i = 0; i < VIEW; i++) out[i] = taps[0] * down[y * VIEW + i];
    for (int k = 1; k <= reach; k++) {
      const float *a = down + (y >= k ? y - k : 0) * VIEW;
      const float *b = down + (y + k < VIEW ? y + k : VIEW - 1) * VIEW;
      for (int i = 0; i < VIEW; i++) out[i] += taps[k] * (a[i] + b[i]);
    }
  }
}

static inline uint32_t scrambled(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7FEB352Du;
  h ^= h >> 15;
  h *= 0x846CA68Bu;
  return h ^ (h >> 16);
}

// gcc makes one call of the sine and cosine of the same argument and cannot vectorise it, so the sine is
// taken as the cosine of another.
static void add_noise(float *restrict row, uint32_t first, uint32_t seed, float sigma) {
  float *restrict other = row + VIEW / 2;
  for (int i = 0; i < VIEW / 2; i++) {
    uint32_t a = scrambled(scrambled(first + i) ^ seed), b = scrambled(a + 0x9E3779B9u);
    float radius = sqrtf(-2 * logf((a >> 9) * 0x1p-23f + 0x1p-24f)) * sigma;
    float turn = ((int32_t)(b >> 9)) * 0x1p-23f * 6.2831853f - 3.1415927f;
    row[i] += radius * cosf(turn);
    other[i] += radius * cosf(turn - 1.5707963f);
  }
}

static void make(const View *v, float low, float high, float mean, float sd) {
  float span = high - low, inverse = 1 / span;
  float shift = mean * (1 - v->contrast) + v->brightness * sd;
  if (v->blur > 0) {
    for (int y = 0; y < VIEW; y++) warp_row(v, y, plane + y * VIEW);
    blur(v->blur);
  }
  for (int y = 0; y < VIEW; y++) {
    float *restrict row = plane + y * VIEW;
    if (v->blur <= 0) warp_row(v, y, row);
    if (v->gamma != 1) {
      float gamma = v->gamma, scale = span * v->contrast, offset = low * v->contrast + shift;
      for (int i = 0; i < VIEW; i++) {
        float unit = fminf(fmaxf((row[i] - low) * inverse, 0), 1);
        row[i] = powf(unit, gamma) * scale + offset;
      }
    } else {
      for (int i = 0; i < VIEW; i++) row[i] = row[i] * v->contrast + shift;
    }
    if (v->noise > 0) add_noise(row, y * VIEW, v->seed, v->noise * sd);
  }
}

static void measure(const int16_t *stored, float *low, float *high, float *mean, float *sd) {
  int least = 32767, most = -32768;
  int64_t sum = 0;
  double squares = 0;
  for (int y = 0; y < SIDE; y++) {
    int32_t part = 0;
    float square = 0;
    for (int i = 0; i < SIDE; i++) {
      int value = stored[y * SIDE + i];
      least = value < least ? value : least;
      most = value > most ? value : most;
      part += value;
      square += (float)value * value;
      image[y * SIDE + i] = value;
    }
    sum += part;
    squares += square;
  }
  *low = least, *high = most, *mean = (float)sum / (SIDE * SIDE);
  *sd = sqrt(squares / (SIDE * SIDE) - (double)*mean * *mean);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  int32_t counts[2];
  if (!file || fread(counts, sizeof counts, 1, file) != 1) return 2;
  int slices = counts[0], pairs = counts[1];
  int16_t *stored = malloc((size_t)slices * SIDE * SIDE * 2);
  View *views = malloc(sizeof(View) * 2 * pairs);
  if (fread(stored, SIDE * SIDE * 2, slices, file) != (size_t)slices) return 2;
  if (fread(views, sizeof(View) * 2, pairs, file) != (size_t)pairs) return 2;
  double begin = 0, total = 0, square = 0, seconds = atof(argv[2]);
  long done = 0;
  for (int pass = 0; pass == 0 || now() - begin < seconds; pass++) {
    if (pass == 1) begin = now(), done = 0;
    for (int n = 0; n < pairs; n++) {
      float low, high, mean, sd;
      measure(stored + (size_t)(n % slices) * SIDE * SIDE, &low, &high, &mean, &sd);
      for (int k = 0; k < 2; k++) {
        make(views + 2 * n + k, low, high, mean, sd);
        done++;
        for (int i = 0; pass == 0 && i < VIEW * VIEW; i++) total += plane[i], square += plane[i] * (double)plane[i];
      }
    }
  }
  double count = 2.0 * pairs * VIEW * VIEW;
  printf("%.1f %.5f %.5f\n", done / (now() - begin), total / count, sqrt(square / count - total * total / count / count));
}
