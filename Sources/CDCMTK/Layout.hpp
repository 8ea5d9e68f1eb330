// Where things lie in a DICOM file, found without recursion and without allocating by the file's
// own numbers. It runs before DCMTK, whose parser has no limit of nesting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "CDCMTK.h"

struct Span {
  size_t offset = 0;
  size_t length = 0;
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
};

// Where the deflated bytes begin in a file of that transfer syntax; 0 in others. Throws Refusal.
size_t deflatedStart(const uint8_t *bytes, size_t length, const dicom_limits &limits);

// Throws Refusal. Of a deflated file the bytes have been inflated already.
Layout scanLayout(const uint8_t *bytes, size_t length, const dicom_limits &limits);
