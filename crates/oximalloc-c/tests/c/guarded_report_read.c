// build: link
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// signal: SIGSEGV
// stderr: mimalloc: error: overflow: byte 49 of a block of 40 bytes at 0x
// stderr: allocated by thread 0x
// stderr: guarded_report_read
// no-stderr: was written
// no-stderr: freed by
// A read beyond a sampled block is reported. Without the precise option, the block ends at the next multiple of 16.
#include "guarded.h"

int main(void) {
  volatile char* p = malloc(opaque_size(40));
  for (int i = 0; i < 48; i++) p[i] = 1;
  return p[48];
}
