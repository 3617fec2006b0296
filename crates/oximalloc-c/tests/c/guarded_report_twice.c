// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// signal: SIGABRT
// stderr: mimalloc: error: free: double free: the block 0x
// stderr:  of 40 bytes was freed before
// stderr:   allocated by thread 0x
// stderr:   freed by thread 0x
// stderr: guarded_report_twice
// no-stderr: not known
// A second free of a sampled block is reported with the stacks of this free, the allocation, and the free before.
#include "guarded.h"

int main(void) {
  void* p = malloc(opaque_size(40));
  free(p);
  free(opaque(p));
  return 0;
}
