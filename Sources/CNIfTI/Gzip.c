#include "CNIfTI.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct cnifti_source {
  gzFile file;
  int gzip;
};

cnifti_source *cnifti_open(const char *path) {
  errno = 0;
  gzFile file = gzopen(path, "rbe");
  if (!file) return NULL;
  cnifti_source *source = calloc(1, sizeof *source);
  if (!source) {
    gzclose_r(file);
    return NULL;
  }
  gzbuffer(file, 1 << 18);
  source->file = file;
  source->gzip = !gzdirect(file);
  return source;
}

int64_t cnifti_read(cnifti_source *source, void *bytes, size_t count) {
  uint8_t *target = bytes;
  size_t done = 0;
  while (done < count) {
    size_t left = count - done;
    unsigned step = left > (1u << 30) ? 1u << 30 : (unsigned)left;
    int got = gzread(source->file, target + done, step);
    int code = Z_OK;
    if (got < (int)step) gzerror(source->file, &code);
    if (code == Z_ERRNO) return -3;
    if (code == Z_BUF_ERROR) return -2;
    if (code < 0) return -1;
    if (got <= 0) break;
    done += (size_t)got;
  }
  return (int64_t)done;
}

int cnifti_is_gzip(const cnifti_source *source) { return source->gzip; }

void cnifti_close(cnifti_source *source) {
  gzclose_r(source->file);
  free(source);
}

struct cnifti_deflater {
  z_stream stream;
};

cnifti_deflater *cnifti_deflate_start(int level) {
  cnifti_deflater *deflater = calloc(1, sizeof *deflater);
  if (!deflater) return NULL;
  // 15 + 16: a gzip wrapper, whose default header has neither time nor name.
  if (deflateInit2(&deflater->stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK)
    return deflater;
  free(deflater);
  return NULL;
}

int64_t cnifti_deflate(
    cnifti_deflater *deflater, const uint8_t *input, size_t count, size_t *taken, int finish,
    uint8_t *output, size_t capacity) {
  z_stream *stream = &deflater->stream;
  uInt offered = count > (1u << 30) ? 1u << 30 : (uInt)count;
  stream->next_in = (Bytef *)input;
  stream->avail_in = offered;
  stream->next_out = output;
  stream->avail_out = (uInt)capacity;
  int code = deflate(stream, finish ? Z_FINISH : Z_NO_FLUSH);
  if (code == Z_STREAM_ERROR) return -1;
  *taken = offered - stream->avail_in;
  return (int64_t)(capacity - stream->avail_out);
}

void cnifti_deflate_end(cnifti_deflater *deflater) {
  deflateEnd(&deflater->stream);
  free(deflater);
}
