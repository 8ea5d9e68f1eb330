// RLE (PS3.5 annex G), by ourselves: DCMTK 3.6.7 does not compare the offsets of segments with the
// length of the data.
#include <algorithm>
#include <cstring>

#include "Decoders.hpp"
#include "Guard.hpp"

namespace {

// One segment: literal and repeated runs of bytes. Returns how many came out; at most `count`.
size_t decodeSegment(const uint8_t *in, const uint8_t *end, uint8_t *out, size_t count) {
  size_t done = 0;
  while (end - in >= 2 && done < count) {
    int8_t control = int8_t(*in++);
    if (control == -128) continue;
    size_t run = control >= 0 ? size_t(control) + 1 : size_t(1 - control);
    run = std::min(run, count - done);
    if (control < 0) {
      memset(out + done, *in++, run);
    } else {
      if (run > size_t(end - in)) refuse(DICOM_PIXELS, "an RLE run is cut short");
      memcpy(out + done, in, run);
      in += run;
    }
    done += run;
  }
  return done;
}

// Bytes of samples lie in planes, the highest first; they are put together again.
void interleave(const uint8_t *planes, size_t count, size_t width, uint8_t *out) {
  if (width == 1) {
    memcpy(out, planes, count);
  } else if (width == 2) {
    const uint8_t *high = planes, *low = planes + count;
    for (size_t i = 0; i < count; i++) {
      out[2 * i] = low[i];
      out[2 * i + 1] = high[i];
    }
  } else {
    for (size_t byte = 0; byte < width; byte++)
      for (size_t i = 0; i < count; i++) out[i * width + width - 1 - byte] = planes[byte * count + i];
  }
}

}  // namespace

void decodeRLE(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  size_t width = pixels.bits_allocated / 8, count = size_t(pixels.rows) * pixels.columns;
  size_t segments = width * pixels.samples;
  uint32_t header[16];
  if (length < 64) refuse(DICOM_PIXELS, "an RLE header is cut short");
  for (size_t i = 0; i < 16; i++) {
    const uint8_t *p = bytes + 4 * i;
    header[i] = uint32_t(p[3]) << 24 | uint32_t(p[2]) << 16 | uint32_t(p[1]) << 8 | p[0];
  }
  if (segments > 15 || header[0] != segments) {
    refuse(DICOM_PIXELS, "%u RLE segments where samples have %zu bytes", header[0], segments);
  }
  std::vector<uint8_t> planes(width * count);
  for (size_t i = 0; i < segments; i++) {
    size_t start = header[i + 1], stop = i + 1 < segments ? header[i + 2] : length;
    if (start < 64 || start > stop || stop > length) {
      refuse(DICOM_PIXELS, "RLE segment %zu lies outside the data", i + 1);
    }
    uint8_t *plane = planes.data() + i % width * count;
    if (decodeSegment(bytes + start, bytes + stop, plane, count) != count) {
      refuse(DICOM_PIXELS, "RLE segment %zu is too short", i + 1);
    }
    if (i % width == width - 1) {
      interleave(planes.data(), count, width, buffer + i / width * count * width);
    }
  }
}
