// JPEG with 8 or 12 bits through DCMTK, which gets a data set with one frame alone, after the
// stream's own header has been compared with the file's.
#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>

#include <mutex>

#include "Decoders.hpp"
#include "File.hpp"
#include "Guard.hpp"

namespace {

void registerDecoders() {
  static std::once_flag once;
  std::call_once(once, [] { DJDecoderRegistration::registerCodecs(EDC_never); });
}

void put(DcmDataset &dataset, const DcmTagKey &key, uint32_t value) {
  if (dataset.putAndInsertUint16(key, Uint16(value)).bad()) {
    refuse(DICOM_INTERNAL, "an attribute cannot be set");
  }
}

// A data set that holds what DCMTK's decoder asks for, its pixels this stream.
DcmPixelData *fill(
    DcmDataset &dataset, const uint8_t *bytes, size_t length, const dicom_pixels &pixels,
    const JPEGFrame &jpeg) {
  put(dataset, DCM_SamplesPerPixel, pixels.samples);
  put(dataset, DCM_Rows, pixels.rows);
  put(dataset, DCM_Columns, pixels.columns);
  put(dataset, DCM_BitsAllocated, jpeg.precision > 8 ? 16 : 8);
  put(dataset, DCM_BitsStored, jpeg.precision);
  put(dataset, DCM_HighBit, jpeg.precision - 1);
  put(dataset, DCM_PixelRepresentation, 0);
  if (pixels.samples > 1) put(dataset, DCM_PlanarConfiguration, 0);
  dataset.putAndInsertString(
      DCM_PhotometricInterpretation, pixels.samples > 1 ? "RGB" : "MONOCHROME2");
  DcmPixelSequence *sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  DcmPixelItem *item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  sequence->insert(item);
  DcmPixelData *data = new DcmPixelData(DcmTag(DCM_PixelData, EVR_OB));
  data->putOriginalRepresentation(
      jpeg.marker == 0xC0 ? EXS_JPEGProcess1 : EXS_JPEGProcess2_4, nullptr, sequence);
  dataset.insert(data, OFTrue);
  if (item->putUint8Array(bytes, length).bad()) throw std::bad_alloc();
  return data;
}

void lossyFrame(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, const JPEGFrame &jpeg,
    uint8_t *buffer) {
  registerDecoders();
  DcmDataset dataset;
  DcmPixelData *data = fill(dataset, bytes, length, pixels, jpeg);
  size_t width = jpeg.precision > 8 ? 2 : 1, size = frameSamples(pixels) * width;
  std::vector<uint8_t> decoded(size + (size & 1));  // DCMTK wants an even size
  Uint32 start = 1;
  OFString colour;
  DecoderWarnings warnings;
  OFCondition result = data->getUncompressedFrame(
      &dataset, 0, start, decoded.data(), Uint32(decoded.size()), colour);
  if (result.bad()) refuse(DICOM_DECODER, "%s", result.text());
  if (warnings.count()) refuse(DICOM_DECODER, "the JPEG stream is damaged");
  spread(decoded.data(), width, true, pixels, buffer);
}

}  // namespace

void decodeJPEG(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  JPEGFrame jpeg = readJPEGFrame(bytes, length);
  if (jpeg.rows != pixels.rows || jpeg.columns != pixels.columns ||
      jpeg.components != pixels.samples) {
    refuse(
        DICOM_PIXELS, "the JPEG stream holds %u rows, %u columns and %u components", jpeg.rows,
        jpeg.columns, jpeg.components);
  }
  if (jpeg.precision < 2 || jpeg.precision > 16 || jpeg.precision > pixels.bits_allocated) {
    refuse(DICOM_PIXELS, "the JPEG stream has %u bits a sample", jpeg.precision);
  }
  switch (jpeg.marker) {  // what is in the stream counts, whatever the transfer syntax says
    case 0xF7: return decodeJPEGLS(bytes, length, pixels, buffer);
    case 0xC3: return decodeJPEGLossless(bytes, length, pixels, buffer);
    case 0xC0: case 0xC1: case 0xC2:
      if (jpeg.precision == 8 || jpeg.precision == 12) {
        return lossyFrame(bytes, length, pixels, jpeg, buffer);
      }
  }
  refuse(
      DICOM_UNSUPPORTED, "a JPEG stream of kind SOF%u with %u bits a sample", jpeg.marker & 15,
      jpeg.precision);
}

JPEGFrame readJPEGFrame(const uint8_t *bytes, size_t length) {
  if (length < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) refuse(DICOM_PIXELS, "no JPEG stream");
  size_t at = 2;
  while (length - at >= 4) {
    if (bytes[at] != 0xFF) refuse(DICOM_PIXELS, "a JPEG marker is missing");
    uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill byte
      at++;
      continue;
    }
    // Markers without a length (TEM among them) send DCMTK's own scan into an endless loop.
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xDA)) {
      refuse(DICOM_PIXELS, "the JPEG marker FF%02X stands before the frame header", marker);
    }
    size_t size = size_t(bytes[at + 2]) << 8 | bytes[at + 3];
    if (size < 2 || size > length - at - 2) refuse(DICOM_PIXELS, "a JPEG segment is cut short");
    bool isFrame = marker == 0xF7 || (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 &&
                                      marker != 0xC8 && marker != 0xCC);
    if (isFrame && size >= 8) {
      const uint8_t *p = bytes + at + 4;
      return {marker, p[0], uint32_t(p[1]) << 8 | p[2], uint32_t(p[3]) << 8 | p[4], p[5]};
    }
    at += 2 + size;
  }
  refuse(DICOM_PIXELS, "a JPEG stream without a frame header");
}

void spread(
    const uint8_t *source, size_t from, bool isInterleaved, const dicom_pixels &pixels,
    uint8_t *buffer) {
  size_t count = size_t(pixels.rows) * pixels.columns, to = pixels.bits_allocated / 8;
  size_t step = isInterleaved ? pixels.samples : 1, plane = isInterleaved ? 1 : count;
  if (from == to && pixels.samples == 1) {
    memcpy(buffer, source, count * to);
    return;
  }
  for (size_t sample = 0; sample < pixels.samples; sample++) {
    for (size_t i = 0; i < count; i++) {
      uint64_t value = 0;
      memcpy(&value, source + (sample * plane + i * step) * from, from);
      memcpy(buffer + (sample * count + i) * to, &value, to);
    }
  }
}
