// build: preload
// Without sampling no handler is installed.
#include "guarded.h"

int main(void) {
  struct sigaction action;
  CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  free(malloc(opaque_size(40)));
  CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  return 0;
}
