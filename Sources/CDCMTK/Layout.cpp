#include "Layout.hpp"

#include <algorithm>

#include "ElementBytes.hpp"
#include "Guard.hpp"

namespace {

constexpr uint32_t undefined = 0xFFFFFFFF;
constexpr uint32_t itemTag = 0xFFFEE000, itemEnd = 0xFFFEE00D, sequenceEnd = 0xFFFEE0DD;
constexpr uint32_t pixelTag = 0x7FE00010, extendedOffsetTag = 0x7FE00001;
constexpr uint32_t floatTag = 0x7FE00008, doubleTag = 0x7FE00009;
constexpr const char *deflated = "1.2.840.10008.1.2.1.99";

// A sequence or an item that is open at the present place.
struct Container {
  size_t end;       // past its last byte; SIZE_MAX if it ends by a delimiter
  bool isItem;
  bool isExplicit;  // how its elements are written
  bool isGuess;     // implicit VR, and only its first bytes say that it is a sequence
  Node *node;       // the item itself, or the one that holds the sequence
  size_t entry;     // of a sequence, in its node
};

class Scan : ElementBytes {
 public:
  Scan(const uint8_t *bytes, size_t length, const dicom_limits &limits, Layout &layout)
      : ElementBytes{bytes, length}, limits(limits), layout(layout) {}

  void run() {
    findDataset();
    chooseSyntax();
    layout.dataset.offset = at;
    newNode(layout.isExplicit)->entries.reserve(128);
    walk();
  }

  size_t findDeflated() {
    if (length < 16) return 0;
    findDataset();
    return layout.syntax == deflated ? at : 0;
  }

 private:
  dicom_limits limits;
  Layout &layout;
  size_t at = 0;
  size_t elements = 0;
  std::vector<Container> open;

  // Preamble, meta group and transfer syntax (PS3.10 7.1), with what real files leave out.
  void findDataset() {
    bool isPart10 = length >= 132 && memcmp(bytes + 128, "DICM", 4) == 0;
    at = isPart10 ? 132 : 0;
    if (!isPart10 && !startsLikeDataset()) {
      refuse(DICOM_NOT_DICOM, length == 0 ? "the file is empty" : "no DICM mark and no data set");
    }
    while (length - at >= 8 && u16(at, false) == 2) readMeta();
    if (length - at < 8) refuse(DICOM_MALFORMED, "the file ends before its data set");
  }

  bool startsLikeDataset() const {
    if (length < 16) return false;
    uint32_t group = u16(0, false), element = u16(2, false);
    if (group == 2) return element <= 2 && isKnownVR(bytes + 4);
    if (group != 8 || element > 0x0020) return false;
    return isKnownVR(bytes + 4) || u32(4, false) <= 256;
  }

  void readMeta() {
    Element element = header(at, true, false);
    if (element.length > length - element.value) {
      refuse(DICOM_MALFORMED, "the meta header runs past the end of the file");
    }
    if (element.tag == 0x00020010) {
      layout.syntax.assign(reinterpret_cast<const char *>(bytes + element.value), element.length);
      while (!layout.syntax.empty() && (layout.syntax.back() == 0 || layout.syntax.back() == ' '))
        layout.syntax.pop_back();
    }
    at = element.value + element.length;
  }

  void chooseSyntax() {
    const std::string &syntax = layout.syntax;
    bool looksExplicit = isKnownVR(bytes + at + 4);
    layout.isBigEndian = syntax == "1.2.840.10008.1.2.2";
    layout.isExplicit = syntax != "1.2.840.10008.1.2";
    if (syntax.empty()) {
      layout.syntax = looksExplicit ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2";
    }
    if (layout.isExplicit == looksExplicit) return;
    if (layout.isBigEndian) {
      refuse(
          DICOM_MALFORMED, "the data set is not written in the transfer syntax that it names, %.64s",
          syntax.c_str());
    }
    layout.isExplicit = looksExplicit;  // some writers name one and write the other
  }

  // The native syntaxes (PS3.5 A.1 to A.3) have no fragments, those of JPEG, RLE and
  // deflated frames nothing else; of private syntaxes nothing is known.
  bool mustBeNative() const {
    const std::string &syntax = layout.syntax;
    return syntax == "1.2.840.10008.1.2" || syntax == "1.2.840.10008.1.2.1" ||
           syntax == "1.2.840.10008.1.2.2" || syntax == deflated;
  }
  bool mustBeEncapsulated() const {
    return layout.syntax.compare(0, 20, "1.2.840.10008.1.2.4.") == 0 ||
           layout.syntax == "1.2.840.10008.1.2.5" || layout.syntax == "1.2.840.10008.1.2.8.1";
  }

