#ifndef CCOUNTING_H
#define CCOUNTING_H

/* How often the running thread has asked for memory, and locked a mutex, so far. */
long counted_allocations(void);
long counted_locks(void);

#endif
