// secure: 0
// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_REPORT=0
// signal: SIGSEGV
// no-stderr: mimalloc
// Without reports no handler is installed, nothing is printed, and freed blocks do not wait.
#include "guarded.h"

int main(void) {
  struct sigaction action;
  CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  volatile char* p = malloc(opaque_size(40));
  CHECK(is_guarded((void*)p));
  free((void*)p);
  CHECK(is_readable((void*)p));
  p = malloc(opaque_size(40));
  p[48] = 1;
  return 0;
}
