// build: link
// memcheck: no
// tests: mi_heap_delete mi_free mi_heap_malloc
// 16 threads fill heaps of their own, pass the blocks on, and delete the heap at once; 16 others free the blocks,
// before, while and after the heap goes. All memory comes back.
#include "conf.h"

enum { PAIRS = 16, ROUNDS = 100, EACH = 60 };
static _Atomic(char*) mail[PAIRS][EACH];
static size_t size_of(int i) { return i == 7 ? 200000 : (size_t)i * 31 + 1; }
static void* work(void* arg) {
  int me = (int)(intptr_t)arg, pair = me / 2;
  for (int round = 0; round < ROUNDS; round++) {
    mi_heap_t* heap = me % 2 == 0 ? mi_heap_new() : NULL;
    for (int i = 0; i < EACH; i++) {
      if (me % 2 == 0) {
        char* p = mi_heap_malloc(heap, size_of(i));
        fill(p, size_of(i), (unsigned)round);
        while (mail[pair][i] != NULL) sched_yield();
        mail[pair][i] = p;
      } else {
        char* p;
        while ((p = mail[pair][i]) == NULL) sched_yield();
        CHECK(filled(p, size_of(i), (unsigned)round));
        mi_free(p);
        mail[pair][i] = NULL;
      }
    }
    if (heap != NULL) mi_heap_delete(heap);
  }
  return NULL;
}
int main(void) {
  crew(2 * PAIRS, work);
  long first = rss_kib();
  crew(2 * PAIRS, work);
  CHECK(rss_kib() < first + 100000);
  return 0;
}
