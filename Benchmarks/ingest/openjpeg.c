// OpenJPEG's own decoder over files of one JPEG 2000 codestream each: `openjpeg FILE…` prints the
// CPU seconds that decoding took, reading excluded.
#include <openjpeg-2.5/openjpeg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  const unsigned char *bytes;
  size_t length, at;
} source;

static OPJ_SIZE_T read_some(void *to, OPJ_SIZE_T wanted, void *data) {
  source *from = data;
  size_t left = from->length - from->at, count = wanted < left ? wanted : left;
  if (count == 0) return (OPJ_SIZE_T)-1;
  memcpy(to, from->bytes + from->at, count);
  from->at += count;
  return count;
}

static OPJ_OFF_T skip(OPJ_OFF_T by, void *data) {
  ((source *)data)->at += (size_t)by;
  return by;
}

static OPJ_BOOL seek(OPJ_OFF_T to, void *data) {
  ((source *)data)->at = (size_t)to;
  return OPJ_TRUE;
}

static double now(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec + used.tv_nsec * 1e-9;
}

static int decode(source *from) {
  opj_stream_t *stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
  opj_stream_set_user_data(stream, from, NULL);
  opj_stream_set_user_data_length(stream, from->length);
  opj_stream_set_read_function(stream, read_some);
  opj_stream_set_skip_function(stream, skip);
  opj_stream_set_seek_function(stream, seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t *image = NULL;
  int done = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) &&
             opj_decode(codec, stream, image);
  opj_image_destroy(image);
  opj_destroy_codec(codec);
  opj_stream_destroy(stream);
  return done;
}

int main(int count, char **paths) {
  double used = 0;
  for (int i = 1; i < count; i++) {
    FILE *file = fopen(paths[i], "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) return 1;
    source from = {NULL, (size_t)ftell(file), 0};
    unsigned char *bytes = malloc(from.length);
    rewind(file);
    if (fread(bytes, 1, from.length, file) != from.length) return 1;
    fclose(file);
    from.bytes = bytes;
    double start = now();
    if (!decode(&from)) return 1;
    used += now() - start;
    free(bytes);
  }
  printf("%.4f\n", used);
  return 0;
}
