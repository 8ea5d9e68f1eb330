// Decoding one frame. Native pixels and RLE are read by us; of JPEG and JPEG-LS DCMTK gets a data
// set with that frame alone, after the stream's own header has been compared with the file's.
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include <mutex>

#include "File.hpp"
#include "Guard.hpp"

namespace {

void registerDecoders() {
  static std::once_flag once;
  std::call_once(once, [] {
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  });
}

void swapBytes(uint8_t *bytes, size_t length, size_t width) {
  for (size_t i = 0; i + width <= length; i += width)
    for (size_t j = 0; j < width / 2; j++) std::swap(bytes[i + j], bytes[i + width - 1 - j]);
}

void nativeFrame(const dicom_file &file, uint32_t frame, uint8_t *buffer, size_t size) {
  const Layout &layout = file.layout;
  size_t start = size * size_t(frame);  // below 2^64: checked by the caller
  if (layout.pixels.length < size || layout.pixels.length - size < start) {
    refuse(DICOM_PIXELS, "frame %u lies past the end of the pixel data", frame + 1);
  }
  const uint8_t *source = file.bytes.data + layout.pixels.offset;
  size_t width = file.pixels.bits_allocated / 8;
  if (layout.isBigEndian && width == 1 && layout.isWords) {
    for (size_t i = 0; i < size; i++) {
      size_t at = (start + i) ^ 1;
      buffer[i] = at < layout.pixels.length ? source[at] : 0;
    }
    return;
  }
  memcpy(buffer, source + start, size);
  if (layout.isBigEndian && width > 1) swapBytes(buffer, size, width);
}

// The compressed bytes of a frame, its fragments joined.
std::vector<uint8_t> frameBytes(const dicom_file &file, uint32_t frame) {
  const auto &fragments = file.layout.fragments;
  if (frame >= file.frameStarts.size()) {
    refuse(
        DICOM_PIXELS, "%u frames are announced and %zu fragments cannot be divided among them",
        file.pixels.frames, fragments.size());
  }
  size_t first = file.frameStarts[frame];
  size_t last =
      frame + 1 < file.frameStarts.size() ? file.frameStarts[frame + 1] : fragments.size();
  std::vector<uint8_t> joined;
  for (size_t i = first; i < last; i++) {
    const uint8_t *start = file.bytes.data + fragments[i].offset;
    joined.insert(joined.end(), start, start + fragments[i].length);
  }
  if (joined.size() < 4) refuse(DICOM_PIXELS, "frame %u is empty", frame + 1);
  if (joined.size() > 0x7FFFFFF0) refuse(DICOM_LIMIT, "frame %u is too large", frame + 1);
  return joined;
}

void put(DcmDataset &dataset, const DcmTagKey &key, uint32_t value) {
  if (dataset.putAndInsertUint16(key, Uint16(value)).bad()) {
    refuse(DICOM_INTERNAL, "an attribute cannot be set");
  }
}

// One frame through DCMTK's codec: `bits` 8, 16 or 32 a sample, of which `stored` are used.
void dcmtkFrame(
    E_TransferSyntax syntax, const std::vector<uint8_t> &bytes, const dicom_pixels &pixels,
    uint32_t bits, uint32_t stored, uint8_t *buffer, size_t size) {
  registerDecoders();
  DcmDataset dataset;
  put(dataset, DCM_SamplesPerPixel, 1);
  put(dataset, DCM_Rows, pixels.rows);
  put(dataset, DCM_Columns, pixels.columns);
  put(dataset, DCM_BitsAllocated, bits);
  put(dataset, DCM_BitsStored, stored);
  put(dataset, DCM_HighBit, stored - 1);
  put(dataset, DCM_PixelRepresentation, 0);
  dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  DcmPixelSequence *sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  DcmPixelItem *item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  sequence->insert(item);
  DcmPixelData *data = new DcmPixelData(DcmTag(DCM_PixelData, EVR_OB));
  data->putOriginalRepresentation(syntax, nullptr, sequence);
  dataset.insert(data, OFTrue);
  if (item->putUint8Array(bytes.data(), bytes.size()).bad()) {
    refuse(DICOM_LIMIT, "not enough memory");
  }
  std::vector<uint8_t> even(size & 1 ? size + 1 : 0);  // DCMTK wants an even size
  Uint32 start = 1;
  OFString colour;
  OFCondition result = data->getUncompressedFrame(
      &dataset, 0, start, even.empty() ? buffer : even.data(), Uint32(size + (size & 1)), colour);
  if (result.bad()) refuse(DICOM_DECODER, "%s", result.text());
  if (!even.empty()) memcpy(buffer, even.data(), size);
}

// One RLE segment (PS3.5 G.3): literal and repeated runs of bytes, written `stride` apart.
// Returns how many bytes came out; at most `count`.
size_t decodeSegment(
    const uint8_t *in, const uint8_t *end, uint8_t *out, size_t stride, size_t count) {
  size_t done = 0;
  while (end - in >= 2 && done < count) {
    int8_t control = int8_t(*in++);
    if (control == -128) continue;
    size_t run = control >= 0 ? size_t(control) + 1 : size_t(1 - control);
    run = std::min(run, count - done);
    if (control < 0) {
      for (size_t i = 0; i < run; i++) out[(done + i) * stride] = *in;
      in++;
    } else {
      if (run > size_t(end - in)) refuse(DICOM_PIXELS, "an RLE run is cut short");
      for (size_t i = 0; i < run; i++) out[(done + i) * stride] = in[i];
      in += run;
    }
    done += run;
  }
  return done;
}

// RLE (PS3.5 annex G): a segment for each byte of a sample, the highest first. By ourselves, since
// DCMTK 3.6.7 does not compare the offsets of segments with the length of the data.
void rleFrame(
    const std::vector<uint8_t> &bytes, const dicom_pixels &pixels, uint8_t *buffer, size_t size) {
  uint32_t width = pixels.bits_allocated / 8, header[16];
  if (bytes.size() < 64) refuse(DICOM_PIXELS, "an RLE header is cut short");
  for (int i = 0; i < 16; i++) {
    const uint8_t *p = bytes.data() + i * 4;
    header[i] = uint32_t(p[3]) << 24 | uint32_t(p[2]) << 16 | uint32_t(p[1]) << 8 | p[0];
  }
  if (header[0] != width) {
    refuse(DICOM_PIXELS, "%u RLE segments for samples of %u bytes", header[0], width);
  }
  for (uint32_t i = 0; i < width; i++) {
    uint32_t start = header[i + 1];
    uint32_t stop = i + 1 < width ? header[i + 2] : uint32_t(bytes.size());
    if (start < 64 || start > stop || stop > bytes.size()) {
      refuse(DICOM_PIXELS, "RLE segment %u lies outside the data", i + 1);
    }
    size_t got = decodeSegment(
        bytes.data() + start, bytes.data() + stop, buffer + (width - 1 - i), width, size / width);
    if (got != size / width) refuse(DICOM_PIXELS, "RLE segment %u is too short", i + 1);
  }
}

void jpegFrame(
    E_TransferSyntax syntax, const std::vector<uint8_t> &bytes, const dicom_pixels &pixels,
    uint8_t *buffer, size_t size) {
  JPEGFrame jpeg = readJPEGFrame(bytes.data(), bytes.size());
  if (jpeg.rows != pixels.rows || jpeg.columns != pixels.columns || jpeg.components != 1) {
    refuse(
        DICOM_PIXELS, "the JPEG stream holds %u rows, %u columns and %u components", jpeg.rows,
        jpeg.columns, jpeg.components);
  }
  if (jpeg.precision < 2 || jpeg.precision > pixels.bits_allocated) {
    refuse(DICOM_PIXELS, "the JPEG stream has %u bits a sample", jpeg.precision);
  }
  uint32_t bits = jpeg.precision > 8 ? 16 : 8;
  size_t count = size / (pixels.bits_allocated / 8), decoded = count * bits / 8;
  dcmtkFrame(syntax, bytes, pixels, bits, jpeg.precision, buffer, decoded);
  if (decoded == size) return;
  size_t wide = size / count, narrow = decoded / count;  // widen in place, from the end
  for (size_t i = count; i-- > 0;) {
    uint8_t sample[4] = {0, 0, 0, 0};
    memcpy(sample, buffer + i * narrow, narrow);
    memcpy(buffer + i * wide, sample, wide);
  }
}

void encapsulatedFrame(const dicom_file &file, uint32_t frame, uint8_t *buffer, size_t size) {
  const std::string &uid = file.layout.syntax;
  static const struct { const char *uid; E_TransferSyntax syntax; } jpegs[] = {
      {"1.2.840.10008.1.2.4.50", EXS_JPEGProcess1},
      {"1.2.840.10008.1.2.4.51", EXS_JPEGProcess2_4},
      {"1.2.840.10008.1.2.4.57", EXS_JPEGProcess14},
      {"1.2.840.10008.1.2.4.70", EXS_JPEGProcess14SV1},
      {"1.2.840.10008.1.2.4.80", EXS_JPEGLSLossless},
      {"1.2.840.10008.1.2.4.81", EXS_JPEGLSLossy}};
  static const char *const jpeg2000[] = {
      "1.2.840.10008.1.2.4.90",  "1.2.840.10008.1.2.4.91",  "1.2.840.10008.1.2.4.201",
      "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"};
  if (uid == "1.2.840.10008.1.2.5") {
    return rleFrame(frameBytes(file, frame), file.pixels, buffer, size);
  }
  for (const auto &one : jpegs)
    if (uid == one.uid)
      return jpegFrame(one.syntax, frameBytes(file, frame), file.pixels, buffer, size);
  for (const char *one : jpeg2000)
    if (uid == one) {
      std::vector<uint8_t> bytes = frameBytes(file, frame);
      return decodeJPEG2000(bytes.data(), bytes.size(), file.pixels, buffer, size);
    }
  refuse(DICOM_UNSUPPORTED, "no decoder for the transfer syntax %.64s", uid.c_str());
}

}  // namespace

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
      return {p[0], uint32_t(p[1]) << 8 | p[2], uint32_t(p[3]) << 8 | p[4], p[5]};
    }
    at += 2 + size;
  }
  refuse(DICOM_PIXELS, "a JPEG stream without a frame header");
}

