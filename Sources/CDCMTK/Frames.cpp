// One frame: its bytes found in the pixel data, and handed to the decoder of its transfer syntax.
#include <algorithm>

#include "Decoders.hpp"
#include "File.hpp"
#include "Guard.hpp"

namespace {

// The compressed bytes of a frame: in place, or its fragments joined.
struct Piece {
  const uint8_t *bytes;
  size_t length;
  std::vector<uint8_t> joined;
};

Piece frameBytes(const dicom_file &file, uint32_t frame) {
  const auto &fragments = file.layout.fragments;
  if (frame >= file.frameStarts.size()) {
    refuse(
        DICOM_PIXELS, "%u frames are announced and %zu fragments cannot be divided among them",
        file.pixels.frames, fragments.size());
  }
  size_t first = file.frameStarts[frame];
  size_t last =
      frame + 1 < file.frameStarts.size() ? file.frameStarts[frame + 1] : fragments.size();
  Piece piece = {file.bytes.data + fragments[first].offset, fragments[first].length, {}};
  if (last - first > 1) {
    for (size_t i = first; i < last; i++) {
      const uint8_t *start = file.bytes.data + fragments[i].offset;
      piece.joined.insert(piece.joined.end(), start, start + fragments[i].length);
    }
    piece.bytes = piece.joined.data();
    piece.length = piece.joined.size();
  }
  if (piece.length < 4) refuse(DICOM_PIXELS, "frame %u is empty", frame + 1);
  if (piece.length > 0x7FFFFFF0) refuse(DICOM_LIMIT, "frame %u is too large", frame + 1);
  return piece;
}

// Bits of a frame are packed from the lowest one (PS3.5 8.1.1); `first` of them are another's.
void unpackBits(const uint8_t *packed, size_t first, size_t count, uint8_t *buffer) {
  for (size_t i = 0; i < count; i++) {
    size_t bit = first + i;
    buffer[i] = packed[bit / 8] >> (bit % 8) & 1;
  }
}

// Deflated Image Frame Compression (PS3.5 8.2.16, A.4.13): the native bytes of each frame deflated.
void deflatedFrame(const dicom_pixels &pixels, const Piece &piece, uint8_t *buffer) {
  size_t count = frameSamples(pixels), width = pixels.bits_allocated / 8;
  std::vector<uint8_t> native(width ? count * width : (count + 7) / 8);
  inflateExactly(piece.bytes, piece.length, native.data(), native.size());
  if (width == 0) return unpackBits(native.data(), 0, count, buffer);
  if (pixels.samples > 1) return spread(native.data(), width, !pixels.is_planar, pixels, buffer);
  memcpy(buffer, native.data(), native.size());
}

void encapsulatedFrame(const dicom_file &file, uint32_t frame, uint8_t *buffer) {
  const std::string &uid = file.layout.syntax;
  static const char *const jpeg[] = {".50", ".51", ".53", ".55", ".57", ".70", ".80", ".81"};
  static const char *const jpeg2000[] = {".90", ".91", ".201", ".202", ".203"};
  std::string family = "1.2.840.10008.1.2.4";
  auto is = [&](const char *ending) { return uid == family + ending; };
  Piece piece = frameBytes(file, frame);
  if (uid == "1.2.840.10008.1.2.8.1") return deflatedFrame(file.pixels, piece, buffer);
  dicom_pixels pixels = file.pixels;
  if (pixels.bits_allocated == 1) {  // a byte each (PS3.5 G.2), which JPEG cannot hold
    pixels.bits_allocated = pixels.bits_stored = 8;
    pixels.high_bit = 7;
    if (std::any_of(std::begin(jpeg), std::end(jpeg), is)) {
      refuse(DICOM_UNSUPPORTED, "JPEG pixels of one bit");
    }
  }
  if (uid == "1.2.840.10008.1.2.5") {
    return decodeRLE(piece.bytes, piece.length, pixels, buffer);
  }
  if (std::any_of(std::begin(jpeg), std::end(jpeg), is)) {
    return decodeJPEG(piece.bytes, piece.length, pixels, buffer);
  }
  if (std::any_of(std::begin(jpeg2000), std::end(jpeg2000), is)) {
    return decodeJPEG2000(piece.bytes, piece.length, pixels, buffer);
  }
  refuse(DICOM_UNSUPPORTED, "no decoder for the transfer syntax %.64s", uid.c_str());
}

void swapBytes(uint8_t *bytes, size_t length, size_t width) {
  for (size_t i = 0; i + width <= length; i += width)
    for (size_t j = 0; j < width / 2; j++) std::swap(bytes[i + j], bytes[i + width - 1 - j]);
}

// Bytes of native pixel data in the order of a little endian file. The pairs of bytes of VR OW are
// words, whose first byte is the low one, also where samples have eight bits (PS3.5 8.1.1).
void readNative(const dicom_file &file, size_t start, uint8_t *buffer, size_t size) {
  const Layout &layout = file.layout;
  const uint8_t *source = file.bytes.data + layout.pixels.offset;
  size_t width = file.pixels.bits_allocated / 8;
  if (layout.isBigEndian && width <= 1 && layout.isWords) {
    for (size_t i = 0; i < size; i++) {
      size_t at = (start + i) ^ 1;
      buffer[i] = at < layout.pixels.length ? source[at] : 0;
    }
    return;
  }
  memcpy(buffer, source + start, size);
  if (layout.isBigEndian && width > 1) swapBytes(buffer, size, width);
}

// Frames of bits follow one another without a gap.
void bitFrame(const dicom_file &file, uint32_t frame, uint8_t *buffer) {
  size_t count = frameSamples(file.pixels), first = count * frame;
  std::vector<uint8_t> packed((first % 8 + count + 7) / 8);
  readNative(file, first / 8, packed.data(), packed.size());
  unpackBits(packed.data(), first % 8, count, buffer);
}

// YBR_FULL_422 (PS3.3 C.7.6.3.1.2): Y, Y, Cb, Cr for each pair of pixels.
void halvedFrame(
    const dicom_pixels &pixels, const uint8_t *source, uint8_t *buffer) {
  size_t count = size_t(pixels.rows) * pixels.columns;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *pair = source + i / 2 * 4;
    buffer[i] = pair[i % 2];
    buffer[count + i] = pair[2];
    buffer[2 * count + i] = pair[3];
  }
}

