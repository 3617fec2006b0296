// build: link
// memcheck: no
// tests: mi_subproc_destroy
// A subprocess goes with all that its threads left in it; the memory of the rest of the program stays. A hundred of
// them, each with 32 MiB, do not add up. To destroy the main one does nothing. (In the reference library a heap cannot
// be made in another subprocess; the promise is the documentation's.)
#include "conf.h"

static mi_subproc_id_t sub;
static void* work(void* arg) {
  (void)arg;
  mi_subproc_add_current_thread(sub);
  for (int i = 0; i < 1000; i++) memset(mi_malloc(1000), 1, 1000);
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 100; i++) CHECK(mi_heap_malloc(heap, (size_t)i * 1000) != NULL);
  memset(mi_malloc(30 << 20), 1, 30 << 20);
  return NULL;
}
int main(void) {
  char* p = mi_malloc(1000);
  fill(p, 1000, 1);
  long after_first = 0;
  for (int round = 0; round < 100; round++) {
    sub = mi_subproc_new();
    crew(1, work);
    mi_subproc_destroy(sub);
    if (round == 10) after_first = rss_kib();
    CHECK(filled(p, 1000, 1));
  }
  CHECK(rss_kib() < after_first + 200000);
  mi_subproc_destroy(mi_subproc_main());
  CHECK(filled(p, 1000, 1) && mi_heap_of(p) == mi_heap_main());
  mi_free(p);
  // One that no thread ever joined.
  mi_subproc_destroy(mi_subproc_new());
  return 0;
}