dicom_status dicom_frame(
    const dicom_file *file, uint32_t frame, void *buffer, size_t size, dicom_failure *failure) {
  return guarded(failure, [&] {
    const dicom_pixels &pixels = file->pixels;
    if (!pixels.has_pixels) refuse(DICOM_PIXELS, "there are no pixel data");
    if (pixels.samples != 1) refuse(DICOM_UNSUPPORTED, "%u samples a pixel", pixels.samples);
    uint32_t bits = pixels.bits_allocated;
    if (bits != 8 && bits != 16 && bits != 32) refuse(DICOM_UNSUPPORTED, "%u bits allocated", bits);
    size_t expected = size_t(pixels.rows) * pixels.columns * (bits / 8);
    if (expected == 0 || expected > 0x7FFFFFFE || expected != size) {
      refuse(DICOM_PIXELS, "a frame of %zu bytes does not fit a buffer of %zu", expected, size);
    }
    if (frame >= pixels.frames) refuse(DICOM_PIXELS, "there is no frame %u", frame + 1);
    uint8_t *bytes = static_cast<uint8_t *>(buffer);
    if (pixels.is_encapsulated) {
      encapsulatedFrame(*file, frame, bytes, size);
    } else {
      nativeFrame(*file, frame, bytes, size);
    }
  });
}
