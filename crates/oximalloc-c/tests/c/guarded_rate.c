// secure: 0
// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=10
// env: MIMALLOC_GUARDED_SAMPLE_SEED=10
// env: MIMALLOC_GUARDED_MIN=1000
// env: MIMALLOC_GUARDED_MAX=70000
// One in ten allocations within the bounds is guarded, in each thread, and none outside them.
#include "guarded.h"

static void count(size_t size, int n, int expected) {
  void* p[200];
  int guarded = 0;
  for (int i = 0; i < n; i++) p[i] = malloc(size);
  for (int i = 0; i < n; i++) guarded += is_guarded(p[i]);
  for (int i = 0; i < n; i++) free(p[i]);
  CHECK(guarded == expected);
}

static void* thread(void* arg) {
  // The seed says that the tenth is the first.
  count(1000, 9, 0);
  count(1000, 1, 1);
  count(1000, 200, 20);
  count(2000, 100, 10);
  count(70000, 50, 5);
  count(999, 200, 0);
  count(70001, 50, 0);
  count(16, 200, 0);
  return arg;
}

int main(void) {
  for (int i = 0; i < 5; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
  return 0;
}
