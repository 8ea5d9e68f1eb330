// niftilib behind a flat C interface: the meaning of a header that was already found sound, header
// bytes to write, and gzip in both directions. No type of niftilib or zlib is seen from outside.
#ifndef CNIFTI_H
#define CNIFTI_H

#include <stddef.h>
#include <stdint.h>

// What a header says, in the order of bytes of this machine.
typedef struct {
  int32_t version;                    // 1 or 2
  int64_t dim[8];                     // dim[0] is how many of the others count
  double pixdim[8];                   // pixdim[0] is qfac
  int32_t datatype, intent_code;
  int32_t qform_code, sform_code;
  int32_t xyz_units, time_units;      // NIFTI_UNITS_*
  double slope, intercept;
  double toffset;
  double qform[12], sform[12];        // rows of 3×4 matrices in RAS; qform from pixdim for code 0
} cnifti_fields;

// Turns the bytes of a header (348 or 540) into this machine's order when they are in the other.
void cnifti_swap(uint8_t *header, int32_t version);

// Says what a header in this machine's order means. 0, or -1 when niftilib refuses it.
int cnifti_parse(const uint8_t *header, int32_t version, cnifti_fields *fields);

// Builds the bytes of a single-file header from `fields` (its version says which), beginning with
// the header `like` of version `like_version` where that is not NULL: what `fields` does not name
// (slice timing, display range, intent parameters) is kept from it unless `plain` is set.
// `verbatim` keeps those forms of `like` whose code is positive. Returns the size, or -1.
int cnifti_build(
    const cnifti_fields *fields, const uint8_t *like, int32_t like_version, int plain, int verbatim,
    uint8_t header[540]);

// Reads a file, inflating it when it is gzip.
typedef struct cnifti_source cnifti_source;
// NULL with errno set when the file cannot be opened.
cnifti_source *cnifti_open(const char *path);
// Bytes read, fewer only at the end; -1 for damaged gzip, -2 for gzip that ends early, -3 with
// errno set when the disk fails.
int64_t cnifti_read(cnifti_source *source, void *bytes, size_t count);
// Whether the file is gzip by its content.
int cnifti_is_gzip(const cnifti_source *source);
void cnifti_close(cnifti_source *source);

// Deflates into a gzip stream without name or time: the same bytes for the same input.
typedef struct cnifti_deflater cnifti_deflater;
cnifti_deflater *cnifti_deflate_start(int level);
// Takes `count` bytes at `input`; `*taken` says how many were used. Returns the bytes written to
// `output`, or -1. With `finish` set it is called until it returns less than `capacity`.
int64_t cnifti_deflate(
    cnifti_deflater *deflater, const uint8_t *input, size_t count, size_t *taken, int finish,
    uint8_t *output, size_t capacity);
void cnifti_deflate_end(cnifti_deflater *deflater);

#endif
