// build: preload
// signal: SIGABRT
// stderr: mimalloc: error: free: invalid pointer
// stderr: the program ends here
// A free of the inside of a block ends the program, though errors are not shown.
#include "check.h"

int main(void) {
  char* p = malloc(opaque_size(100));
  free(opaque(p + 16));
  return 0;
}
