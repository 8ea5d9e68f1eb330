// What the header says of the pixels, where frames begin, and a digest of the bytes.
#include "File.hpp"
#include "Guard.hpp"

namespace {

uint32_t tagOf(const DcmTagKey &key) { return uint32_t(key.getGroup()) << 16 | key.getElement(); }

// A number of VR US; 0 where there is none, or one of another VR.
uint32_t u16Of(const dicom_file &file, const DcmTagKey &key) {
  const Node &root = file.layout.nodes.front();
  const Entry *entry = root.find(tagOf(key));
  if (!entry || (root.isExplicit && (entry->vr[0] != 'U' || entry->vr[1] != 'S'))) return 0;
  double value = 0;
  return dicom_numbers(dicom_root(&file), tagOf(key), &value, 1) > 0 ? uint32_t(value) : 0;
}

// NumberOfFrames (0028,0008): 1 if absent, 0 if it does not begin with a positive number.
uint32_t frameCount(const dicom_file &file) {
  char text[16] = {};
  ptrdiff_t length = dicom_text(
      dicom_root(&file), tagOf(DCM_NumberOfFrames), text, sizeof text - 1);
  if (length <= 0) return 1;
  long frames = strtol(text, nullptr, 10);
  return length < ptrdiff_t(sizeof text) && frames >= 1 && frames <= 0x7FFFFFFF ? uint32_t(frames) : 0;
}

uint64_t little(const uint8_t *p, int bytes) {
  uint64_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | p[i];
  return value;
}

// Starts of frames from an offset table whose entries have `width` bytes; empty if it does not fit.
std::vector<size_t> fromTable(const dicom_file &file, Span table, int width) {
  const auto &fragments = file.layout.fragments;
  std::vector<size_t> starts;
  if (table.length / width < file.pixels.frames) return starts;
  size_t base = fragments.front().offset - 8, fragment = 0;
  for (uint32_t frame = 0; frame < file.pixels.frames; frame++) {
    uint64_t offset = little(file.bytes.data + table.offset + size_t(frame) * width, width);
    while (fragment < fragments.size() && fragments[fragment].offset - 8 - base < offset) fragment++;
    if (fragment == fragments.size() || fragments[fragment].offset - 8 - base != offset) return {};
    if (!starts.empty() && fragment <= starts.back()) return {};
    starts.push_back(fragment);
  }
  return starts.front() == 0 ? starts : std::vector<size_t>();
}

// Whether a frame begins here: JPEG's SOI, JPEG 2000's SOC or box, or the header of RLE.
bool isFrameStart(const dicom_file &file, Span fragment) {
  static const uint8_t box[8] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  const uint8_t *p = file.bytes.data + fragment.offset;
  if (fragment.length >= 2 && p[0] == 0xFF && (p[1] == 0xD8 || p[1] == 0x4F)) return true;
  if (fragment.length >= 8 && memcmp(p, box, 8) == 0) return true;
  uint64_t segments = uint64_t(file.pixels.samples) * ((file.pixels.bits_allocated + 7) / 8);
  return file.layout.syntax == "1.2.840.10008.1.2.5" && fragment.length >= 64 &&
         little(p, 4) == segments && little(p + 4, 4) == 64;
}

// Starts of frames by how fragments begin.
std::vector<size_t> fromMarkers(const dicom_file &file) {
  const auto &fragments = file.layout.fragments;
  std::vector<size_t> starts;
  for (size_t i = 0; i < fragments.size(); i++)
    if (isFrameStart(file, fragments[i])) starts.push_back(i);
  bool fits = starts.size() == file.pixels.frames && !starts.empty() && starts.front() == 0;
  return fits ? starts : std::vector<size_t>();
}

// --- XXH64, by its public specification (github.com/Cyan4973/xxHash/doc/xxhash_spec.md) ---------
constexpr uint64_t p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9,
                   p4 = 0x85EBCA77C2B2AE63, p5 = 0x27D4EB2F165667C5;

uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }
uint64_t mix(uint64_t lane, uint64_t input) { return rotate(lane + input * p2, 31) * p1; }
uint64_t word(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, 8);
  return value;
}

}  // namespace

