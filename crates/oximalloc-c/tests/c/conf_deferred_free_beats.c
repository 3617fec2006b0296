// build: link
// tests: mi_register_deferred_free
// The same allocations bring about the same calls: fresh threads that do the same hear nearly as many heartbeats,
// whose numbers begin anew in each thread and rise.
#include "conf.h"

static __thread int calls;
static __thread unsigned long long last;
static int heard[3];
static void deferred(bool force, unsigned long long beat, void* arg) {
  (void)force, (void)arg;
  CHECK(beat >= last);
  last = beat;
  calls++;
}
static void* work(void* arg) {
  void* p[500];
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 500; i++) CHECK((p[i] = mi_malloc((size_t)i * 3 + 1)) != NULL);
    for (int i = 0; i < 500; i++) mi_free(p[i]);
  }
  heard[(intptr_t)arg] = calls;
  return NULL;
}
int main(void) {
  mi_register_deferred_free(deferred, NULL);
  for (intptr_t i = 0; i < 3; i++) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, (void*)i) == 0 && pthread_join(thread, NULL) == 0);
  }
  mi_register_deferred_free(NULL, NULL);
  // A thread may take over pages that the one before left, so the counts are near, not the same.
  for (int i = 0; i < 3; i++) CHECK(heard[i] > 0 && abs(heard[i] - heard[0]) <= heard[0] / 3 + 3);
  return 0;
}
