#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CWorker.h"

int worker_shared_memory(void) { return memfd_create("lamina", MFD_CLOEXEC); }

static int limit(pid_t pid, int resource, uint64_t value) {
  if (value == 0) return 0;
  struct rlimit both = {(rlim_t)value, (rlim_t)value};
  struct rlimit now;
  if (prlimit(pid, resource, NULL, &now) == 0 && now.rlim_max != RLIM_INFINITY &&
      value > now.rlim_max)
    both.rlim_cur = both.rlim_max = now.rlim_max;
  return prlimit(pid, resource, &both, NULL);
}

int worker_limit(pid_t pid, const worker_limits *limits) {
  if (limit(pid, RLIMIT_AS, limits->memory_bytes) != 0 ||
      limit(pid, RLIMIT_STACK, limits->stack_bytes) != 0 ||
      limit(pid, RLIMIT_FSIZE, limits->file_bytes) != 0)
    return errno;
  return 0;
}

// What every worker begins with: it dies with its parent, and has nothing but its own descriptors.
static void settle(int socket, int shared, int nothing, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(125);
  if (setpgid(0, 0) != 0) _exit(125);
  // Away from the low numbers first: either descriptor may itself be 3 or 4.
  int control = fcntl(socket, F_DUPFD_CLOEXEC, 16), memory = fcntl(shared, F_DUPFD_CLOEXEC, 16);
  int null = fcntl(nothing, F_DUPFD_CLOEXEC, 16);
  if (control < 0 || memory < 0 || null < 0) _exit(125);
  for (int standard = 0; standard < 3; standard++)
    if (dup2(null, standard) < 0) _exit(125);
  if (dup2(control, WORKER_CONTROL) < 0 || dup2(memory, WORKER_SHARED) < 0) _exit(125);
  struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) _exit(125);
}

// Runs in the child of vfork, which shares the parent's memory: only async-signal-safe calls.
static void become(
    const char *path, char *const arguments[], char *const environment[], int socket, int shared,
    int nothing, const worker_limits *limits, pid_t parent, const sigset_t *signals) {
  settle(socket, shared, nothing, parent);
  // Whoever opened a file without O_CLOEXEC, a library perhaps, shares it with no worker.
  close_range(WORKER_SHARED + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (worker_limit(0, limits) != 0) _exit(125);
  if (sigprocmask(SIG_SETMASK, signals, NULL) != 0) _exit(125);
  execve(path, arguments, environment);
  _exit(126);
}

int worker_spawn(
    const char *path, char *const arguments[], char *const environment[], int shared,
    const worker_limits *limits, pid_t *pid, int *control) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) {
    int failure = errno;
    close(ends[0]);
    close(ends[1]);
    return failure;
  }
  // No signal handler of the parent may run in the child while memory is shared.
  sigset_t every, none, before;
  sigfillset(&every);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  pid_t parent = getpid();
  pid_t child = vfork();
  if (child == 0)
    become(path, arguments, environment, ends[1], shared, nothing, limits, parent, &none);
  int failure = child < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  close(nothing);
  if (child < 0) {
    close(ends[0]);
    return failure;
  }
  *pid = child;
  *control = ends[0];
  return 0;
}

// Signals do what they do in a fresh process: nobody may print this one's memory when it crashes.
static void forget_handlers(void) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
    action = (struct sigaction){.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
  }
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
}

// The child shows the arguments of a worker in place of its parent's, which may name a person.
static void rename_arguments(char *const arguments[], int count) {
  static const char own[] = "lamina\0--worker";
  char *start = arguments[0], *end = arguments[0];
  for (int i = 0; i < count && arguments[i] == end; i++) end += strlen(end) + 1;
  if ((size_t)(end - start) < sizeof own) return;
  memset(start, 0, (size_t)(end - start));
  memcpy(start, own, sizeof own);
}

int worker_fork(char *const arguments[], int count, int shared, pid_t *pid, int *control) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  pid_t parent = getpid(), child = nothing < 0 ? -1 : fork();
  if (child == 0) {
    settle(ends[1], shared, nothing, parent);
    close_range(WORKER_SHARED + 1, ~0U, 0);
    forget_handlers();
    rename_arguments(arguments, count);
    return 1;
  }
  int failure = errno;
  close(ends[1]);
  if (nothing >= 0) close(nothing);
  if (child < 0) {
    close(ends[0]);
    errno = failure;
    return -1;
  }
  *pid = child;
  *control = ends[0];
  return 0;
}
