#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes before every other header of DCMTK.
#include <dcmtk/dcmdata/dctk.h>

#include <memory>

#include "Layout.hpp"

// The bytes of a file: mapped, or copied by the caller's wish.
class Bytes {
 public:
  static Bytes map(const char *path, size_t limit);
  static Bytes copy(const void *source, size_t length);
  Bytes(Bytes &&other) noexcept;
  Bytes(const Bytes &) = delete;
  ~Bytes();
  const uint8_t *data = nullptr;
  size_t length = 0;

 private:
  Bytes() = default;
  bool isMapped = false;
};

struct dicom_file {
  Bytes bytes;
  Layout layout;
  DcmDataset dataset;  // up to the pixel data, without them
  dicom_pixels pixels = {};
  std::vector<size_t> frameStarts;  // first fragment of each frame; empty if that is not known
  explicit dicom_file(Bytes &&source) : bytes(std::move(source)) {}
};

inline DcmItem *itemOf(const dicom_item *item) {
  return const_cast<DcmItem *>(reinterpret_cast<const DcmItem *>(item));
}
inline const dicom_item *handleOf(DcmItem *item) {
  return reinterpret_cast<const dicom_item *>(item);
}
inline DcmTagKey keyOf(uint32_t tag) { return DcmTagKey(tag >> 16, tag & 0xFFFF); }

// Keeps DCMTK from writing to standard error by itself; what matters comes back as a status.
void silence();

// The first fragment of each frame, from the fragments and offset tables (PS3.5 A.4).
std::vector<size_t> findFrameStarts(const dicom_file &file);

dicom_pixels describePixels(const dicom_file &file);

// Rows × columns samples of one frame of JPEG 2000, little endian, into `buffer`.
void decodeJPEG2000(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, void *buffer, size_t size);

// What a JPEG or JPEG-LS stream says of itself; throws Refusal where its markers make no sense.
struct JPEGFrame {
  uint32_t precision = 0, rows = 0, columns = 0, components = 0;
};
JPEGFrame readJPEGFrame(const uint8_t *bytes, size_t length);
