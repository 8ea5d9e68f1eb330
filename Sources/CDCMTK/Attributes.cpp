// Reading single attributes, from the places that our own scan of the file found.
#include <strings.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "Characters.hpp"
#include "File.hpp"
#include "Guard.hpp"

namespace {

// What a value is made of, by its VR (PS3.5 6.2).
enum class Kind { text, bytes, words, sequence, u16, s16, u32, s32, f32, f64, other };

Kind kindOf(const uint8_t *vr) {
  static const struct { char name[3]; Kind kind; } kinds[] = {
      {"DS", Kind::text}, {"UI", Kind::text}, {"LO", Kind::text}, {"CS", Kind::text},
      {"US", Kind::u16},  {"IS", Kind::text}, {"SH", Kind::text}, {"DA", Kind::text},
      {"TM", Kind::text}, {"PN", Kind::text}, {"AE", Kind::text}, {"AS", Kind::text},
      {"DT", Kind::text}, {"LT", Kind::text}, {"ST", Kind::text}, {"UC", Kind::text},
      {"UR", Kind::text}, {"UT", Kind::text}, {"SQ", Kind::sequence}, {"OB", Kind::bytes},
      {"UN", Kind::bytes}, {"OW", Kind::words}, {"SS", Kind::s16}, {"UL", Kind::u32},
      {"SL", Kind::s32},  {"FL", Kind::f32},  {"FD", Kind::f64},  {"AT", Kind::other},
      {"OD", Kind::other}, {"OF", Kind::other}, {"OL", Kind::other}, {"OV", Kind::other},
      {"SV", Kind::other}, {"UV", Kind::other}};
  for (const auto &one : kinds)
    if (vr[0] == one.name[0] && vr[1] == one.name[1]) return one.kind;
  return Kind::bytes;
}

// In implicit VR the dictionary of PS3.6 says it; of private elements only their bytes are known.
Kind kindOf(uint32_t tag) {
  DcmVR vr(DcmTag(keyOf(tag)).getEVR());
  switch (vr.getEVR()) {
    case EVR_xs: return Kind::u16;
    case EVR_up: return Kind::u32;
    case EVR_lt: return Kind::words;
    case EVR_UNKNOWN: case EVR_UNKNOWN2B: case EVR_ox: case EVR_px: return Kind::bytes;
    default: return kindOf(reinterpret_cast<const uint8_t *>(vr.getVRName()));
  }
}

struct Value {
  Kind kind;
  const uint8_t *bytes;
  size_t length;
  bool isBigEndian;
};

bool find(const dicom_item *item, uint32_t tag, Value &value) {
  const Node *node = nodeOf(item);
  const Entry *entry = node->find(tag);
  if (!entry) return false;
  value.kind = entry->isSequence ? Kind::sequence
               : node->isExplicit ? kindOf(entry->vr)
                                  : kindOf(tag);
  value.bytes = node->bytes + entry->value.offset;
  value.length = entry->value.length;
  value.isBigEndian = node->layout->isBigEndian;
  return true;
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

size_t widthOf(Kind kind) {
  switch (kind) {
    case Kind::u16: case Kind::s16: return 2;
    case Kind::u32: case Kind::s32: case Kind::f32: return 4;
    case Kind::f64: return 8;
    default: return 0;
  }
}

double number(const Value &value, size_t index) {
  size_t width = widthOf(value.kind);
  const uint8_t *p = value.bytes + index * width;
  uint64_t bits = 0;
  for (size_t i = 0; i < width; i++) bits = bits << 8 | p[value.isBigEndian ? i : width - 1 - i];
  float f32;
  double f64;
  switch (value.kind) {
    case Kind::u16: case Kind::u32: return double(bits);
    case Kind::s16: return int16_t(bits);
    case Kind::s32: return int32_t(bits);
    case Kind::f32: {
      uint32_t low = uint32_t(bits);
      memcpy(&f32, &low, 4);
      return f32;
    }
    default: memcpy(&f64, &bits, 8); return f64;
  }
}

std::vector<double> numbersOf(const Value &value) {
  if (value.kind == Kind::text || value.kind == Kind::bytes) {
    const char *text = reinterpret_cast<const char *>(value.bytes);
    return decimals(std::string(text, strnlen(text, value.length)));
  }
  size_t width = widthOf(value.kind);
  if (!width) return {NAN};
  std::vector<double> values(value.length / width);
  for (size_t i = 0; i < values.size(); i++) values[i] = number(value, i);
  return values;
}

// Numbers as text; false for what is none.
bool textOf(const Value &value, std::string &text) {
  if (!widthOf(value.kind)) return false;
  for (double one : numbersOf(value)) {
    char digits[32];
    snprintf(digits, sizeof digits, text.empty() ? "%.17g" : "\\%.17g", one);
    text += digits;
  }
  return true;
}

// The bytes of a text without its padding.
void trim(const char *&bytes, size_t &length) {
  auto isPadding = [](char c) { return c == ' ' || c == 0; };
  while (length > 0 && isPadding(bytes[length - 1])) length--;
  for (; length > 0 && isPadding(*bytes); length--) bytes++;
}

// Whether Specific Character Set is about an element (PS3.5 6.1.2.3), and how its values are divided.
bool isInSets(const dicom_item *item, uint32_t tag, Parts &parts) {
  const Node *node = nodeOf(item);
  const Entry *entry = node->find(tag);
  if (!entry) return false;
  DcmVR dictionary(DcmTag(keyOf(tag)).getEVR());
  std::string vr = node->isExplicit ? std::string(reinterpret_cast<const char *>(entry->vr), 2)
                                    : dictionary.getVRName();
  parts = vr == "PN" ? Parts::names
          : vr == "LO" || vr == "SH" || vr == "UC" ? Parts::values : Parts::whole;
  return parts != Parts::whole || vr == "LT" || vr == "ST" || vr == "UT";
}

// Specific Character Set of an item: its own, or that of what it lies in.
std::string setsOf(const Node *node) {
  while (node && !node->find(0x00080005)) node = node->parent;
  const Entry *entry = node ? node->find(0x00080005) : nullptr;
  if (!entry || entry->isSequence || entry->value.length > 1024) return "";
  auto bytes = reinterpret_cast<const char *>(node->bytes);
  return std::string(bytes + entry->value.offset, entry->value.length);
}

}  // namespace

ptrdiff_t dicom_text(const dicom_item *item, uint32_t tag, char *text, size_t capacity) {
  ptrdiff_t needed = -1;
  guarded(nullptr, [&] {
    Value value;
    std::string found;
    if (!find(item, tag, value)) return;
    const char *bytes = reinterpret_cast<const char *>(value.bytes);
    size_t length = value.length;
    if (value.kind == Kind::text) {
      length = strnlen(bytes, length);
    } else if (value.kind != Kind::bytes) {
      if (!textOf(value, found)) return;
      bytes = found.data();
      length = found.size();
    }
    trim(bytes, length);
    memcpy(text, bytes, std::min(capacity, length));
    needed = ptrdiff_t(length);
  });
  return needed;
}

ptrdiff_t dicom_characters(const dicom_item *item, uint32_t tag, char *text, size_t capacity) {
  ptrdiff_t written = -1;
  guarded(nullptr, [&] {
    Value value;
    Parts parts;
    std::string found;
    if (!find(item, tag, value) || value.kind != Kind::text || !isInSets(item, tag, parts)) return;
    const char *bytes = reinterpret_cast<const char *>(value.bytes);
    size_t length = strnlen(bytes, value.length);
    trim(bytes, length);
    if (!decodeText(setsOf(nodeOf(item)), parts, bytes, length, found)) return;
    written = ptrdiff_t(std::min(capacity, found.size()));
    memcpy(text, found.data(), size_t(written));
  });
  return written;
}

ptrdiff_t dicom_numbers(
    const dicom_item *item, uint32_t tag, double *values, size_t capacity) {
  ptrdiff_t count = -1;
  guarded(nullptr, [&] {
    Value value;
    if (!find(item, tag, value)) return;
    std::vector<double> all = numbersOf(value);
    for (double one : all)
      if (!std::isfinite(one)) return;
    std::copy_n(all.begin(), std::min(capacity, all.size()), values);
    count = ptrdiff_t(all.size());
  });
  return count;
}

const uint8_t *dicom_bytes(const dicom_item *item, uint32_t tag, size_t *length) {
  Value value;
  *length = 0;
  bool isThere = find(item, tag, value) && value.kind == Kind::bytes && value.length > 0;
  if (!isThere) return nullptr;
  *length = value.length;
  return value.bytes;
}

const uint16_t *dicom_words(const dicom_item *item, uint32_t tag, size_t *count) {
  const uint16_t *found = nullptr;
  *count = 0;
  guarded(nullptr, [&] {
    Value value;
    if (!find(item, tag, value) || value.length < 2) return;
    if (value.kind != Kind::u16 && value.kind != Kind::s16 && value.kind != Kind::words) return;
    value.kind = Kind::u16;
    std::vector<uint16_t> words(value.length / 2);
    for (size_t i = 0; i < words.size(); i++) words[i] = uint16_t(number(value, i));
    auto &kept = nodeOf(item)->layout->words;
    kept.push_back(std::move(words));
    found = kept.back().data();
    *count = kept.back().size();
  });
  return found;
}

uint32_t dicom_private_block(const dicom_item *item, uint32_t group, const char *creator) {
  const Node *node = nodeOf(item);
  const uint32_t first = group << 16 | 0x10, last = group << 16 | 0xFF;
  size_t i = 0;
  if (node->isSorted) {
    auto begin = node->tags.begin();
    i = size_t(std::lower_bound(begin, node->tags.end(), first) - begin);
  }
  for (; i < node->tags.size() && !(node->isSorted && node->tags[i] > last); i++) {
    const Entry &entry = node->entries[i];
    if (node->tags[i] < first || node->tags[i] > last || entry.isSequence) continue;
    const char *name = reinterpret_cast<const char *>(node->bytes + entry.value.offset);
    size_t length = strnlen(name, entry.value.length);
    trim(name, length);
    bool isOwn = creator ? length == strlen(creator) && !strncasecmp(name, creator, length) : length;
    if (isOwn) return node->tags[i] & 0xFF;
  }
  return 0;
}

size_t dicom_items(
    const dicom_item *item, uint32_t tag, const dicom_item **items, size_t capacity) {
  const Entry *entry = nodeOf(item)->find(tag);
  if (!entry || !entry->isSequence) return 0;
  for (size_t i = 0; i < std::min(capacity, entry->items.size()); i++)
    items[i] = handleOf(entry->items[i]);
  return entry->items.size();
}
