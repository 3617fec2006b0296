// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_PRECISE=1
// signal: SIGSEGV
// stdout: at the guard
// A write of one byte past a precisely guarded block ends the program there, whatever the block's size.
#include "guarded.h"

int main(void) {
  volatile char* p = malloc(opaque_size(13));
  for (int i = 0; i < 13; i++) p[i] = 1;
  expect_fault((void*)(p + 13));
  p[13] = 1;
  return 0;
}
