/* Preloaded into `lamina` by test_store_faults.py: counts the calls that change files below a folder, and makes one of
   them, or all from one on, end as a failing disk or a power cut would.

     FAULT_UNDER    the folder; everything else is left alone
     FAULT          kill:N          SIGKILL at call N: before it, or in the middle of a write
                    CALL:ERRNO:N    call N of that name (write, fsync, rename, mkdir, open) and all after it fail
                    read:ERRNO:N    the same for pread
                    short:0:0       every write and pread does at most seven bytes, every third is interrupted (EINTR)
     FAULT_COUNT    a file that is given the number of calls at the end
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char under[4096], kind[32];
static int number, from, shortened;
static atomic_int calls, matching, turns;

__attribute__((constructor)) static void setup(void) {
  const char *folder = getenv("FAULT_UNDER"), *fault = getenv("FAULT");
  if (!folder) return;
  snprintf(under, sizeof under, "%s", folder);
  if (!fault) return;
  if (!strncmp(fault, "kill:", 5)) {
    strcpy(kind, "kill");
    from = atoi(fault + 5);
  } else {
    sscanf(fault, "%31[a-z]:%d:%d", kind, &number, &from);
  }
  shortened = !strcmp(kind, "short");
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAULT_COUNT");
  if (!path || !calls) return;
  int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  char text[32];
  int length = snprintf(text, sizeof text, "%d\n", calls);
  syscall(SYS_write, file, text, length);
  syscall(SYS_close, file);
}

static int isBelow(const char *path) {
  return under[0] && path && !strncmp(path, under, strlen(under));
}

static int isFileBelow(int file) {
  char link[64], path[4096];
  if (!under[0]) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return isBelow(path);
}

/* Counts a call; says whether it must fail, and ends the process when it is the one to die at. */
static int strikes(const char *name, int file, const void *bytes, size_t count) {
  int call = ++calls;
  if (!strcmp(kind, "kill") && call == from) {
    if (bytes && count > 1) syscall(SYS_write, file, bytes, count / 2);
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  if (strcmp(kind, name) || ++matching < from) return 0;
  errno = number;
  return 1;
}

static int interrupted(void) {
  if (!shortened || ++turns % 3) return 0;
  errno = EINTR;
  return 1;
}

#define NEXT(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (!next) next = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *bytes, size_t count) {
  if (isFileBelow(file)) {
    if (strikes("write", file, bytes, count) || interrupted()) return -1;
    if (shortened && count > 7) count = 7;
  }
  NEXT(ssize_t, write, int, const void *, size_t);
  return next(file, bytes, count);
}

#define PWRITE(name, offset_t) \
  ssize_t name(int file, const void *bytes, size_t count, offset_t at) { \
    if (isFileBelow(file) && strikes("write", file, NULL, 0)) return -1; \
    NEXT(ssize_t, name, int, const void *, size_t, offset_t); \
    return next(file, bytes, count, at); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PREAD(name, offset_t) \
  ssize_t name(int file, void *bytes, size_t count, offset_t at) { \
    if (isFileBelow(file)) { \
      if (!strcmp(kind, "read") && ++matching >= from) { errno = number; return -1; } \
      if (interrupted()) return -1; \
      if (shortened && count > 7) count = 7; \
    } \
    NEXT(ssize_t, name, int, void *, size_t, offset_t); \
    return next(file, bytes, count, at); \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define ON_FILE(name, call) \
  int name(int file) { \
    if (isFileBelow(file) && strikes(call, -1, NULL, 0)) return -1; \
    NEXT(int, name, int); \
    return next(file); \
  }
ON_FILE(fsync, "fsync")
ON_FILE(fdatasync, "fsync")

#define CUT(name, offset_t) \
  int name(int file, offset_t size) { \
    if (isFileBelow(file) && strikes("truncate", -1, NULL, 0)) return -1; \
    NEXT(int, name, int, offset_t); \
    return next(file, size); \
  }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define ON_PATH(name) \
  int name(const char *path) { \
    if (isBelow(path) && strikes(#name, -1, NULL, 0)) return -1; \
    NEXT(int, name, const char *); \
    return next(path); \
  }
ON_PATH(unlink)
ON_PATH(rmdir)

int unlinkat(int folder, const char *path, int flags) {
  if ((folder == AT_FDCWD ? isBelow(path) : isFileBelow(folder)) && strikes("unlink", -1, NULL, 0)) return -1;
  NEXT(int, unlinkat, int, const char *, int);
  return next(folder, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  if (isBelow(path) && strikes("mkdir", -1, NULL, 0)) return -1;
  NEXT(int, mkdir, const char *, mode_t);
  return next(path, mode);
}

int rename(const char *old, const char *new) {
  if (isBelow(new) && strikes("rename", -1, NULL, 0)) return -1;
  NEXT(int, rename, const char *, const char *);
  return next(old, new);
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if (flags & O_CREAT) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, mode_t); \
      va_end(rest); \
      if (isBelow(path) && strikes("open", -1, NULL, 0)) return -1; \
    } \
    NEXT(int, name, const char *, int, ...); \
    return next(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
