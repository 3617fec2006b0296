// build: preload
// signal: SIGABRT
// stderr: mimalloc: error: realloc: invalid pointer
// stderr: the program ends here
// A realloc of what is no block ends the program.
#include "check.h"

int main(void) {
  char* p = malloc(opaque_size(5000));
  p = realloc(opaque(p + 8), opaque_size(9));
  CHECK(p == NULL);
  return 0;
}
