// build: shared
// For static_with_library.c: a library that allocates and frees for the program.
#include "check.h"

char* helper_make(size_t size) {
  char* p = calloc(1, size);
  CHECK(p != NULL);
  p[0] = 1;
  return p;
}
void helper_drop(char* p) { free(p); }

__attribute__((destructor)) static void destruct(void) {
  free(malloc(10));
  if (write(1, "helper ended\n", 13) < 0) _exit(3);
}
