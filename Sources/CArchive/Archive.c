#include "CArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

struct carchive {
  struct archive *reader;
  struct archive_entry *entry;
};

carchive *carchive_open(const char *path) {
  carchive *opened = calloc(1, sizeof *opened);
  if (!opened) return NULL;
  opened->reader = archive_read_new();
  if (opened->reader && archive_read_support_format_tar(opened->reader) >= ARCHIVE_WARN &&
      archive_read_support_format_zip(opened->reader) >= ARCHIVE_WARN &&
      archive_read_support_filter_gzip(opened->reader) >= ARCHIVE_WARN &&
      archive_read_open_filename(opened->reader, path, 1 << 18) >= ARCHIVE_WARN)
    return opened;
  carchive_close(opened);
  return NULL;
}

int carchive_next(carchive *archive) {
  int code = archive_read_next_header(archive->reader, &archive->entry);
  if (code == ARCHIVE_EOF) return 0;
  return code >= ARCHIVE_WARN ? 1 : -1;
}

const char *carchive_name(carchive *archive) {
  // In the C locale only one of the two may be there.
  const char *name = archive_entry_pathname_utf8(archive->entry);
  if (!name) name = archive_entry_pathname(archive->entry);
  return name ? name : "";
}

carchive_kind carchive_kind_of(carchive *archive) {
  if (archive_entry_is_encrypted(archive->entry)) return CARCHIVE_ENCRYPTED;
  if (archive_entry_hardlink(archive->entry) || archive_entry_symlink(archive->entry))
    return CARCHIVE_LINK;
  switch (archive_entry_filetype(archive->entry)) {
    case AE_IFREG: return CARCHIVE_FILE;
    case AE_IFDIR: return CARCHIVE_FOLDER;
    case AE_IFLNK: return CARCHIVE_LINK;
    default: return CARCHIVE_SPECIAL;
  }
}

int64_t carchive_read(carchive *archive, void *bytes, size_t capacity) {
  return archive_read_data(archive->reader, bytes, capacity);
}

void carchive_close(carchive *archive) {
  if (!archive) return;
  archive_read_free(archive->reader);
  free(archive);
}
