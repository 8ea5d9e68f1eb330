// Deflated data sets (PS3.5 A.5) and files inside gzip, unpacked under a cap before anything else
// looks at them; and deflated frames, whose size is known.
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "Decoders.hpp"
#include "File.hpp"
#include "Guard.hpp"

namespace {

constexpr size_t freeOfRatio = size_t(64) << 20;  // a data set of zeros shrinks a thousandfold

struct Inflater {
  z_stream stream = {};
  explicit Inflater(int window) {
    if (inflateInit2(&stream, window) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
};

// Room that grows with what arrives, up to a limit.
struct Growing {
  uint8_t *data = nullptr;
  size_t length = 0, capacity = 0, limit;
  explicit Growing(size_t limit) : limit(limit) {}
  ~Growing() { free(data); }
  void reserve(size_t wanted) {
    if (wanted <= capacity) return;
    void *moved = realloc(data, wanted);
    if (!moved) throw std::bad_alloc();
    data = static_cast<uint8_t *>(moved);
    capacity = wanted;
  }
  void grow() {
    if (capacity >= limit) refuse(DICOM_LIMIT, "it inflates to more than %zu bytes", limit);
    reserve(std::min(limit, std::max<size_t>(capacity * 2, 1 << 16)));
  }
};

void inflateAll(Inflater &inflater, Growing &out, bool isGzip, size_t prefix) {
  z_stream &stream = inflater.stream;
  while (true) {
    if (out.length == out.capacity) out.grow();
    stream.next_out = out.data + out.length;
    stream.avail_out = uInt(std::min<size_t>(out.capacity - out.length, 1 << 30));
    int result = inflate(&stream, Z_NO_FLUSH);
    out.length = size_t(stream.next_out - out.data);
    if (isGzip && out.length >= prefix + 132 && memcmp(out.data + prefix + 128, "DICM", 4)) {
      refuse(DICOM_NOT_DICOM, "a gzip file that holds no DICOM file");
    }
    if (result == Z_STREAM_END) return;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_BUF_ERROR) refuse(DICOM_MALFORMED, "its deflated bytes are damaged");
    if (stream.avail_in == 0 && stream.avail_out) {
      refuse(DICOM_MALFORMED, "its deflated bytes are cut short");
    }
  }
}

}  // namespace

Bytes Bytes::inflated(const Bytes &source, size_t start, bool isGzip, const dicom_limits &limits) {
  size_t packed = source.length - start, ratio = std::max<size_t>(1, limits.inflate_ratio);
  size_t byRatio = packed > SIZE_MAX / ratio ? SIZE_MAX : packed * ratio;
  Growing out(std::min(limits.file_bytes, start + std::max(freeOfRatio, byRatio)));
  out.reserve(std::min(out.limit, start + std::max<size_t>(packed * 3, 1 << 12)));
  if (packed > UINT32_MAX || out.limit <= start) refuse(DICOM_LIMIT, "the file is too large");
  memcpy(out.data, source.data, start);
  out.length = start;
  Inflater inflater(isGzip ? MAX_WBITS + 16 : -MAX_WBITS);
  inflater.stream.next_in = const_cast<Bytef *>(source.data + start);
  inflater.stream.avail_in = uInt(packed);
  inflateAll(inflater, out, isGzip, start);
  Bytes bytes;
  bytes.data = out.data;
  bytes.length = out.length;
  out.data = nullptr;
  return bytes;
}

void inflateExactly(const uint8_t *bytes, size_t length, uint8_t *buffer, size_t size) {
  Inflater inflater(-MAX_WBITS);
  z_stream &stream = inflater.stream;
  uint8_t beyond;
  stream.next_in = const_cast<Bytef *>(bytes);
  stream.avail_in = uInt(length);
  stream.next_out = buffer;
  stream.avail_out = uInt(size);
  int result = inflate(&stream, Z_FINISH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result == Z_BUF_ERROR && stream.avail_out == 0) {  // the end may be all that is left
    stream.next_out = &beyond;
    stream.avail_out = 1;
    result = inflate(&stream, Z_FINISH);
    if (stream.avail_out == 0) refuse(DICOM_PIXELS, "a deflated frame holds more than its pixels");
  }
  if (result != Z_STREAM_END) refuse(DICOM_PIXELS, "a deflated frame is damaged or cut short");
  if (stream.total_out != size) refuse(DICOM_PIXELS, "a deflated frame holds less than its pixels");
}
