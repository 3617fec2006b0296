// build: shared
// Threads for threads_late, one after the other.
#include "check.h"

static void* work(void* arg) {
  void* p[100];
  for (int i = 0; i < 100; i++) memset(p[i] = malloc((size_t)i * 20 + 1), 1, (size_t)i * 20 + 1);
  for (int i = 0; i < 100; i++) free(p[i]);
  return arg;
}

void threads_late_run(int threads) {
  for (int i = 0; i < threads; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, work, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
}
