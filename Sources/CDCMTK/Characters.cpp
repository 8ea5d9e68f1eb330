// Text in the character sets of PS3.3 C.12.1.1.2, with the code extensions of PS3.5 6.1.2.5.
//
// Escape sequences are followed here and single characters decoded by iconv in encodings without
// a state: hostile bytes reach no converter that follows escapes by itself.
#include "Characters.hpp"

#include <iconv.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

namespace {

const char *const replacement = "\xEF\xBF\xBD";
constexpr char escape = 0x1B;

class Converter {
 public:
  explicit Converter(const char *encoding) : handle(iconv_open("UTF-8", encoding)) {}
  Converter(const Converter &) = delete;
  ~Converter() {
    if (isOpen()) iconv_close(handle);
  }

  // Each byte that begins no character becomes U+FFFD.
  void append(const char *bytes, size_t length, std::string &text) {
    char *in = const_cast<char *>(bytes);
    while (length > 0) {
      char room[256];
      char *out = room;
      size_t left = sizeof room, before = length;
      bool isDone = isOpen() && iconv(handle, &in, &length, &out, &left) != size_t(-1);
      text.append(room, sizeof room - left);
      if (isDone || length < before) continue;
      text += replacement;
      in++;
      length--;
    }
  }

 private:
  iconv_t handle;
  bool isOpen() const { return handle != iconv_t(-1); }
};

// Opening a converter may load a library, so each stays open on its thread.
Converter &converter(const char *encoding) {
  static thread_local std::map<std::string, Converter> open;
  return open.try_emplace(encoding, encoding).first->second;
}

// One character set in G0 or G1: how its codes are written in `encoding`.
struct Set {
  const char *encoding = nullptr;  // null: nothing but ASCII
  unsigned width = 1;
  const char *prefix = "";
};

// By the number in a defined term and by the escape sequence behind its ESC (PS3.3 tables C.12-2 to
// C.12-4). ISO-IR 14 stands for ASCII: its yen and overline are the keys of backslash and tilde.
struct Known {
  int number;
  const char *sequence;
  bool isG0;
  Set set;
};
const Known known[] = {
    {6, "(B", true, {}},
    {13, "(J", true, {}},
    {13, ")I", false, {"SJIS"}},
    {100, "-A", false, {"ISO-8859-1"}},
    {101, "-B", false, {"ISO-8859-2"}},
    {109, "-C", false, {"ISO-8859-3"}},
    {110, "-D", false, {"ISO-8859-4"}},
    {126, "-F", false, {"ISO-8859-7"}},
    {127, "-G", false, {"ISO-8859-6"}},
    {138, "-H", false, {"ISO-8859-8"}},
    {144, "-L", false, {"ISO-8859-5"}},
    {148, "-M", false, {"ISO-8859-9"}},
    {166, "-T", false, {"ISO-8859-11"}},
    {203, "-b", false, {"ISO-8859-15"}},
    {58, "$)A", false, {"EUC-CN", 2}},
    {149, "$)C", false, {"EUC-KR", 2}},
    {87, "$B", true, {"EUC-JP", 2}},
    {159, "$(D", true, {"EUC-JP", 2, "\x8F"}},
};

// The number of `ISO_IR 100` or `ISO 2022 IR 100`, also where blanks and underscores are mixed up;
// 6 for nothing, which is the default repertoire; 0 for other words.
int numberOf(const std::string &term) {
  if (term.empty()) return 6;
  size_t place = term.find("IR");
  if (term.compare(0, 3, "ISO") != 0 || place == std::string::npos) return 0;
  place = term.find_first_of("0123456789", place);
  return place == std::string::npos || term.size() - place > 4 ? 0 : atoi(term.c_str() + place);
}

class Text {
 public:
  Text(int number, Parts parts, std::string &text) : parts(parts), text(text) {
    for (const Known &one : known)
      if (one.number == number && !one.isG0) first = one.set;
    g1 = first;
  }

  void append(const char *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
      uint8_t byte = uint8_t(bytes[at]);
      const Set &set = byte & 0x80 ? g1 : g0;
      if (byte == escape) {
        at += designated(bytes + at + 1, length - at - 1);
      } else if (byte < 0x80 && (byte <= 0x20 || byte == 0x7F || !set.encoding)) {
        text += char(byte);
        if (divides(byte)) restart();
        at++;
      } else {
        at += character(set, bytes + at, length - at);
      }
    }
  }

 private:
  const Parts parts;
  std::string &text;
  Set first, g0, g1;

  bool divides(uint8_t byte) const {
    if (byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r') return true;
    if (byte == '\\') return parts != Parts::whole;
    return parts == Parts::names && (byte == '^' || byte == '=');
  }

  // Where the first set has no G1 there is nothing to go back to: writers that do not say theirs
  // again are read as they mean it.
  void restart() {
    g0 = Set();
    if (first.encoding) g1 = first;
  }

  // Takes a set in use; returns the bytes of its sequence, ESC with them.
  size_t designated(const char *bytes, size_t length) {
    for (const Known &one : known) {
      size_t size = strlen(one.sequence);
      if (size > length || memcmp(bytes, one.sequence, size) != 0) continue;
      (one.isG0 ? g0 : g1) = one.set;
      return size + 1;
    }
    text += replacement;
    return 1;
  }

  // Decodes one character; returns its bytes, 1 where they are none.
  size_t character(const Set &set, const char *bytes, size_t length) {
    bool isWhole = set.encoding && set.width <= length;
    if (isWhole && set.width == 2) {
      uint8_t second = uint8_t(bytes[1]), low = second & 0x7F;
      isWhole = low > 0x20 && low < 0x7F && (second & 0x80) == (uint8_t(bytes[0]) & 0x80);
    }
    if (!isWhole) {
      text += replacement;
      return 1;
    }
    std::string code = set.prefix;
    for (unsigned i = 0; i < set.width; i++) code += char(bytes[i] | 0x80);
    std::string one;
    converter(set.encoding).append(code.data(), code.size(), one);
    // Codes that the set lacks are one character all the same.
    text += one.find(replacement) == std::string::npos ? one : replacement;
    return set.width;
  }
};

}  // namespace

bool decodeText(
    const std::string &sets, Parts parts, const char *bytes, size_t length, std::string &text) {
  std::string term = sets.substr(0, sets.find('\\'));
  term.erase(term.find_last_not_of(" \0", std::string::npos, 2) + 1);
  // Sets without code extensions (PS3.3 C.12.1.1.2) come alone.
  if (term == "ISO_IR 192" || term == "GB18030" || term == "GBK") {
    converter(term[0] == 'I' ? "UTF-8" : term.c_str()).append(bytes, length, text);
    return true;
  }
  int number = numberOf(term);
  bool isKnown = false;
  for (const Known &one : known) isKnown = isKnown || one.number == number;
  bool isDefault = number == 6 && sets.find('\\') == std::string::npos;
  if (!isKnown || isDefault) return false;
  Text(number, parts, text).append(bytes, length);
  return true;
}
