// build: preload
// env: MIMALLOC_DESTROY_ON_EXIT=1
// stdout: done
// destroy_on_exit gives all memory back at the end; a program that uses none of it after that ends well.
#include "check.h"

static void last(void) {
  if (write(1, "done\n", 5) < 0) _exit(3);
}

int main(void) {
  atexit(last);
  for (int i = 0; i < 100000; i++) memset(malloc(100), 1, 100);
  CHECK(malloc((size_t)100 << 20) != NULL);
  return 0;
}
