// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_PRECISE=1
// signal: SIGSEGV
// stderr: mimalloc: error: overflow: byte 41 of a block of 40 bytes at 0x
// stderr:   by 
// stderr:   allocated by thread 0x
// stderr:     #0 
// stderr: guarded_report_write
// stderr: +0x
// no-stderr: freed by
// no-stderr: not known
// A write beyond a sampled block is reported, with the stack of the allocation, and ends the program by the signal.
#include "guarded.h"

__attribute__((noinline)) static volatile char* allocate(size_t size) { return opaque(malloc(size)); }

int main(void) {
  volatile char* p = allocate(opaque_size(40));
  for (int i = 0; i < 40; i++) p[i] = 1;
  p[40] = 1;
  return 0;
}
