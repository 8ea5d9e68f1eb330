// DICOM files through DCMTK (and JPEG 2000 through OpenJPEG) as flat C functions.
//
// No type of a foreign library appears here and no C++ exception leaves these functions: each
// returns a `dicom_status` and, when that is not DICOM_OK, one sentence in `failure`.
// A file is walked by our own scan (Layout.cpp) before DCMTK sees a byte of it.
#ifndef CDCMTK_H
#define CDCMTK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  DICOM_OK = 0,
  DICOM_IO = 1,           // the file cannot be opened, read or written
  DICOM_NOT_DICOM = 2,    // neither preamble nor a data set
  DICOM_MALFORMED = 3,    // lengths, tags or delimiters that do not fit
  DICOM_LIMIT = 4,        // nesting, element count or size above the limit
  DICOM_UNSUPPORTED = 5,  // a transfer syntax or pixel layout nothing here decodes
  DICOM_PIXELS = 6,       // pixel data that contradict the header
  DICOM_DECODER = 7,      // a decoder or encoder reported an error
  DICOM_INTERNAL = 8,     // an exception of a foreign library
} dicom_status;

typedef struct {
  char text[240];
} dicom_failure;

typedef struct dicom_file dicom_file;
typedef struct dicom_item dicom_item;  // a data set or an item of a sequence; lives as its file
typedef struct dicom_writer dicom_writer;

typedef struct {
  size_t file_bytes;     // of the file, and of what it inflates to
  size_t element_bytes;  // of one element
  size_t elements;       // and fragments
  size_t inflate_ratio;  // of deflated bytes, above 64 MiB
  int depth;
} dicom_limits;

typedef struct {
  uint32_t rows, columns, samples, frames;
  uint32_t bits_allocated, bits_stored, high_bit;
  int is_signed;
  int is_float;         // the pixels are those of (7FE0,0008) or (7FE0,0009)
  int is_planar;        // a plane a sample, where there are several
  int is_halved;        // native YBR_FULL_422: two pixels share their colour
  int has_pixels;       // pixel data of any of the three kinds are there
  int is_encapsulated;  // in fragments
  uint64_t length;      // bytes of pixel data in the file
  uint64_t fragments;   // without the offset table
  uint64_t digest;      // XXH64 of the pixel bytes as they lie in the file; 0 unless asked for
  uint64_t header;      // XXH64 of the bytes before them; 0 unless asked for
} dicom_pixels;

// --- Reading -----------------------------------------------------------------------------------

// `whole` says that the pixels are wanted as well as the header.
dicom_status dicom_open(
    const char *path, int whole, const dicom_limits *limits, dicom_file **file,
    dicom_failure *failure);
dicom_status dicom_open_bytes(
    const void *bytes, size_t length, const dicom_limits *limits, dicom_file **file,
    dicom_failure *failure);
void dicom_close(dicom_file *file);

// The transfer syntax as (0002,0010) has it; a guess from the bytes where there is none.
const char *dicom_syntax(const dicom_file *file);
const dicom_item *dicom_root(const dicom_file *file);

// Bytes needed for the text of an element, with values joined by a backslash; -1 if absent.
// At most `capacity` bytes are written, without a terminating zero.
ptrdiff_t dicom_text(const dicom_item *item, uint32_t tag, char *text, size_t capacity);
// The same as UTF-8, by the Specific Character Set of the item or of what it lies in; -1 where that
// says nothing of the element. It is cut at `capacity`, which three bytes for each of the text's are
// enough for.
ptrdiff_t dicom_characters(const dicom_item *item, uint32_t tag, char *text, size_t capacity);
// Number of values of a numeric element (DS, IS, FD, FL, US, SS, UL, SL, UV, SV, AT); -1 if absent
// or if one of them is no finite number.
ptrdiff_t dicom_numbers(const dicom_item *item, uint32_t tag, double *values, size_t capacity);
// The 16-bit words of an element of VR US, SS or OW, as lookup tables are; null if absent.
const uint16_t *dicom_words(const dicom_item *item, uint32_t tag, size_t *count);
// The bytes of an element of VR OB or UN; null if absent.
const uint8_t *dicom_bytes(const dicom_item *item, uint32_t tag, size_t *length);
// Number of items of a sequence, written to `items` up to `capacity`; 0 if absent.
size_t dicom_items(
    const dicom_item *item, uint32_t tag, const dicom_item **items, size_t capacity);

// The block of a private group that `creator` has reserved (PS3.5 7.8.1), capitals or not, as old
// scanners of Philips write theirs; with null the first that anyone has; 0 if there is none.
uint32_t dicom_private_block(const dicom_item *item, uint32_t group, const char *creator);

// What the header says of the pixels beside what the file holds. Nothing is decoded.
dicom_status dicom_describe(
    const dicom_file *file, int digest, dicom_pixels *pixels, dicom_failure *failure);

// One frame as stored: samples × rows × columns values of `bits_allocated` bits (of 8 for one bit),
// little endian, a plane a sample, no colour converted. Bits above BitsStored are as the encoder
// left them. `size` must be just that many bytes.
dicom_status dicom_frame(
    const dicom_file *file, uint32_t frame, void *buffer, size_t size, dicom_failure *failure);

// XXH64 of all bytes of a file.
uint64_t dicom_file_hash(const dicom_file *file);
uint64_t dicom_hash(const void *bytes, size_t length, uint64_t seed);

// --- Writing -----------------------------------------------------------------------------------

dicom_writer *dicom_writer_new(void);
void dicom_writer_free(dicom_writer *writer);
dicom_item *dicom_writer_root(dicom_writer *writer);

// `vr` is two letters; text VRs, DS and IS take `text`.
dicom_status dicom_put_text(
    dicom_item *item, uint32_t tag, const char *vr, const char *text, dicom_failure *failure);
// US, SS, UL, SL, FL, FD
dicom_status dicom_put_numbers(
    dicom_item *item, uint32_t tag, const char *vr, const double *values, size_t count,
    dicom_failure *failure);
// OB, UN
dicom_status dicom_put_bytes(
    dicom_item *item, uint32_t tag, const char *vr, const uint8_t *bytes, size_t count,
    dicom_failure *failure);
dicom_status dicom_add_item(
    dicom_item *item, uint32_t tag, dicom_item **added, dicom_failure *failure);
// Little endian samples of 8 or 16 bits, all frames behind one another.
dicom_status dicom_put_pixels(
    dicom_writer *writer, const void *bytes, size_t length, int bits, dicom_failure *failure);
// Writes a Part 10 file, its pixels encoded by DCMTK in the transfer syntax of this UID.
dicom_status dicom_write(
    dicom_writer *writer, const char *syntax, const char *path, dicom_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
