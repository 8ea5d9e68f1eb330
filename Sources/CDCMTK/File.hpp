#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes before every other header of DCMTK.
#include <dcmtk/dcmdata/dctk.h>

#include <memory>

#include "Layout.hpp"

// The bytes of a file: mapped, or in memory where they are few, the caller had them or they were
// inflated.
class Bytes {
 public:
  // Of a file that is not wanted whole, no more is read than is looked at.
  static Bytes open(const char *path, bool isWhole, size_t limit);
  static Bytes copy(const void *source, size_t length);
  static Bytes room(size_t length);
  // The first `start` bytes as they are, then the rest inflated.
  static Bytes inflated(
      const Bytes &source, size_t start, bool isGzip, const dicom_limits &limits);
  Bytes(Bytes &&other) noexcept;
  Bytes &operator=(Bytes &&other) noexcept;
  Bytes(const Bytes &) = delete;
  ~Bytes();
  const uint8_t *data = nullptr;
  size_t length = 0;

 private:
  static Bytes read(int descriptor, size_t length);  // closes it
  Bytes() = default;
  bool isMapped = false;
};

struct dicom_file {
  Bytes bytes;
  Layout layout;
  dicom_pixels pixels = {};
  std::vector<size_t> frameStarts;  // first fragment of each frame; empty if that is not known
  explicit dicom_file(Bytes &&source) : bytes(std::move(source)) {}
};

inline DcmItem *itemOf(const dicom_item *item) {
  return const_cast<DcmItem *>(reinterpret_cast<const DcmItem *>(item));
}

// A data set or an item that is read is a node of our own scan, one that is written is DCMTK's.
inline const Node *nodeOf(const dicom_item *item) { return reinterpret_cast<const Node *>(item); }
inline const dicom_item *handleOf(const Node *node) {
  return reinterpret_cast<const dicom_item *>(node);
}
inline DcmTagKey keyOf(uint32_t tag) { return DcmTagKey(tag >> 16, tag & 0xFFFF); }

// Keeps DCMTK from writing to standard error by itself; what matters comes back as a status.
void silence();

// Warnings of DCMTK's JPEG decoders on this thread since the making of this value.
class DecoderWarnings {
 public:
  DecoderWarnings();
  unsigned count() const;

 private:
  unsigned before;
};

// The first fragment of each frame, from the fragments and offset tables (PS3.5 A.4).
std::vector<size_t> findFrameStarts(const dicom_file &file);

dicom_pixels describePixels(const dicom_file &file);
