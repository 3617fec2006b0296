// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// Guarded blocks are bounded (16384), so that a program that keeps many has mappings left; others are ordinary blocks.
#include "guarded.h"

static void* thread(void* arg) {
  free(malloc(100));
  return arg;
}

int main(void) {
  enum { BLOCKS = 40000, MOST = 16384 };
  void** p = malloc(BLOCKS * sizeof *p);
  int guarded = 0;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < BLOCKS; i++) CHECK((p[i] = malloc(24)) != NULL);
    guarded = 0;
    for (int i = 0; i < BLOCKS; i += 20) guarded += is_guarded(p[i]);
    CHECK(guarded > MOST / 40 && guarded <= MOST / 20 + 1);
    for (int i = 0; i < 1000; i++) CHECK(mmap(NULL, 4096, i % 2 ? PROT_NONE : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    for (int i = 0; i < BLOCKS; i++) free(p[i]);
  }
  return 0;
}
