// build: preload
// signal: SIGABRT
// stderr: mimalloc: error: free: invalid pointer
// stderr: the program ends here
// A block of no bytes that is freed twice ends the program.
#include "check.h"

int main(void) {
  char* p = malloc(opaque_size(0));
  free(p);
  free(opaque(p));
  return 0;
}
