// Writing Part 10 files, for synthetic patients and tests.
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <mutex>

#include "File.hpp"
#include "Guard.hpp"

struct dicom_writer {
  DcmFileFormat file;
};

namespace {

void registerEncoders() {
  static std::once_flag once;
  std::call_once(once, [] {
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
    DJLSEncoderRegistration::registerCodecs(
        0, 0, 0, 0, OFTrue, 0, OFTrue, EJLSUC_never);
  });
}

void check(const OFCondition &result) {
  if (result.bad()) refuse(DICOM_DECODER, "%s", result.text());
}

// A new element of this VR in `item`, replacing an older one.
DcmElement *newElement(dicom_item *item, uint32_t tag, const char *vr) {
  DcmElement *element = nullptr;
  check(DcmItem::newDicomElementWithVR(element, DcmTag(keyOf(tag), DcmVR(vr))));
  OFCondition result = itemOf(item)->insert(element, OFTrue);
  if (result.bad()) {
    delete element;
    check(result);
  }
  return element;
}

template <typename Number>
std::vector<Number> converted(const double *values, size_t count) {
  return std::vector<Number>(values, values + count);
}

void putNumbers(DcmElement *element, const double *values, size_t n) {
  switch (element->ident()) {
    case EVR_US: return check(element->putUint16Array(converted<Uint16>(values, n).data(), n));
    case EVR_SS: return check(element->putSint16Array(converted<Sint16>(values, n).data(), n));
    case EVR_UL: return check(element->putUint32Array(converted<Uint32>(values, n).data(), n));
    case EVR_SL: return check(element->putSint32Array(converted<Sint32>(values, n).data(), n));
    case EVR_FL: return check(element->putFloat32Array(converted<Float32>(values, n).data(), n));
    case EVR_FD: return check(element->putFloat64Array(values, n));
    default: refuse(DICOM_UNSUPPORTED, "the VR takes no numbers");
  }
}

// DCMTK's JPEG-LS encoder leaves the byte that makes a fragment even as it found it in memory.
void clearPadding(DcmDataset &dataset) {
  DcmElement *element = nullptr;
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter *parameter = nullptr;
  DcmPixelSequence *sequence = nullptr;
  check(dataset.findAndGetElement(DCM_PixelData, element));
  DcmPixelData *pixels = static_cast<DcmPixelData *>(element);
  pixels->getCurrentRepresentationKey(syntax, parameter);
  check(pixels->getEncapsulatedRepresentation(syntax, parameter, sequence));
  for (unsigned long i = 1; i < sequence->card(); i++) {
    DcmPixelItem *item = nullptr;
    Uint8 *bytes = nullptr;
    check(sequence->getItem(item, i));
    check(item->getUint8Array(bytes));
    size_t last = item->getLength() - 1;
    if (last > 2 && bytes[last - 2] == 0xFF && bytes[last - 1] == 0xD9) bytes[last] = 0;
  }
}

// Encodes the pixels with DCMTK where the transfer syntax asks for it.
void encode(DcmDataset &dataset, E_TransferSyntax syntax) {
  DJ_RPLossless jpeg(1, 0);
  DJLSRepresentationParameter jpegLS(0, OFTrue);
  DcmRLERepresentationParameter rle;
  const DcmRepresentationParameter *parameter = nullptr;
  if (syntax == EXS_JPEGProcess14SV1) parameter = &jpeg;
  if (syntax == EXS_JPEGLSLossless) parameter = &jpegLS;
  if (syntax == EXS_RLELossless) parameter = &rle;
  if (!parameter) return;
  silence();
  registerEncoders();
  check(dataset.chooseRepresentation(syntax, parameter));
  if (!dataset.canWriteXfer(syntax)) refuse(DICOM_UNSUPPORTED, "DCMTK cannot encode these pixels");
  if (syntax == EXS_JPEGLSLossless) clearPadding(dataset);
}

}  // namespace

dicom_writer *dicom_writer_new(void) { return new (std::nothrow) dicom_writer; }
void dicom_writer_free(dicom_writer *writer) { delete writer; }
dicom_item *dicom_writer_root(dicom_writer *writer) {
  return reinterpret_cast<dicom_item *>(static_cast<DcmItem *>(writer->file.getDataset()));
}

dicom_status dicom_put_text(
    dicom_item *item, uint32_t tag, const char *vr, const char *text, dicom_failure *failure) {
  return guarded(failure, [&] { check(newElement(item, tag, vr)->putString(text)); });
}

dicom_status dicom_put_numbers(
    dicom_item *item, uint32_t tag, const char *vr, const double *values, size_t count,
    dicom_failure *failure) {
  return guarded(failure, [&] { putNumbers(newElement(item, tag, vr), values, count); });
}

dicom_status dicom_put_bytes(
    dicom_item *item, uint32_t tag, const char *vr, const uint8_t *bytes, size_t count,
    dicom_failure *failure) {
  return guarded(failure, [&] {
    check(newElement(item, tag, vr)->putUint8Array(bytes, count));
  });
}

dicom_status dicom_add_item(
    dicom_item *item, uint32_t tag, dicom_item **added, dicom_failure *failure) {
  *added = nullptr;
  return guarded(failure, [&] {
    DcmItem *created = nullptr;
    check(itemOf(item)->findOrCreateSequenceItem(DcmTag(keyOf(tag), EVR_SQ), created, -2));
    *added = reinterpret_cast<dicom_item *>(created);
  });
}

dicom_status dicom_put_pixels(
    dicom_writer *writer, const void *bytes, size_t length, int bits, dicom_failure *failure) {
  return guarded(failure, [&] {
    std::unique_ptr<DcmPixelData> data(
        new DcmPixelData(DcmTag(DCM_PixelData, bits == 8 ? EVR_OB : EVR_OW)));
    if (bits == 8) {
      check(data->putUint8Array(static_cast<const Uint8 *>(bytes), length));
    } else {
      std::vector<Uint16> words(length / 2);
      memcpy(words.data(), bytes, words.size() * 2);
      check(data->putUint16Array(words.data(), words.size()));
    }
    check(writer->file.getDataset()->insert(data.get(), OFTrue));
    data.release();
  });
}

dicom_status dicom_write(
    dicom_writer *writer, const char *syntax, const char *path, dicom_failure *failure) {
  return guarded(failure, [&] {
    DcmXfer xfer(syntax);
    if (xfer.getXfer() == EXS_Unknown) refuse(DICOM_UNSUPPORTED, "unknown transfer syntax %.64s", syntax);
    DcmDataset &dataset = *writer->file.getDataset();
    if (dataset.tagExists(DCM_PixelData)) encode(dataset, xfer.getXfer());
    OFCondition result = writer->file.saveFile(path, xfer.getXfer(), EET_ExplicitLength);
    if (result.bad()) refuse(DICOM_IO, "%s", result.text());
  });
}
