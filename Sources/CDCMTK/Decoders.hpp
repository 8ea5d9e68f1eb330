// The decoders of compressed frames. Each gets the bytes of one frame and fills `buffer` with
// samples × rows × columns values of `bits_allocated` bits, little endian, a plane a sample.
// They compare the stream's own sizes with the header's before anything is allocated by them, and
// throw Refusal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "CDCMTK.h"

// What a JPEG or JPEG-LS stream says of itself; throws where its markers make no sense.
struct JPEGFrame {
  uint8_t marker = 0;  // SOF0 … SOF15, or F7 for JPEG-LS
  uint32_t precision = 0, rows = 0, columns = 0, components = 0;
};
JPEGFrame readJPEGFrame(const uint8_t *bytes, size_t length);

void decodeRLE(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer);
// Baseline, extended and lossless JPEG.
void decodeJPEG(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer);
void decodeJPEGLossless(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer);
void decodeJPEGLS(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer);
// JPEG 2000 and HTJ2K.
void decodeJPEG2000(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer);
// Raw deflate (RFC 1951), which must give `size` bytes.
void inflateExactly(const uint8_t *bytes, size_t length, uint8_t *buffer, size_t size);

inline size_t frameSamples(const dicom_pixels &pixels) {
  return size_t(pixels.rows) * pixels.columns * pixels.samples;
}

// Spreads samples of `from` bytes, interleaved by pixel or a plane each, to planes of `to` bytes.
void spread(
    const uint8_t *source, size_t from, bool isInterleaved, const dicom_pixels &pixels,
    uint8_t *buffer);
