#define _GNU_SOURCE
#include "CTorch.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *failure = NULL;

#define FIELD(result, name, parameters, arguments) static result(*name##_) parameters;
CTORCH_FUNCTIONS(FIELD)

static void fail(const char *detail) {
  const char *sentence =
      "LibTorch could not be loaded (%s): install it (Debian and Ubuntu: libtorch-dev), or set "
      "LIBTORCH to the folder that holds its include and lib, and build everything with `swift build`.";
  if (asprintf(&failure, sentence, detail) < 0) failure = "LibTorch could not be loaded.";
}

static void load(void) {
  // OpenMP's threads spin while they wait, which on busy cores costs several times the work itself.
  setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  // A step asks for the same memory as the last one: given back in between, every page of it would be zeroed anew.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  void *library = dlopen("libLaminaTorch.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fail(dlerror());
    return;
  }
#define LOOK_UP(result, name, parameters, arguments)      \
  *(void **)&name##_ = dlsym(library, "laminatorch_" #name); \
  if (!name##_) {                                         \
    fail("libLaminaTorch.so is of another version: it lacks " #name); \
    return;                                               \
  }
  CTORCH_FUNCTIONS(LOOK_UP)
  if (strcmp(declarations_(), CTORCH_DECLARATIONS))
    fail("libLaminaTorch.so is of another version: its functions or their numbers are others");
}

const char *ctorch_load(void) {
  pthread_once(&once, load);
  return failure;
}

static void required(void) {
  if (!ctorch_load()) return;
  fprintf(stderr, "%s\n", failure);
  abort();
}

#define STUB(result, name, parameters, arguments) \
  result ctorch_##name parameters {               \
    required();                                  \
    return name##_ arguments;                     \
  }
CTORCH_FUNCTIONS(STUB)
