// Frames of segmentations: one bit a pixel, which nothing else in DICOM has (PS3.5 8.1.1).
#include "File.hpp"
#include "Guard.hpp"

namespace {

// Bits follow one another across the ends of rows and frames, the lowest of a byte first.
void unpack(const dicom_file &file, uint32_t frame, uint8_t *buffer, size_t count) {
  const Layout &layout = file.layout;
  size_t start = count * size_t(frame);  // below 2^64: 32 bits each
  if ((layout.pixels.length > SIZE_MAX / 8 ? SIZE_MAX : layout.pixels.length * 8) < start + count) {
    refuse(DICOM_PIXELS, "frame %u lies past the end of the pixel data", frame + 1);
  }
  const uint8_t *source = file.bytes.data + layout.pixels.offset;
  size_t swap = layout.isBigEndian && layout.isWords ? 1 : 0;
  for (size_t i = 0; i < count; i++) {
    size_t bit = start + i, byte = (bit >> 3) ^ swap;
    buffer[i] = byte < layout.pixels.length ? source[byte] >> (bit & 7) & 1 : 0;
  }
}

}  // namespace

dicom_status dicom_segment_frame(
    const dicom_file *file, uint32_t frame, void *buffer, size_t size, dicom_failure *failure) {
  if (file->pixels.bits_allocated != 1) return dicom_frame(file, frame, buffer, size, failure);
  return guarded(failure, [&] {
    const dicom_pixels &pixels = file->pixels;
    size_t count = size_t(pixels.rows) * pixels.columns;
    if (!pixels.has_pixels || pixels.samples != 1) refuse(DICOM_PIXELS, "there are no pixel data");
    if (count == 0 || count > 0x7FFFFFFE || count != size) {
      refuse(DICOM_PIXELS, "a frame of %zu bytes does not fit a buffer of %zu", count, size);
    }
    if (frame >= pixels.frames) refuse(DICOM_PIXELS, "there is no frame %u", frame + 1);
    uint8_t *bytes = static_cast<uint8_t *>(buffer);
    if (!pixels.is_encapsulated) return unpack(*file, frame, bytes, count);
    refuse(DICOM_UNSUPPORTED, "pixels of one bit in the transfer syntax %.64s", file->layout.syntax.c_str());
  });
}

uint64_t dicom_file_hash(const dicom_file *file) {
  return dicom_hash(file->bytes.data, file->bytes.length, 0);
}
