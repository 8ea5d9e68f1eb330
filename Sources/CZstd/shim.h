#ifndef LAMINA_CZSTD_SHIM_H
#define LAMINA_CZSTD_SHIM_H

#include <blosc.h>
#include <zstd.h>
#include <zstd_errors.h>

#endif
