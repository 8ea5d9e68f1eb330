// JPEG 2000 and HTJ2K through OpenJPEG 2.5, which DCMTK does not decode.
#include <openjpeg-2.5/openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "Decoders.hpp"
#include "Guard.hpp"

namespace {

struct Source {
  const uint8_t *bytes;
  size_t length;
  size_t at;
};

OPJ_SIZE_T readSome(void *buffer, OPJ_SIZE_T wanted, void *data) {
  Source *source = static_cast<Source *>(data);
  if (source->at >= source->length) return OPJ_SIZE_T(-1);
  size_t count = std::min<size_t>(wanted, source->length - source->at);
  memcpy(buffer, source->bytes + source->at, count);
  source->at += count;
  return count;
}

OPJ_OFF_T skipSome(OPJ_OFF_T by, void *data) {
  Source *source = static_cast<Source *>(data);
  if (by < 0 || size_t(by) > source->length - source->at) return -1;
  source->at += size_t(by);
  return by;
}

OPJ_BOOL seekTo(OPJ_OFF_T to, void *data) {
  Source *source = static_cast<Source *>(data);
  if (to < 0 || size_t(to) > source->length) return OPJ_FALSE;
  source->at = size_t(to);
  return OPJ_TRUE;
}

struct Release {
  void operator()(opj_codec_t *codec) const { opj_destroy_codec(codec); }
};
struct ReleaseStream {
  void operator()(opj_stream_t *stream) const { opj_stream_destroy(stream); }
};
struct ReleaseImage {
  void operator()(opj_image_t *image) const { opj_image_destroy(image); }
};

void ignore(const char *, void *) {}

bool hasSize(const opj_image_comp_t &component, const dicom_pixels &pixels) {
  return component.dx == 1 && component.dy == 1 && component.w == pixels.columns &&
         component.h == pixels.rows && component.prec >= 1 && component.prec <= 31 &&
         component.prec <= pixels.bits_allocated;
}

void compare(const opj_image_t &image, const dicom_pixels &pixels) {
  bool fits = image.numcomps == pixels.samples && image.x1 - image.x0 == pixels.columns &&
              image.y1 - image.y0 == pixels.rows;
  for (uint32_t i = 0; fits && i < image.numcomps; i++) fits = hasSize(image.comps[i], pixels);
  if (fits) return;
  refuse(
      DICOM_PIXELS, "the JPEG 2000 stream holds %u rows, %u columns, %u components of %u bits",
      image.y1 - image.y0, image.x1 - image.x0, image.numcomps,
      image.numcomps ? image.comps[0].prec : 0);
}

// OpenJPEG takes a codestream without its end for whole, zeros in place of what is missing.
bool hasEnd(const uint8_t *bytes, size_t length) {
  for (size_t i = length; i-- > 1 && length - i <= 16;)
    if (bytes[i - 1] == 0xFF && bytes[i] == 0xD9) return true;
  return false;
}

// Lossy coding overshoots: what a stream of more bits than the header's holds beyond them is their
// end, where cutting bits off would make bright pixels dark.
void saturate(const dicom_pixels &pixels, OPJ_INT32 *data, size_t count) {
  OPJ_INT32 half = OPJ_INT32(1) << (pixels.bits_stored - 1);
  OPJ_INT32 least = pixels.is_signed ? -half : 0;
  OPJ_INT32 most = pixels.is_signed ? half - 1 : 2 * half - 1;
  for (size_t i = 0; i < count; i++) data[i] = std::min(std::max(data[i], least), most);
}

bool isLossy(opj_codec_t *codec) {
  opj_codestream_info_v2_t *info = opj_get_cstr_info(codec);
  const opj_tccp_info_t *first = info ? info->m_default_tile_info.tccp_info : nullptr;
  bool isIrreversible = first && first->qmfbid == 0;
  opj_destroy_cstr_info(&info);
  return isIrreversible;
}

template <typename Sample>
void narrow(const OPJ_INT32 *data, size_t count, uint8_t *buffer) {
  for (size_t i = 0; i < count; i++) {
    Sample sample = Sample(data[i]);
    memcpy(buffer + i * sizeof sample, &sample, sizeof sample);
  }
}

void store(const opj_image_t &image, bool isLossy, const dicom_pixels &pixels, uint8_t *buffer) {
  size_t width = pixels.bits_allocated / 8, count = size_t(pixels.rows) * pixels.columns;
  for (uint32_t i = 0; i < image.numcomps; i++) {
    const opj_image_comp_t &plane = image.comps[i];
    if (!plane.data || size_t(plane.w) * plane.h != count) {
      refuse(DICOM_PIXELS, "the JPEG 2000 stream has another size than the header");
    }
    bool isWider = plane.prec > pixels.bits_stored && pixels.high_bit + 1 == pixels.bits_stored;
    if (isLossy && isWider && plane.sgnd == pixels.is_signed) saturate(pixels, plane.data, count);
    uint8_t *out = buffer + i * count * width;
    if (width == 1) narrow<uint8_t>(plane.data, count, out);
    if (width == 2) narrow<uint16_t>(plane.data, count, out);
    if (width == 4) narrow<uint32_t>(plane.data, count, out);
  }
}

}  // namespace

void decodeJPEG2000(
    const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  static const uint8_t jp2[8] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  bool isBoxed = length > 8 && memcmp(bytes, jp2, 8) == 0;
  if (!isBoxed && !hasEnd(bytes, length)) refuse(DICOM_DECODER, "a JPEG 2000 stream is cut short");
  Source source = {bytes, length, 0};
  std::unique_ptr<opj_stream_t, ReleaseStream> stream(opj_stream_create(1 << 16, OPJ_TRUE));
  std::unique_ptr<opj_codec_t, Release> codec(
      opj_create_decompress(isBoxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  if (!stream || !codec) refuse(DICOM_LIMIT, "not enough memory");
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), length);
  opj_stream_set_read_function(stream.get(), readSome);
  opj_stream_set_skip_function(stream.get(), skipSome);
  opj_stream_set_seek_function(stream.get(), seekTo);
  opj_set_error_handler(codec.get(), ignore, nullptr);
  opj_set_warning_handler(codec.get(), ignore, nullptr);
  opj_set_info_handler(codec.get(), ignore, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t *read = nullptr;
  if (!opj_setup_decoder(codec.get(), &parameters) ||
      !opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) ||
      !opj_read_header(stream.get(), codec.get(), &read)) {
    refuse(DICOM_DECODER, "the header of a JPEG 2000 stream cannot be read");
  }
  std::unique_ptr<opj_image_t, ReleaseImage> image(read);
  compare(*image, pixels);
  if (!opj_decode(codec.get(), stream.get(), image.get())) {
    refuse(DICOM_DECODER, "a JPEG 2000 stream is damaged");
  }
  compare(*image, pixels);  // once more: a palette in the stream makes more components
  store(*image, isLossy(codec.get()), pixels, buffer);
}