void nativeFrame(const dicom_file &file, uint32_t frame, uint8_t *buffer, size_t size) {
  const dicom_pixels &pixels = file.pixels;
  size_t bits = frameSamples(pixels) * pixels.bits_allocated;
  if (pixels.is_halved) bits = bits / 3 * 2;
  // Below 2^64: rows, columns and samples have 16 bits, frames 31 and `bits_allocated` at most 7.
  unsigned __int128 end = (static_cast<unsigned __int128>(bits) * (frame + 1ull) + 7) / 8;
  if (end > file.layout.pixels.length) {
    refuse(DICOM_PIXELS, "frame %u lies past the end of the pixel data", frame + 1);
  }
  if (pixels.bits_allocated == 1) return bitFrame(file, frame, buffer);
  size_t stored = bits / 8;
  if (pixels.samples == 1 || (pixels.is_planar && !pixels.is_halved)) {
    return readNative(file, stored * frame, buffer, size);
  }
  std::vector<uint8_t> source(stored);
  readNative(file, stored * frame, source.data(), stored);
  if (pixels.is_halved) return halvedFrame(pixels, source.data(), buffer);
  spread(source.data(), pixels.bits_allocated / 8, true, pixels, buffer);
}

}  // namespace

dicom_status dicom_frame(
    const dicom_file *file, uint32_t frame, void *buffer, size_t size, dicom_failure *failure) {
  return guarded(failure, [&] {
    const dicom_pixels &pixels = file->pixels;
    if (!pixels.has_pixels) refuse(DICOM_PIXELS, "there are no pixel data");
    uint32_t bits = pixels.bits_allocated;
    bool isWhole = bits == 8 || bits == 16 || bits == 32 || (bits == 64 && pixels.is_float);
    if (!isWhole && bits != 1) refuse(DICOM_UNSUPPORTED, "%u bits allocated", bits);
    if (pixels.samples != 1 && (pixels.samples != 3 || bits == 1)) {
      refuse(DICOM_UNSUPPORTED, "%u samples a pixel", pixels.samples);
    }
    size_t expected = frameSamples(pixels) * std::max(bits / 8, 1u);
    if (expected == 0 || expected > 0x7FFFFFFE || expected != size) {
      refuse(DICOM_PIXELS, "a frame of %zu bytes does not fit a buffer of %zu", expected, size);
    }
    if (frame >= pixels.frames) refuse(DICOM_PIXELS, "there is no frame %u", frame + 1);
    uint8_t *bytes = static_cast<uint8_t *>(buffer);
    if (pixels.is_encapsulated) {
      encapsulatedFrame(*file, frame, bytes);
    } else {
      nativeFrame(*file, frame, bytes, size);
    }
  });
}
