#ifndef LAMINA_CNETTLE_SHIM_H
#define LAMINA_CNETTLE_SHIM_H

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#endif
