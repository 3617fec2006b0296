// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=5
// timeout: 240
// As fork_busy, with one block in five guarded: before the fork, in the child, and freed there.
#include "fork_busy.c"
