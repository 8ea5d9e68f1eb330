// JPEG lossless, Huffman (ITU-T T.81 annex H; DICOM's 4.57 and 4.70), by ourselves: DCMTK's decoder
// takes four times as long and goes on silently where the stream is damaged.
#include <array>
#include <cstdlib>

#include "Decoders.hpp"
#include "Guard.hpp"

namespace {

constexpr int fastBits = 12;

// What the next bits of the stream mean: a whole difference where code and magnitude fit them.
struct Entry {
  int16_t difference = 0;
  uint8_t bits = 0;      // consumed: of code and magnitude, or of the code alone; 0: a longer code
  uint8_t category = 0;  // magnitude bits still to be read
};

struct HuffmanTable {
  bool isDefined = false;
  std::array<Entry, 1 << fastBits> fast;
  std::array<int32_t, 18> lastCode;  // by length; −1: none
  std::array<int32_t, 17> offset;    // of a code's value, by length
  std::array<uint8_t, 256> values;

  void define(const uint8_t *counts, const uint8_t *symbols, size_t total);
};

// A magnitude of so many bits stands for a difference (T.81 F.1.2.1.1, H.1.2.2).
inline int extend(uint32_t magnitude, int category) {
  if (category == 0) return 0;
  return magnitude >> (category - 1) ? int(magnitude) : int(magnitude) - (1 << category) + 1;
}

void HuffmanTable::define(const uint8_t *counts, const uint8_t *symbols, size_t total) {
  *this = HuffmanTable();
  int32_t code = 0, index = 0;
  for (int length = 1; length <= 16; length++) {
    offset[length] = index - code;
    code += counts[length - 1];
    index += counts[length - 1];
    lastCode[length] = counts[length - 1] ? code - 1 : -1;
    if (code > 1 << length) refuse(DICOM_DECODER, "a JPEG Huffman table has too many codes");
    code <<= 1;
  }
  for (size_t i = 0; i < total; i++) {
    if (symbols[i] > 16) refuse(DICOM_DECODER, "a JPEG Huffman table is none of lossless coding");
    values[i] = symbols[i];
  }
  for (uint32_t bits = 0; bits < fast.size(); bits++) {
    for (int length = 1; length <= fastBits; length++) {
      int32_t prefix = int32_t(bits >> (fastBits - length));
      if (prefix > lastCode[length]) continue;
      int category = values[size_t(prefix + offset[length])];
      Entry &entry = fast[bits];
      entry.bits = uint8_t(length);
      entry.category = uint8_t(category);
      if (category == 16) {  // has no magnitude
        entry.difference = int16_t(-32768);
        entry.category = 0;
      } else if (length + category <= fastBits) {
        uint32_t magnitude = bits >> (fastBits - length - category) & ((1u << category) - 1);
        entry.difference = int16_t(extend(magnitude, category));
        entry.bits = uint8_t(length + category);
        entry.category = 0;
      }
      break;
    }
  }
  isDefined = true;
}

// Bits of an entropy-coded segment whose stuffed bytes are gone. `end` is followed by as many zeros
// as a row can use up, so that only rows need to be checked.
struct BitReader {
  const uint8_t *next, *end;
  uint64_t bits = 0;
  int count = 0;

  inline void refill() {
    uint64_t word;
    memcpy(&word, next, 8);
    bits |= __builtin_bswap64(word) >> count;
    next += (63 - count) >> 3;
    count |= 56;
  }
  inline uint32_t take(int n) {  // 1 to 16
    uint32_t value = uint32_t(bits >> (64 - n));
    bits <<= n;
    count -= n;
    return value;
  }
  bool isOverrun() const { return next - count / 8 > end; }
  bool hasMuchLeft() const { return end - (next - count / 8) >= 16; }

  inline int difference(const HuffmanTable &table) {
    refill();
    Entry entry = table.fast[bits >> (64 - fastBits)];
    if (__builtin_expect(entry.bits == 0, 0)) return longCode(table);
    bits <<= entry.bits;
    count -= entry.bits;
    if (__builtin_expect(entry.category == 0, 1)) return entry.difference;
    return extend(take(entry.category), entry.category);
  }

