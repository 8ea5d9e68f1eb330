// Opening a file: read or mapped, and scanned by us up to its pixel data.
#include "File.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "Guard.hpp"

// Reading a small file costs less than mapping it and giving its pages back. That goes for a larger one too
// where all of it is wanted, and the memory is that which the last one had: half of what it takes to
// decode a plain slice. What is larger still is not kept by `worker_keep_memory`.
static constexpr size_t smallFile = 256 << 10, keptFile = 16 << 20;

Bytes Bytes::open(const char *path, bool isWhole, size_t limit) {
  int descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not block
  if (descriptor < 0) refuse(DICOM_IO, "%s", strerror(errno));
  struct stat about;
  bool isFile = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  if (!isFile || about.st_size == 0 || size_t(about.st_size) > limit) {
    ::close(descriptor);
    if (!isFile) refuse(DICOM_IO, "not a plain file");
    if (about.st_size == 0) refuse(DICOM_NOT_DICOM, "the file is empty");
    refuse(DICOM_LIMIT, "the file is larger than %zu bytes", limit);
  }
  size_t read = isWhole ? keptFile : smallFile;
  if (size_t(about.st_size) <= read) return Bytes::read(descriptor, about.st_size);
  void *mapped = mmap(nullptr, about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  int error = errno;
  ::close(descriptor);
  if (mapped == MAP_FAILED) refuse(DICOM_IO, "%s", strerror(error));
  Bytes bytes;
  bytes.data = static_cast<const uint8_t *>(mapped);
  bytes.length = about.st_size;
  bytes.isMapped = true;
  return bytes;
}

Bytes Bytes::room(size_t length) {
  Bytes bytes;
  bytes.data = static_cast<uint8_t *>(malloc(length + 1));
  if (!bytes.data) throw std::bad_alloc();
  bytes.length = length;
  return bytes;
}

Bytes Bytes::copy(const void *source, size_t length) {
  Bytes bytes = room(length);
  if (length) memcpy(const_cast<uint8_t *>(bytes.data), source, length);
  return bytes;
}

Bytes Bytes::read(int descriptor, size_t length) {
  Bytes bytes = room(length);
  size_t filled = 0;
  ssize_t got = 1;
  while (filled < length && (got > 0 || errno == EINTR)) {
    got = ::read(descriptor, const_cast<uint8_t *>(bytes.data) + filled, length - filled);
    if (got > 0) filled += size_t(got);
    if (got == 0) break;
  }
  int error = errno;
  ::close(descriptor);
  if (got < 0) refuse(DICOM_IO, "%s", strerror(error));
  if (filled < length) refuse(DICOM_IO, "the file was made shorter while it was read");
  return bytes;
}

Bytes::Bytes(Bytes &&other) noexcept
    : data(other.data), length(other.length), isMapped(other.isMapped) {
  other.data = nullptr;
}

Bytes &Bytes::operator=(Bytes &&other) noexcept {
  std::swap(data, other.data);
  std::swap(length, other.length);
  std::swap(isMapped, other.isMapped);
  return *this;
}

Bytes::~Bytes() {
  if (!data) return;
  if (isMapped) {
    munmap(const_cast<uint8_t *>(data), length);
  } else {
    free(const_cast<uint8_t *>(data));
  }
}

namespace {

bool isGzip(const Bytes &bytes) {
  return bytes.length > 18 && bytes.data[0] == 0x1F && bytes.data[1] == 0x8B && bytes.data[2] == 8;
}

void parse(dicom_file &file, const dicom_limits &limits) {
  if (isGzip(file.bytes)) file.bytes = Bytes::inflated(file.bytes, 0, true, limits);
  if (size_t start = deflatedStart(file.bytes.data, file.bytes.length, limits)) {
    file.bytes = Bytes::inflated(file.bytes, start, false, limits);
  }
  scanLayout(file.bytes.data, file.bytes.length, limits, file.layout);
  file.pixels = describePixels(file);
  if (file.layout.isEncapsulated) file.frameStarts = findFrameStarts(file);
}

template <typename Make>
dicom_status open(
    Make make, const dicom_limits *limits, dicom_file **file, dicom_failure *failure) {
  *file = nullptr;
  return guarded(failure, [&] {
    silence();
    std::unique_ptr<dicom_file> opened(new dicom_file(make()));
    parse(*opened, *limits);
    *file = opened.release();
  });
}

}  // namespace

dicom_status dicom_open(
    const char *path, int whole, const dicom_limits *limits, dicom_file **file,
    dicom_failure *failure) {
  auto bytes = [&] { return Bytes::open(path, whole != 0, limits->file_bytes); };
  return open(bytes, limits, file, failure);
}

dicom_status dicom_open_bytes(
    const void *bytes, size_t length, const dicom_limits *limits, dicom_file **file,
    dicom_failure *failure) {
  return open([&] { return Bytes::copy(bytes, length); }, limits, file, failure);
}

void dicom_close(dicom_file *file) { delete file; }

const char *dicom_syntax(const dicom_file *file) { return file->layout.syntax.c_str(); }

const dicom_item *dicom_root(const dicom_file *file) {
  return handleOf(&file->layout.nodes.front());
}
