// build: link
// Subprocesses that come and go need no new arenas, and as many at a time as there are no arenas for still get memory.
#include <mimalloc.h>
#include "check.h"

static mi_subproc_id_t now;

static void* work(void* arg) {
  mi_subproc_add_current_thread(now);
  for (int i = 0; i < 500; i++) {
    void* p = mi_malloc(1000);
    CHECK(p != NULL);
    memset(p, i, 1000);
  }
  return arg;
}

static void one(void) {
  now = mi_subproc_new();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  for (int i = 0; i < 1000; i++) {
    one();
    mi_subproc_destroy(now);
  }
  CHECK(rss_kib() < 20000);
  static mi_subproc_id_t all[300];
  for (int i = 0; i < 300; i++) {
    one();
    all[i] = now;
  }
  for (int i = 0; i < 300; i++) mi_subproc_destroy(all[i]);
  return 0;
}
