// Reading single attributes.
#include <cmath>
#include <cstdlib>
#include <string>

#include "File.hpp"
#include "Guard.hpp"

namespace {

DcmElement *elementOf(const dicom_item *item, uint32_t tag) {
  DcmElement *element = nullptr;
  if (itemOf(item)->findAndGetElement(keyOf(tag), element, OFFalse).bad()) return nullptr;
  return element;
}

std::string trimmed(const std::string &text) {
  size_t first = text.find_first_not_of(" \0", 0, 2);
  size_t last = text.find_last_not_of(" \0", std::string::npos, 2);
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// A decimal string of PS3.5 6.2, in the C locale whatever the process has; NAN where it is none.
double decimal(const std::string &text) {
  std::string digits = trimmed(text);
  if (digits.empty() || digits.size() > 64) return NAN;
  for (char c : digits)
    if (!strchr("+-.eE0123456789", c)) return NAN;
  OFBool good = OFFalse;
  double value = OFStandard::atof(digits.c_str(), &good);
  return good ? value : NAN;
}

// Elements that only their bytes are known of; private ones of implicit VR among them.
bool isBinary(DcmEVR vr) {
  return vr == EVR_OB || vr == EVR_UN || vr == EVR_OW || vr == EVR_ox || vr == EVR_UNKNOWN ||
         vr == EVR_UNKNOWN2B;
}

// The text of an element of any VR; the bytes of one whose VR is not known.
bool textOf(DcmElement *element, std::string &text) {
  DcmEVR vr = element->ident();
  if (vr == EVR_SQ || vr == EVR_PixelData || vr == EVR_pixelSQ) return false;
  if (isBinary(vr)) {
    Uint8 *bytes = nullptr;
    if (vr == EVR_OW || element->getUint8Array(bytes).bad()) return false;
    if (bytes) text.assign(reinterpret_cast<char *>(bytes), element->getLength());
    return true;
  }
  OFString whole;
  if (element->isaString()) {
    char *raw = nullptr;
    Uint32 length = 0;
    if (element->getString(raw, length).bad()) return false;
    if (raw) text.assign(raw, strnlen(raw, length));
    return true;
  }
  if (element->getOFStringArray(whole, OFFalse).bad()) return false;
  text.assign(whole.c_str(), whole.size());
  return true;
}

// One value of a numeric VR; NAN where it is none.
double number(DcmElement *element, unsigned long index) {
  Float64 f64 = 0;
  Float32 f32 = 0;
  Uint32 u32 = 0;
  Sint32 s32 = 0;
  Uint16 u16 = 0;
  Sint16 s16 = 0;
  switch (element->ident()) {
    case EVR_FD: return element->getFloat64(f64, index).good() ? f64 : NAN;
    case EVR_FL: return element->getFloat32(f32, index).good() ? double(f32) : NAN;
    case EVR_UL: case EVR_up: return element->getUint32(u32, index).good() ? u32 : NAN;
    case EVR_SL: return element->getSint32(s32, index).good() ? s32 : NAN;
    case EVR_US: case EVR_xs: return element->getUint16(u16, index).good() ? u16 : NAN;
    case EVR_SS: return element->getSint16(s16, index).good() ? s16 : NAN;
    default: return NAN;
  }
}

std::vector<double> decimals(const std::string &text) {
  std::vector<double> values;
  if (trimmed(text).empty()) return values;
  size_t start = 0;
  while (true) {
    size_t stop = text.find('\\', start);
    values.push_back(decimal(text.substr(start, stop - start)));
    if (stop == std::string::npos) return values;
    start = stop + 1;
  }
}

std::vector<double> numbersOf(DcmElement *element) {
  DcmEVR vr = element->ident();
  std::string text;
  if (isBinary(vr) || element->isaString()) {
    return textOf(element, text) ? decimals(text) : std::vector<double>{NAN};
  }
  std::vector<double> values(element->getVM());
  for (size_t i = 0; i < values.size(); i++) values[i] = number(element, i);
  return values;
}

}  // namespace

ptrdiff_t dicom_text(const dicom_item *item, uint32_t tag, char *text, size_t capacity) {
  ptrdiff_t needed = -1;
  guarded(nullptr, [&] {
    DcmElement *element = elementOf(item, tag);
    std::string value;
    if (!element || !textOf(element, value)) return;
    value = trimmed(value);
    memcpy(text, value.data(), std::min(capacity, value.size()));
    needed = ptrdiff_t(value.size());
  });
  return needed;
}

ptrdiff_t dicom_numbers(
    const dicom_item *item, uint32_t tag, double *values, size_t capacity) {
  ptrdiff_t count = -1;
  guarded(nullptr, [&] {
    DcmElement *element = elementOf(item, tag);
    if (!element) return;
    std::vector<double> all = numbersOf(element);
    for (double value : all)
      if (!std::isfinite(value)) return;
    std::copy_n(all.begin(), std::min(capacity, all.size()), values);
    count = ptrdiff_t(all.size());
  });
  return count;
}

const uint8_t *dicom_bytes(const dicom_item *item, uint32_t tag, size_t *length) {
  const uint8_t *found = nullptr;
  *length = 0;
  guarded(nullptr, [&] {
    DcmElement *element = elementOf(item, tag);
    Uint8 *bytes = nullptr;
    if (!element || !isBinary(element->ident()) || element->ident() == EVR_OW) return;
    if (element->getUint8Array(bytes).bad() || !bytes) return;
    found = bytes;
    *length = element->getLength();
  });
  return found;
}

const uint16_t *dicom_words(const dicom_item *item, uint32_t tag, size_t *count) {
  const uint16_t *found = nullptr;
  *count = 0;
  guarded(nullptr, [&] {
    DcmElement *element = elementOf(item, tag);
    Uint16 *words = nullptr;
    if (!element || element->getUint16Array(words).bad()) {
      Sint16 *integers = nullptr;
      if (!element || element->getSint16Array(integers).bad()) return;
      words = reinterpret_cast<Uint16 *>(integers);
    }
    if (!words) return;
    found = words;
    *count = element->getLength() / 2;
  });
  return found;
}

size_t dicom_items(
    const dicom_item *item, uint32_t tag, const dicom_item **items, size_t capacity) {
  size_t count = 0;
  guarded(nullptr, [&] {
    DcmElement *element = elementOf(item, tag);
    if (!element || element->ident() != EVR_SQ) return;
    DcmSequenceOfItems *sequence = static_cast<DcmSequenceOfItems *>(element);
    DcmObject *next = nullptr;
    while ((next = sequence->nextInContainer(next))) {
      if (count < capacity) items[count] = handleOf(static_cast<DcmItem *>(next));
      count++;
    }
  });
  return count;
}
