// build: static
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// signal: SIGSEGV
// stderr: mimalloc: error: use after free: byte 5 of a freed block of 40 bytes at 0x
// stderr:   allocated by thread 0x
// stderr:   freed by thread 0x
// stderr: guarded_report_freed
// no-stderr: not known
// A use of a freed sampled block is reported, with the stacks of the allocation and the free, though other blocks were
// freed since.
#include "guarded.h"

int main(void) {
  volatile char* p = malloc(opaque_size(40));
  for (int i = 0; i < 40; i++) p[i] = 1;
  free((void*)p);
  for (size_t i = 0; i < 60; i++) free(malloc(opaque_size(i * 100)));
  p[4] = 1;
  return 0;
}
