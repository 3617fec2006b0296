// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=2
// env: MIMALLOC_SHOW_STATS=1
// env: MIMALLOC_DESTROY_ON_EXIT=1
// stderr: -guarded
// no-stderr: cannot be made inaccessible
// A process ends with guarded blocks in use, its threads' too, and gives its memory back; the statistics count them.
#include "guarded.h"

static void* kept[1000];

static void* thread(void* arg) {
  for (size_t i = (size_t)arg; i < 1000; i += 2) kept[i] = malloc(i * 3);
  return NULL;
}

int main(void) {
  for (size_t i = 0; i < 2; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, (void*)i) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
  int guarded = 0;
  for (int i = 0; i < 1000; i++) guarded += is_guarded(kept[i]);
  CHECK(guarded >= 490 && guarded <= 510);
  for (int i = 0; i < 1000; i += 3) free(kept[i]);
  return 0;
}
