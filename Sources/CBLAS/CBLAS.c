#include "CBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROW_MAJOR = 101, TRANSPOSED = 112, UPPER = 121, NOTHING = -1000 };

typedef void singular_function(
    const char *job, const int *rows, const int *columns, double *values, const int *stride,
    double *singular, double *left, const int *leftStride, double *right, const int *rightStride,
    double *work, const int *room, int *integers, int *code, size_t jobLength);
typedef void gram_function(
    int order, int half, int transposed, int n, int k, double alpha, const double *values, int stride,
    double beta, double *gram, int gramStride);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[512];
static singular_function *dgesdd;
static gram_function *dsyrk;

static void load(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library) {
    *(void **)&dgesdd = dlsym(library, "dgesdd_");
    *(void **)&dsyrk = dlsym(library, "cblas_dsyrk");
  }
  if (!dgesdd || !dsyrk) {
    const char *detail = dlerror();
    snprintf(failure, sizeof failure, "%s", detail ? detail : "it lacks dgesdd or dsyrk");
  }
}

const char *blas_failure(void) {
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

int blas_singular_values(int rows, int columns, double *values, double *singular) {
  if (blas_failure()) return NOTHING;
  int least = rows < columns ? rows : columns, one = 1, room = -1, code = 0;
  double none = 0, wanted = 0;
  int *integers = malloc(sizeof(int) * 8 * (size_t)(least > 0 ? least : 1));
  if (!integers) return NOTHING;
  dgesdd("N", &rows, &columns, values, &rows, singular, &none, &one, &none, &one, &wanted, &room,
         integers, &code, 1);
  room = (int)wanted;
  double *work = code == 0 ? malloc(sizeof(double) * (size_t)(room > 0 ? room : 1)) : NULL;
  if (work) {
    dgesdd("N", &rows, &columns, values, &rows, singular, &none, &one, &none, &one, work, &room,
           integers, &code, 1);
  } else if (code == 0) {
    code = NOTHING;
  }
  free(work);
  free(integers);
  return code;
}

int blas_gram(int rows, int columns, const double *values, double *gram) {
  if (blas_failure()) return NOTHING;
  dsyrk(ROW_MAJOR, UPPER, TRANSPOSED, columns, rows, 1, values, columns, 0, gram, columns);
  return 0;
}
