// Starts worker processes under limits and hands them a socket and shared memory.
//
// Neither posix_spawn nor Foundation can limit a child before its first instruction, so this does
// vfork, setrlimit and exec itself. A worker finds its socket at descriptor 3 and its shared memory
// at descriptor 4; standard input, output and error lead to /dev/null, because a crashing process
// may print the memory it was working on, and that is somebody's scan.
#ifndef CWORKER_H
#define CWORKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WORKER_CONTROL = 3, WORKER_SHARED = 4 };

// 0 leaves a limit as the parent has it.
typedef struct {
  uint64_t memory_bytes;  // RLIMIT_AS
  uint64_t stack_bytes;   // RLIMIT_STACK
  uint64_t file_bytes;    // RLIMIT_FSIZE: bounds the shared memory too
} worker_limits;

typedef enum {
  WORKER_RUNNING = 0,
  WORKER_EXITED = 1,    // `code` is the exit status
  WORKER_SIGNALLED = 2  // `code` is the signal
} worker_end;

// An anonymous file in memory; -1 with errno set.
int worker_shared_memory(void);

// Starts `path` with `arguments` and `environment` (both end in a null pointer). Returns 0 or errno.
//
// The child is killed when the calling *thread* ends (PR_SET_PDEATHSIG follows threads), so call
// this from a thread that lives as long as the worker. It leads its own process group.
int worker_spawn(
    const char *path, char *const arguments[], char *const environment[], int shared,
    const worker_limits *limits, pid_t *pid, int *control);

// Splits a worker off this process as it stands, which should then have no threads and no secrets:
// returns 1 in the worker, 0 in the parent, -1 with errno set. It has no limits until worker_limit sets
// them, which comes before anything is sent to it. It is killed when the calling thread ends. The process's
// own arguments, `count` of them, are replaced in the worker by those that it would be started with.
int worker_fork(char *const arguments[], int count, int shared, pid_t *pid, int *control);

// Sets limits of a process, of the calling one for 0. Returns 0 or errno.
int worker_limit(pid_t pid, const worker_limits *limits);

// Lets the worker use `seconds` of processor time from now on; SIGXCPU ends it after that.
int worker_allow_cpu(pid_t pid, uint64_t seconds);

// Kills the worker and all it started.
void worker_kill(pid_t pid);

// Collects an ended worker, waiting at most `milliseconds`.
worker_end worker_collect(pid_t pid, int milliseconds, int *code);

// Waits until `control` can be read: 1 readable or closed, 0 the time is over, -1 errno is set.
int worker_poll(int control, int milliseconds);

// Sends all bytes without raising SIGPIPE, waiting at most `milliseconds` for the other side.
// Returns 0 or errno.
int worker_send(int control, const void *bytes, size_t count, int milliseconds);

// Has this process keep memory that it frees, for what it asks for next: pages that go back and forth
// are zeroed by the system each time, and threads that ask for them wait for one another.
void worker_keep_memory(void);

// Has the calling thread's memory grow at once: else it grows a page at a time, and each time the system
// stops what the process's other threads do.
void worker_reserve_memory(void);

#ifdef __cplusplus
}
#endif
#endif
