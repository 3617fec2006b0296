// build: preload
// signal: SIGABRT
// env: MIMALLOC_ABORT_ON_ERROR=2
// stderr: mimalloc: error: free: invalid pointer
// stderr: the program ends here
// A pointer that is not from here ends the program where that is asked for.
#include "check.h"

int main(void) {
  char on_stack[64] = "stack";
  free(opaque(on_stack));
  return 0;
}
