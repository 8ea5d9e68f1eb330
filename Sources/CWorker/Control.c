#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "CWorker.h"

static int64_t now_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void worker_keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void worker_reserve_memory(void) {
  void *volatile room = malloc(24 << 20);
  free(room);
}

int worker_allow_cpu(pid_t pid, uint64_t seconds) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return errno;
  struct rlimit limits;
  if (prlimit(pid, RLIMIT_CPU, NULL, &limits) != 0) return errno;
  rlim_t until = (rlim_t)used.tv_sec + seconds + 1;
  limits.rlim_cur =
      limits.rlim_max != RLIM_INFINITY && until > limits.rlim_max ? limits.rlim_max : until;
  return prlimit(pid, RLIMIT_CPU, &limits, NULL) == 0 ? 0 : errno;
}

void worker_kill(pid_t pid) {
  if (pid <= 0) return;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);  // the group exists only once the child has made it
}

worker_end worker_collect(pid_t pid, int milliseconds, int *code) {
  int64_t until = now_milliseconds() + milliseconds;
  for (;;) {
    int status = 0;
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid && WIFSIGNALED(status)) {
      *code = WTERMSIG(status);
      return WORKER_SIGNALLED;
    }
    if (ended == pid) {
      *code = WEXITSTATUS(status);
      return WORKER_EXITED;
    }
    if (ended < 0 && errno != EINTR) {
      *code = -1;
      return WORKER_EXITED;
    }
    if (now_milliseconds() >= until) return WORKER_RUNNING;
    struct timespec pause = {0, 500000};
    nanosleep(&pause, NULL);
  }
}

static int wait_for(int control, short events, int milliseconds) {
  int64_t until = now_milliseconds() + milliseconds;
  for (;;) {
    struct pollfd one = {control, events, 0};
    int64_t left = until - now_milliseconds();
    int ready = poll(&one, 1, left > 0 ? (int)left : 0);
    if (ready > 0) return 1;
    if (ready == 0) return 0;
    if (errno != EINTR) return -1;
  }
}

int worker_poll(int control, int milliseconds) { return wait_for(control, POLLIN, milliseconds); }

int worker_send(int control, const void *bytes, size_t count, int milliseconds) {
  const char *next = bytes;
  int64_t until = now_milliseconds() + milliseconds;
  while (count > 0) {
    ssize_t sent = send(control, next, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      next += sent;
      count -= (size_t)sent;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      int64_t left = until - now_milliseconds();
      if (left <= 0) return ETIMEDOUT;
      int ready = wait_for(control, POLLOUT, (int)left);
      if (ready == 0) return ETIMEDOUT;
      if (ready < 0) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}
