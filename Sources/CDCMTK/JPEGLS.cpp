// JPEG-LS through CharLS, which is faster than the old copy inside DCMTK and takes 2 to 16 bits.
#include <charls/charls.h>

#include <algorithm>
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

// What CharLS says of the end of a stream, after all else has been found sound.
charls_jpegls_errc decode(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
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
    return charls_jpegls_decoder_decode_to_buffer(decoder.get(), buffer, size, 0);
  }
  std::vector<uint8_t> decoded(size);
  auto error = charls_jpegls_decoder_decode_to_buffer(decoder.get(), decoded.data(), size, 0);
  if (error == charls::jpegls_errc::success) spread(decoded.data(), width, isInterleaved, pixels, buffer);
  return error;
}

// The stream without the zeros that some encoders write before its end marker.
std::vector<uint8_t> withoutFilling(const uint8_t *bytes, size_t length) {
  const uint8_t end[] = {0xFF, 0xD9};
  const uint8_t *marker = std::find_end(bytes, bytes + length, end, end + 2), *stop = marker;
  if (marker == bytes + length) return {bytes, bytes + length};
  while (stop > bytes && stop[-1] == 0) stop--;
  std::vector<uint8_t> stream(bytes, stop);
  stream.insert(stream.end(), end, end + 2);
  return stream;
}

}  // namespace

void decodeJPEGLS(const uint8_t *bytes, size_t length, const dicom_pixels &pixels, uint8_t *buffer) {
  auto error = decode(bytes, length, pixels, buffer);
  if (error == charls::jpegls_errc::jpeg_marker_start_byte_not_found ||
      error == charls::jpegls_errc::too_much_encoded_data) {
    std::vector<uint8_t> stream = withoutFilling(bytes, length);
    error = decode(stream.data(), stream.size(), pixels, buffer);
  }
  check(error);
}
