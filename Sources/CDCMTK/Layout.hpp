// Where things lie in a DICOM file, found without recursion and without allocating by the file's
// own numbers. It runs before DCMTK, whose parser has no limit of nesting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "CDCMTK.h"

struct Span {
  size_t offset = 0;
  size_t length = 0;
};

struct Node;

// One element of a data set or item: where its value lies.
struct Entry {
  uint8_t vr[2] = {0, 0};   // as written; zeros in implicit VR
  Span value;
  bool isSequence = false;
  std::vector<Node *> items;
};

// A data set or an item of a sequence: its elements in the order of the file.
struct Node {
  const struct Layout *layout = nullptr;
  const Node *parent = nullptr;    // the data set or item that an item's sequence lies in
  const uint8_t *bytes = nullptr;  // of the whole file
  bool isExplicit = true;
  bool isSorted = true;            // as the standard wants it
  std::vector<uint32_t> tags;
  std::vector<Entry> entries;

  // The first element of a tag, or null.
  const Entry *find(uint32_t tag) const;
};

struct Layout {
  std::string syntax;            // (0002,0010) as written, or a guess
  Span dataset;                  // from its first element to the pixel data or the end
  bool isExplicit = true;
  bool isBigEndian = false;
  bool hasPixels = false;
  bool isEncapsulated = false;
  bool isWords = false;          // pixel data of VR OW
  int floatBits = 0;             // 32 or 64 where the pixel data are floating point numbers
  Span pixels;                   // native pixel data
  Span offsetTable;              // first item of encapsulated pixel data
  Span extendedOffsets;          // (7FE0,0001)
  std::vector<Span> fragments;   // the other items
  std::deque<Node> nodes;        // the data set up to its pixel data, then the items in it
  mutable std::deque<std::vector<uint16_t>> words;  // values that had to be turned or aligned
};

// Where the deflated bytes begin in a file of that transfer syntax; 0 in others. Throws Refusal.
size_t deflatedStart(const uint8_t *bytes, size_t length, const dicom_limits &limits);

// Fills `layout`, which its nodes point to; of a deflated file the bytes have been inflated already.
// Throws Refusal.
void scanLayout(
    const uint8_t *bytes, size_t length, const dicom_limits &limits, Layout &layout);