  int longCode(const HuffmanTable &table) {
    for (int length = fastBits + 1; length <= 16; length++) {
      int32_t code = int32_t(bits >> (64 - length));
      if (code > table.lastCode[length]) continue;
      int category = table.values[size_t(code + table.offset[length])];
      take(length);
      if (category == 16) return -32768;
      return category == 0 ? 0 : extend(take(category), category);
    }
    refuse(DICOM_DECODER, "a JPEG stream holds a code that its table does not have");
  }
};

// The prediction from left (a), above (b), above left (c): T.81 table H.1.
template <int selection>
inline int predict(int a, int b, int c) {
  switch (selection) {
    case 1: return a;
    case 2: return b;
    case 3: return c;
    case 4: return a + b - c;
    case 5: return a + ((b - c) >> 1);
    case 6: return b + ((a - c) >> 1);
    case 7: return (a + b) >> 1;
    default: return b + (int16_t(a - c) >> 1);  // the sixth, see scan
  }
}

// A row below another one of the same component; `step` samples lie between neighbours.
template <int selection>
void decodeRow(
    BitReader &reader, const HuffmanTable *const *tables, size_t components, size_t columns,
    const uint16_t *above, uint16_t *row) {
  BitReader local = reader;
  if (components == 1) {
    const HuffmanTable &table = *tables[0];
    int left = uint16_t(above[0] + local.difference(table));
    row[0] = uint16_t(left);
    for (size_t x = 1; x < columns; x++) {
      left = uint16_t(predict<selection>(left, above[x], above[x - 1]) + local.difference(table));
      row[x] = uint16_t(left);
    }
  } else {
    for (size_t i = 0; i < columns * components; i++) {
      int prediction = i < components ? above[i]
                                      : predict<selection>(row[i - components], above[i],
                                                           above[i - components]);
      row[i] = uint16_t(prediction + local.difference(*tables[i % components]));
    }
  }
  reader = local;
}

class Decoder {
 public:
  Decoder(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer)
      : bytes(bytes), length(length), pixels(pixels), buffer(buffer) {}

  void run() {
    while (decoded < pixels.samples) {
      uint8_t marker = nextMarker();
      if (marker == 0xD9) refuse(DICOM_DECODER, "a JPEG stream ends before its image");
      size_t size = segmentLength();
      const uint8_t *segment = bytes + at + 2;
      at += size;
      if (marker == 0xC4) huffmanTables(segment, size - 2);
      if (marker == 0xC3) frame(segment, size - 2);
      if (marker == 0xDD && size >= 4) restart = size_t(segment[0]) << 8 | segment[1];
      if (marker == 0xDA) scan(segment, size - 2);
    }
  }

 private:
  const uint8_t *bytes;
  size_t length, at = 2;  // behind SOI
  const dicom_pixels &pixels;
  uint8_t *buffer;
  size_t restart = 0;
  uint32_t precision = 0, decoded = 0;
  std::array<uint8_t, 4> identifiers = {};
  std::array<HuffmanTable, 4> tables;
  std::vector<uint8_t> plain;

  uint8_t nextMarker() {
    while (at + 2 <= length && bytes[at] == 0xFF && bytes[at + 1] == 0xFF) at++;
    if (length - at < 4 || bytes[at] != 0xFF) refuse(DICOM_DECODER, "a JPEG marker is missing");
    uint8_t marker = bytes[at + 1];
    at += 2;
    return marker;
  }

  size_t segmentLength() {
    size_t size = size_t(bytes[at]) << 8 | bytes[at + 1];
    if (size < 2 || size > length - at) refuse(DICOM_DECODER, "a JPEG segment is cut short");
    return size;
  }

  void huffmanTables(const uint8_t *p, size_t left) {
    while (left >= 17) {
      size_t total = 0;
      for (int i = 1; i <= 16; i++) total += p[i];
      if (p[0] > 3 || total > 256 || total > left - 17) break;
      tables[p[0]].define(p + 1, p + 17, total);
      p += 17 + total;
      left -= 17 + total;
    }
    if (left) refuse(DICOM_DECODER, "a JPEG Huffman table makes no sense");
  }

  // Size and number of components have been compared with the header by readJPEGFrame.
  void frame(const uint8_t *p, size_t size) {
    if (precision || size < 6 + 3 * size_t(p[5]) || p[5] != pixels.samples) {
      refuse(DICOM_DECODER, "a JPEG frame header makes no sense");
    }
    precision = p[0];
    for (uint32_t i = 0; i < pixels.samples; i++) {
      identifiers[i] = p[6 + 3 * i];
      if (p[7 + 3 * i] != 0x11) refuse(DICOM_UNSUPPORTED, "a subsampled lossless JPEG stream");
    }
  }

  // There are encoders that work out the sixth prediction's difference in 16 bits, where it
  // overflows (DCMTK knows them too, as an option). What they wrote looks like what the standard
  // wants, and is noise if decoded so: of both images the smoother one is meant.
  void scan(const uint8_t *p, size_t size) {
    size_t count = size ? p[0] : 0;
    if (!precision || count < 1 || count > pixels.samples || size != 4 + 2 * count) {
      refuse(DICOM_DECODER, "a JPEG scan header makes no sense");
    }
    const HuffmanTable *used[4];
    size_t planes[4];
    for (size_t i = 0; i < count; i++) {
      planes[i] = 0;
      while (planes[i] < pixels.samples && identifiers[planes[i]] != p[1 + 2 * i]) planes[i]++;
      size_t table = p[2 + 2 * i] >> 4;
      if (planes[i] == pixels.samples || table > 3 || !tables[table].isDefined) {
        refuse(DICOM_DECODER, "a JPEG scan names a component or table that is not there");
      }
      used[i] = &tables[table];
    }
    uint32_t selection = p[1 + 2 * count], shift = p[3 + 2 * count] & 15;
    if (selection < 1 || selection > 7 || shift >= precision) {
      refuse(DICOM_DECODER, "a JPEG scan header makes no sense");
    }
    size_t start = at;
    rows(used, planes, count, selection, shift);
    if (selection == 6 && precision == 16 && pixels.bits_allocated == 16) {
      std::vector<uint8_t> correct(buffer, buffer + bytesOfFrame());
      size_t roughness = this->roughness();
      at = start;
      rows(used, planes, count, 8, shift);
      if (this->roughness() >= roughness) std::copy(correct.begin(), correct.end(), buffer);
    }
    decoded += uint32_t(count);
  }