uint64_t dicom_hash(const void *bytes, size_t length, uint64_t seed) {
  const uint8_t *p = static_cast<const uint8_t *>(bytes), *end = p + length;
  uint64_t hash = seed + p5;
  if (length >= 32) {
    uint64_t a = seed + p1 + p2, b = seed + p2, c = seed, d = seed - p1;
    for (; end - p >= 32; p += 32) {
      a = mix(a, word(p)), b = mix(b, word(p + 8)), c = mix(c, word(p + 16)), d = mix(d, word(p + 24));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    for (uint64_t lane : {a, b, c, d}) hash = (hash ^ mix(0, lane)) * p1 + p4;
  }
  hash += length;
  for (; end - p >= 8; p += 8) hash = rotate(hash ^ mix(0, word(p)), 27) * p1 + p4;
  if (end - p >= 4) {
    hash = rotate(hash ^ little(p, 4) * p1, 23) * p2 + p3;
    p += 4;
  }
  for (; p < end; p++) hash = rotate(hash ^ *p * p5, 11) * p1;
  hash = (hash ^ hash >> 33) * p2;
  hash = (hash ^ hash >> 29) * p3;
  return hash ^ hash >> 32;
}

uint64_t dicom_file_hash(const dicom_file *file) {
  return dicom_hash(file->bytes.data, file->bytes.length, 0);
}

dicom_pixels describePixels(const dicom_file &file) {
  dicom_pixels pixels = {};
  pixels.rows = u16Of(file, DCM_Rows);
  pixels.columns = u16Of(file, DCM_Columns);
  pixels.samples = u16Of(file, DCM_SamplesPerPixel);
  pixels.frames = frameCount(file);
  pixels.bits_allocated = u16Of(file, DCM_BitsAllocated);
  pixels.bits_stored = u16Of(file, DCM_BitsStored);
  pixels.high_bit = u16Of(file, DCM_HighBit);
  pixels.is_signed = u16Of(file, DCM_PixelRepresentation) == 1;
  pixels.is_planar = u16Of(file, DCM_PlanarConfiguration) == 1;
  pixels.has_pixels = file.layout.hasPixels;
  pixels.is_float = file.layout.floatBits != 0;
  if (pixels.is_float) {  // PS3.3 C.7.6.24: all bits count
    pixels.bits_allocated = pixels.bits_stored = file.layout.floatBits;
    pixels.high_bit = pixels.bits_stored - 1;
    pixels.is_signed = 1;
  }
  char colour[16];
  ptrdiff_t letters = dicom_text(dicom_root(&file), 0x00280004, colour, sizeof colour);
  bool isHalved = letters == 12 && memcmp(colour, "YBR_FULL_422", 12) == 0;
  pixels.is_halved = !file.layout.isEncapsulated && isHalved &&
                     pixels.samples == 3 && pixels.bits_allocated == 8 && pixels.columns % 2 == 0;
  pixels.is_encapsulated = file.layout.isEncapsulated;
  pixels.length = file.layout.pixels.length;
  for (Span one : file.layout.fragments) pixels.length += one.length;
  pixels.fragments = file.layout.fragments.size();
  return pixels;
}

std::vector<size_t> findFrameStarts(const dicom_file &file) {
  size_t count = file.layout.fragments.size(), frames = file.pixels.frames;
  if (frames == 0 || count < frames) return {};
  if (frames == 1) return {0};
  if (count == frames) {
    std::vector<size_t> starts(frames);
    for (size_t i = 0; i < frames; i++) starts[i] = i;
    return starts;
  }
  std::vector<size_t> starts = fromTable(file, file.layout.extendedOffsets, 8);
  if (starts.empty()) starts = fromTable(file, file.layout.offsetTable, 4);
  return starts.empty() ? fromMarkers(file) : starts;
}

dicom_status dicom_describe(
    const dicom_file *file, int digest, dicom_pixels *pixels, dicom_failure *failure) {
  return guarded(failure, [&] {
    *pixels = file->pixels;
    if (!digest) return;
    const uint8_t *bytes = file->bytes.data;
    const Layout &layout = file->layout;
    pixels->header = dicom_hash(bytes, layout.dataset.offset + layout.dataset.length, 0);
    if (!layout.hasPixels) return;
    uint64_t hash = dicom_hash(bytes + layout.pixels.offset, layout.pixels.length, 0);
    for (Span one : layout.fragments) hash = dicom_hash(bytes + one.offset, one.length, hash);
    pixels->digest = hash;
  });
}
