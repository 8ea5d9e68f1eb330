// Reads .zip, .tar and .tar.gz entry by entry through libarchive, behind a flat C interface. It
// decides nothing: which entries are taken, where they go and how much may come out of them is the
// caller's. Belongs in a worker process: libarchive reads bytes that nobody vouches for.
#ifndef CARCHIVE_H
#define CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

typedef struct carchive carchive;

typedef enum {
  CARCHIVE_FILE = 0,
  CARCHIVE_FOLDER = 1,
  CARCHIVE_LINK = 2,     // symbolic or hard
  CARCHIVE_SPECIAL = 3,  // device, pipe, socket
  CARCHIVE_ENCRYPTED = 4
} carchive_kind;

// NULL when there is no memory, or when the file is no archive of these kinds.
carchive *carchive_open(const char *path);
// Goes on to the next entry: 1 there is one, 0 the end, -1 the archive is damaged.
int carchive_next(carchive *archive);
// The present entry. The name is what the archive says, at most until the next call; it may be
// empty, absolute, or hold "..".
const char *carchive_name(carchive *archive);
carchive_kind carchive_kind_of(carchive *archive);
// The next bytes of the present entry: how many, 0 at its end, -1 when it is damaged.
int64_t carchive_read(carchive *archive, void *bytes, size_t capacity);
void carchive_close(carchive *archive);

#endif
