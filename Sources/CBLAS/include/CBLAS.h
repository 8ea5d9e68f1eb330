// Two functions of OpenBLAS and its LAPACK, for spectra in float64.
//
// The library is opened by the first call and not linked: it starts its threads as it is loaded, and
// every worker process and every command without a spectrum would pay for that.
#ifndef LAMINA_CBLAS_H
#define LAMINA_CBLAS_H

#ifdef __cplusplus
extern "C" {
#endif

// Why the library cannot be used; null when it can.
const char *blas_failure(void);

// The min(rows, columns) singular values of a column-major matrix, largest first (LAPACK's dgesdd).
// `values` is overwritten. Returns LAPACK's code, 0 for success; -1000 without memory or library.
int blas_singular_values(int rows, int columns, double *values, double *singular);

// The upper half of AᵀA, row-major, of a row-major matrix (dsyrk). Returns 0, or -1000 without the
// library.
int blas_gram(int rows, int columns, const double *values, double *gram);

#ifdef __cplusplus
}
#endif
#endif
