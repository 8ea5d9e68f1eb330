#define _GNU_SOURCE
#include "CStorage.h"

#include <fcntl.h>

void cstorage_start_writing(int file, int64_t start, int64_t count) {
#if defined(__linux__)
  (void)sync_file_range(file, start, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)file, (void)start, (void)count;
#endif
}