  void walk() {
    layout.dataset.length = length - at;
    while (true) {
      while (!open.empty() && at >= open.back().end) open.pop_back();
      if (at >= length) break;
      if (++elements > limits.elements) {
        refuse(DICOM_LIMIT, "more than %zu elements", limits.elements);
      }
      if (length - at < 8) {
        if (allZero()) break;
        refuse(DICOM_MALFORMED, "the file ends inside an element at byte %zu", at);
      }
      if (!step()) return;
    }
    for (const Container &container : open)
      if (container.end == SIZE_MAX && !container.isGuess)
        refuse(DICOM_MALFORMED, "the file ends inside a sequence");
  }

  bool allZero() const {
    for (size_t i = at; i < length; i++)
      if (bytes[i]) return false;
    return true;
  }

  Node *newNode(bool isExplicit) {
    layout.nodes.emplace_back();
    Node &node = layout.nodes.back();
    node.layout = &layout;
    node.bytes = bytes;
    node.isExplicit = isExplicit;
    return &node;
  }

  Node *innermost() { return open.empty() ? &layout.nodes.front() : open.back().node; }

  // Keeps where an element lies; returns its place in the node.
  size_t keep(const Element &element) {
    Node *node = innermost();
    Entry entry;
    entry.vr[0] = element.vr[0];
    entry.vr[1] = element.vr[1];
    entry.value = {element.value, element.length == undefined ? 0 : element.length};
    if (!node->tags.empty() && element.tag < node->tags.back()) node->isSorted = false;
    node->tags.push_back(element.tag);
    node->entries.push_back(std::move(entry));
    return node->entries.size() - 1;
  }

  // One element, item or delimiter; false at the pixel data.
  bool step() {
    bool isExplicit = open.empty() ? layout.isExplicit : open.back().isExplicit;
    Element element = header(at, isExplicit, layout.isBigEndian);
    if (element.tag >> 16 == 0xFFFE) {
      delimiter(element, isExplicit);
      return true;
    }
    if (!open.empty() && !open.back().isItem) {
      if (leaveGuess()) return true;
      refuse(DICOM_MALFORMED, "an element outside an item at byte %zu", at);
    }
    if (open.empty() && (element.tag == pixelTag || element.tag == floatTag || element.tag == doubleTag)) {
      pixelData(element);
      return false;
    }
    value(element, isExplicit);
    return true;
  }

  void value(const Element &element, bool isExplicit) {
    bool isSequence = isExplicit ? element.is("SQ") : false;
    bool isUnknown = isExplicit && element.is("UN");
    if (element.length == undefined) {
      if (element.tag == pixelTag && element.is("OB")) return skipFragments(element.value);
      if (isExplicit && !isSequence && !isUnknown) {
        if (leaveGuess()) return;
        refuse(DICOM_MALFORMED, "(%04x,%04x) has no length", element.tag >> 16, element.tag & 0xFFFF);
      }
      push({SIZE_MAX, false, isExplicit && !isUnknown, false, innermost(), keep(element)});
      at = element.value;
      return;
    }
    if (element.length > length - element.value) {
      if (leaveGuess()) return;
      refuse(
          DICOM_MALFORMED, "(%04x,%04x) at byte %zu runs past the end of the file",
          element.tag >> 16, element.tag & 0xFFFF, at);
    }
    if (element.length > limits.element_bytes) {
      refuse(
          DICOM_LIMIT, "(%04x,%04x) has more than %zu bytes", element.tag >> 16,
          element.tag & 0xFFFF, limits.element_bytes);
    }
    if (element.tag == extendedOffsetTag) layout.extendedOffsets = {element.value, element.length};
    bool isGuess = !isExplicit && element.length >= 8 &&
                   tagAt(element.value, layout.isBigEndian) == itemTag;
    at = element.value;
    size_t entry = keep(element);
    if ((isSequence && element.length > 0) || isGuess) {
      push({element.value + element.length, false, isExplicit, isGuess, innermost(), entry});
    } else {
      at += element.length;
    }
  }

