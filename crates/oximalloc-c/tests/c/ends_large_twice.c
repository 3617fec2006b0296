// build: preload
// signal: SIGABRT
// stderr: mimalloc: error: free: invalid pointer
// stderr: the program ends here
// A large block that is freed twice ends the program, whether its page was kept or went back.
#include "check.h"

int main(void) {
  char* p = malloc(opaque_size(40 << 20));
  char* q = malloc(opaque_size(40 << 20));
  CHECK(p && q);
  free(p);
  free(opaque(p));
  return 0;
}
