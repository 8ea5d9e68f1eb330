#ifndef CSTORAGE_H
#define CSTORAGE_H

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for CRC-32C and for products of polynomials (SSE4.2, PCLMULQDQ).
int cstorage_has_crc32c(void);

/// The state of a CRC-32C (reflected, not complemented) after further bytes, by those instructions.
uint32_t cstorage_crc32c(uint32_t state, const void *bytes, size_t count);

/// Has the system begin to write a part of a file to the disk, without waiting (sync_file_range(2)).
void cstorage_start_writing(int file, int64_t start, int64_t count);

/// Puts the bytes of `count` numbers of two or four bytes side by side: all first ones, then all second ones, …
void cstorage_shuffle2(const void *from, uint8_t *to, size_t count);
void cstorage_shuffle4(const void *from, uint8_t *to, size_t count);

/// Undoes that.
void cstorage_unshuffle2(const uint8_t *from, void *to, size_t count);
void cstorage_unshuffle4(const uint8_t *from, void *to, size_t count);

#endif
