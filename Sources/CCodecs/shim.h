#ifndef LAMINA_CCODECS_SHIM_H
#define LAMINA_CCODECS_SHIM_H

#include <blosc.h>
#include <lz4.h>
#include <zstd.h>
#include <zstd_errors.h>

#endif
