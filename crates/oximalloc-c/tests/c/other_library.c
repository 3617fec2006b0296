// build: shared
// For constructors.c and others: a library that allocates in its constructor and frees in its destructor.
#include "check.h"

char* other_text;
static void* other_blocks[1000];

__attribute__((constructor)) static void construct(void) {
  other_text = strdup("from a constructor");
  for (int i = 0; i < 1000; i++) other_blocks[i] = calloc(1, (size_t)i * 10);
}
__attribute__((destructor)) static void destruct(void) {
  for (int i = 0; i < 1000; i++) {
    CHECK(all_bytes(other_blocks[i], (size_t)i * 10, 0));
    free(other_blocks[i]);
  }
  free(other_text);
  free(malloc(100000));
  if (write(1, "other library ended\n", 20) < 0) _exit(3);
}