  void delimiter(const Element &element, bool isExplicit) {
    bool inSequence = !open.empty() && !open.back().isItem;
    bool inItem = !open.empty() && open.back().isItem;
    if (element.tag == itemTag && inSequence) {
      if (element.length != undefined && element.length > length - element.value) {
        if (leaveGuess()) return;
        refuse(DICOM_MALFORMED, "an item at byte %zu runs past the end of the file", at);
      }
      size_t end = element.length == undefined ? SIZE_MAX : element.value + element.length;
      Node *item = newNode(isExplicit);
      item->parent = open.back().node;
      open.back().node->entries[open.back().entry].items.push_back(item);
      open.push_back({end, true, isExplicit, open.back().isGuess, item, 0});
      at = element.value;
    } else if ((element.tag == itemEnd && inItem) || (element.tag == sequenceEnd && inSequence)) {
      open.pop_back();
      at = element.value;
    } else if (!leaveGuess()) {
      refuse(DICOM_MALFORMED, "a stray delimiter (fffe,%04x) at byte %zu", element.tag & 0xFFFF, at);
    }
  }

  void push(Container container) {
    container.node->entries[container.entry].isSequence = true;
    open.push_back(container);
    size_t depth = 0;
    for (const Container &one : open) depth += one.isItem ? 0 : 1;
    if (depth > size_t(limits.depth)) {
      refuse(DICOM_LIMIT, "sequences are nested more than %d deep", limits.depth);
    }
  }

  // What was taken for a sequence by its first bytes is none: go on behind it.
  bool leaveGuess() {
    size_t guess = open.size();
    for (size_t i = open.size(); i-- > 0;)
      if (open[i].isGuess && !open[i].isItem && open[i].end != SIZE_MAX) guess = i;
    if (guess == open.size()) return false;
    at = open[guess].end;
    Entry &entry = open[guess].node->entries[open[guess].entry];
    entry.isSequence = false;
    entry.items.clear();
    open.resize(guess);
    return true;
  }

  void pixelData(const Element &element) {
    layout.dataset.length = at - layout.dataset.offset;
    layout.hasPixels = true;
    layout.isWords = !layout.isExplicit || element.is("OW");
    layout.isEncapsulated = element.length == undefined;
    layout.floatBits = element.tag == floatTag ? 32 : element.tag == doubleTag ? 64 : 0;
    if (layout.isEncapsulated ? mustBeNative() : mustBeEncapsulated()) {
      refuse(DICOM_MALFORMED, "pixel data do not match the transfer syntax %.64s", layout.syntax.c_str());
    }
    if (layout.isEncapsulated) return fragments(element.value);
    if (element.length > limits.element_bytes) {
      refuse(DICOM_LIMIT, "the pixel data have more than %zu bytes", limits.element_bytes);
    }
    if (element.length > length - element.value) {
      refuse(
          DICOM_PIXELS, "pixel data are cut short: %u bytes announced, %zu there", element.length,
          length - element.value);
    }
    layout.pixels = {element.value, element.length};
  }

  void fragments(size_t offset) {
    bool isTable = true;
    bool isClosed = eachFragment(offset, [&](Span fragment) {
      if (isTable) {
        layout.offsetTable = fragment;
      } else {
        layout.fragments.push_back(fragment);
      }
      isTable = false;
    });
    if (!isClosed && layout.fragments.empty())
      refuse(DICOM_PIXELS, "pixel data are cut short before the first fragment");
  }

  // Goes on behind the pixels of an icon, which may be in fragments too and which nobody reads.
  void skipFragments(size_t offset) {
    at = offset;
    if (!eachFragment(at, [](Span) {})) refuse(DICOM_MALFORMED, "the file ends inside a sequence");
  }

  // Moves `offset` from fragment to fragment, the offset table first, and behind the delimiter; false where none
  // comes before the file ends.
  template <typename Body>
  bool eachFragment(size_t &offset, Body body) {
    while (length - offset >= 8) {
      uint32_t tag = tagAt(offset, false), size = u32(offset + 4, false);
      offset += 8;
      if (tag == sequenceEnd) return true;
      if (tag != itemTag) refuse(DICOM_PIXELS, "a fragment does not begin where it should");
      if (size > length - offset) refuse(DICOM_PIXELS, "pixel data are cut short inside a fragment");
      if (++elements > limits.elements) refuse(DICOM_LIMIT, "more than %zu elements", limits.elements);
      body({offset, size});
      offset += size;
    }
    return false;
  }
};

}  // namespace

size_t deflatedStart(const uint8_t *bytes, size_t length, const dicom_limits &limits) {
  Layout layout;
  return Scan(bytes, length, limits, layout).findDeflated();
}

const Entry *Node::find(uint32_t tag) const {
  auto place = isSorted ? std::lower_bound(tags.begin(), tags.end(), tag)
                        : std::find(tags.begin(), tags.end(), tag);
  return place == tags.end() || *place != tag ? nullptr : &entries[size_t(place - tags.begin())];
}

void scanLayout(
    const uint8_t *bytes, size_t length, const dicom_limits &limits, Layout &layout) {
  Scan(bytes, length, limits, layout).run();
}
