// One element of a DICOM file at a time, as its bytes say (PS3.5 section 7.1).
#pragma once

#include <cstddef>
#include <cstdint>

#include "Guard.hpp"

inline bool isUpper(uint8_t c) { return c >= 'A' && c <= 'Z'; }

// VRs of PS3.5 table 7.1-1 with a 32-bit length, and those to come (two capitals, unknown).
inline bool hasLongLength(const uint8_t *vr) {
  static const char *const brief[] = {"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS",
                                      "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL",
                                      "US"};
  for (const char *name : brief)
    if (vr[0] == name[0] && vr[1] == name[1]) return false;
  return isUpper(vr[0]) && isUpper(vr[1]);
}

inline bool isKnownVR(const uint8_t *vr) {
  static const char *const wide[] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                     "SV", "UC", "UN", "UR", "UT", "UV"};
  if (!isUpper(vr[0]) || !isUpper(vr[1])) return false;
  for (const char *name : wide)
    if (vr[0] == name[0] && vr[1] == name[1]) return true;
  return !hasLongLength(vr);
}

struct Element {
  uint32_t tag = 0;
  uint8_t vr[2] = {0, 0};
  uint32_t length = 0;
  size_t value = 0;  // offset of its first byte
  bool is(const char *name) const { return vr[0] == name[0] && vr[1] == name[1]; }
};

// The bytes of a whole file, from which elements are read at any place.
struct ElementBytes {
  const uint8_t *bytes;
  size_t length;

  uint32_t u16(size_t offset, bool big) const {
    const uint8_t *p = bytes + offset;
    return big ? uint32_t(p[0]) << 8 | p[1] : uint32_t(p[1]) << 8 | p[0];
  }
  uint32_t u32(size_t offset, bool big) const {
    return big ? u16(offset, big) << 16 | u16(offset + 2, big)
               : u16(offset + 2, big) << 16 | u16(offset, big);
  }
  uint32_t tagAt(size_t offset, bool big) const {
    return u16(offset, big) << 16 | u16(offset + 2, big);
  }

  // For each element of each file: a call of its own would cost a header read a part of its time.
  [[gnu::always_inline]] Element header(size_t offset, bool isExplicit, bool big) const {
    if (length - offset < 8) refuse(DICOM_MALFORMED, "the file ends inside an element at byte %zu", offset);
    Element element;
    element.tag = tagAt(offset, big);
    element.value = offset + 8;
    if (!isExplicit || element.tag >> 16 == 0xFFFE) {
      element.length = u32(offset + 4, big);
      return element;
    }
    element.vr[0] = bytes[offset + 4];
    element.vr[1] = bytes[offset + 5];
    if (!hasLongLength(element.vr)) {
      element.length = u16(offset + 6, big);
      return element;
    }
    if (length - offset < 12) refuse(DICOM_MALFORMED, "the file ends inside an element at byte %zu", offset);
    element.length = u32(offset + 8, big);
    element.value = offset + 12;
    return element;
  }
};
