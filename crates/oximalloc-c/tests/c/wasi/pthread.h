// In place of a header that WASI's C library does not have: there are no threads, so none can be created.
#ifndef PTHREAD_H
#define PTHREAD_H
#include <errno.h>
typedef int pthread_t;
static inline int pthread_create(pthread_t* thread, const void* attributes, void* (*work)(void*), void* argument) {
  (void)thread, (void)attributes, (void)work, (void)argument;
  return EAGAIN;
}
static inline int pthread_join(pthread_t thread, void** result) {
  (void)thread, (void)result;
  return EINVAL;
}
#endif