  size_t bytesOfFrame() const {
    return size_t(pixels.samples) * pixels.rows * pixels.columns * pixels.bits_allocated / 8;
  }

  // How much neighbours in a row differ, modulo 2^16, so that signed and unsigned samples are alike.
  size_t roughness() const {
    size_t sum = 0;
    for (size_t i = 2; i < bytesOfFrame(); i += 2) {
      int16_t left, right;
      memcpy(&left, buffer + i - 2, 2);
      memcpy(&right, buffer + i, 2);
      sum += size_t(std::abs(int(int16_t(right - left))));
    }
    return sum;
  }

  // The bytes up to the next marker, without stuffing, and room for a row's worth of zeros.
  BitReader segment(size_t slack) {
    plain.clear();
    while (at < length) {
      const void *found = memchr(bytes + at, 0xFF, length - at);
      size_t stop = found ? size_t(static_cast<const uint8_t *>(found) - bytes) : length;
      plain.insert(plain.end(), bytes + at, bytes + stop);
      at = stop;
      if (at + 1 >= length || bytes[at + 1] != 0) break;
      plain.push_back(0xFF);
      at += 2;
    }
    size_t used = plain.size();
    plain.resize(used + slack);
    return {plain.data(), plain.data() + used};
  }

  void expectRestart(size_t number) {
    while (at + 1 < length && bytes[at] == 0xFF && bytes[at + 1] == 0xFF) at++;
    if (length - at < 2 || bytes[at] != 0xFF || bytes[at + 1] != 0xD0 + number % 8) {
      refuse(DICOM_DECODER, "a JPEG restart marker is missing");
    }
    at += 2;
  }

  void rows(
      const HuffmanTable *const *used, const size_t *planes, size_t count, uint32_t selection,
      uint32_t shift) {
    size_t columns = pixels.columns;
    if (restart % columns) refuse(DICOM_UNSUPPORTED, "a JPEG restart interval inside a row");
    size_t interval = restart ? restart / columns : pixels.rows;
    static constexpr decltype(&decodeRow<1>) decoders[] = {
        decodeRow<1>, decodeRow<2>, decodeRow<3>, decodeRow<4>,
        decodeRow<5>, decodeRow<6>, decodeRow<7>, decodeRow<8>};
    // The first row is predicted from the left; its first sample is the middle of the range.
    std::vector<uint16_t> above(columns * count), row(columns * count);
    BitReader reader = {nullptr, nullptr};
    for (size_t y = 0; y < pixels.rows; y++) {
      bool isFirst = y % interval == 0;
      if (isFirst) {
        if (y) finish(reader);
        if (y) expectRestart(y / interval - 1);
        reader = segment(columns * count * 4 + 64);
        std::fill(above.begin(), above.end(), uint16_t(1u << (precision - shift - 1)));
      }
      decoders[isFirst ? 0 : selection - 1](reader, used, count, columns, above.data(), row.data());
      if (reader.isOverrun()) refuse(DICOM_DECODER, "a JPEG stream is cut short in row %zu", y + 1);
      for (size_t i = 0; i < count; i++) store(row.data() + i, count, planes[i], y, shift);
      std::swap(above, row);
    }
    finish(reader);
  }

  // Codes go on matching in a damaged stream; what shows is that its end is not met.
  void finish(const BitReader &reader) {
    if (reader.hasMuchLeft()) refuse(DICOM_DECODER, "a JPEG stream is damaged");
  }

  void store(const uint16_t *row, size_t step, size_t plane, size_t y, uint32_t shift) {
    size_t columns = pixels.columns, width = pixels.bits_allocated / 8;
    uint8_t *out = buffer + (plane * pixels.rows + y) * columns * width;
    if (width == 2 && step == 1 && shift == 0) {
      memcpy(out, row, columns * 2);
      return;
    }
    for (size_t x = 0; x < columns; x++) {
      uint32_t value = uint32_t(row[x * step]) << shift & 0xFFFF;
      memcpy(out + x * width, &value, width);
    }
  }
};

}  // namespace

void decodeJPEGLossless(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  Decoder(bytes, length, pixels, buffer).run();
}
