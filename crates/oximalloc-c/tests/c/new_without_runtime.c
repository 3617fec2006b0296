// build: preload
// signal: SIGABRT
// stderr: out of memory in operator new
// operator new in a process without any C++ runtime ends it with a message.
#include "check.h"

// Where `size_t` is no `unsigned long`, it is an `unsigned int`.
#if __SIZEOF_SIZE_T__ < 8
#define _Znwm _Znwj
#endif
extern void* _Znwm(size_t) __attribute__((weak));

int main(void) {
  CHECK(_Znwm != NULL);
  free(_Znwm(10));
  _Znwm(opaque_size(SIZE_MAX));
  return 0;
}
