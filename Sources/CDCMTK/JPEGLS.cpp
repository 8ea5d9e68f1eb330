// JPEG-LS through CharLS, which is faster than the old copy inside DCMTK and takes 2 to 16 bits.
#include <charls/charls.h>

#include <memory>

#include "Decoders.hpp"
#include "Guard.hpp"

namespace {

struct Release {
  void operator()(charls_jpegls_decoder *decoder) const { charls_jpegls_decoder_destroy(decoder); }
};

void check(charls_jpegls_errc error) {
  if (error == charls::jpegls_errc::success) return;
  if (error == charls::jpegls_errc::not_enough_memory) throw std::bad_alloc();
  refuse(DICOM_DECODER, "%s", charls_get_error_message(error));
}

}  // namespace

void decodeJPEGLS(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  std::unique_ptr<charls_jpegls_decoder, Release> decoder(charls_jpegls_decoder_create());
  if (!decoder) throw std::bad_alloc();
  charls_frame_info info = {};
  charls_interleave_mode mode = charls::interleave_mode::none;
  check(charls_jpegls_decoder_set_source_buffer(decoder.get(), bytes, length));
  check(charls_jpegls_decoder_read_header(decoder.get()));
  check(charls_jpegls_decoder_get_frame_info(decoder.get(), &info));
  check(charls_jpegls_decoder_get_interleave_mode(decoder.get(), &mode));
  // The same numbers that readJPEGFrame has compared with the header, by CharLS's own reading.
  if (info.width != pixels.columns || info.height != pixels.rows ||
      info.component_count != int(pixels.samples) || info.bits_per_sample < 2 ||
      info.bits_per_sample > int(pixels.bits_allocated)) {
    refuse(DICOM_PIXELS, "the JPEG-LS stream contradicts itself");
  }
  size_t width = info.bits_per_sample > 8 ? 2 : 1, size = frameSamples(pixels) * width;
  bool isInterleaved = pixels.samples > 1 && mode != charls::interleave_mode::none;
  if (!isInterleaved && width * 8 == pixels.bits_allocated) {
    return check(charls_jpegls_decoder_decode_to_buffer(decoder.get(), buffer, size, 0));
  }
  std::vector<uint8_t> decoded(size);
  check(charls_jpegls_decoder_decode_to_buffer(decoder.get(), decoded.data(), size, 0));
  spread(decoded.data(), width, isInterleaved, pixels, buffer);
}
