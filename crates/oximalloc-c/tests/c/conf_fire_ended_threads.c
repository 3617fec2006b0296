// build: link
// memcheck: no
// tests: mi_heap_destroy mi_heap_delete
// Wave after wave of threads leaves blocks in one heap and ends, freeing half of what the wave before left: the counts
// are exact after each wave, and the heap goes with all of it.
#include "conf.h"

enum { THREADS = 32, EACH = 100, WAVES = 12 };
static mi_heap_t* heap;
static char* left[2][THREADS][EACH];
static int wave;
static size_t size_of(int i) { return (size_t)i * i % 3000 + 1; }
static void* work(void* arg) {
  int me = (int)(intptr_t)arg, from = (me + 5) % THREADS;
  for (int i = 0; i < EACH; i++) {
    fill(left[wave % 2][me][i] = mi_heap_malloc(heap, size_of(i)), size_of(i), (unsigned)me);
    char* old = left[(wave + 1) % 2][from][i];
    if (old == NULL) continue;
    CHECK(filled(old, size_of(i), (unsigned)from));
    if (i % 2 == 0) mi_free(old);
  }
  return NULL;
}
int main(void) {
  for (int round = 0; round < 3; round++) {
    heap = mi_heap_new();
    memset(left, 0, sizeof left);
    for (wave = 0; wave < WAVES; wave++) {
      crew(THREADS, work);
      CHECK(live(heap) == THREADS * EACH + (size_t)wave * THREADS * EACH / 2);
    }
    if (round % 2 == 0) mi_heap_destroy(heap);
    else {
      mi_heap_delete(heap);
      for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < EACH; i++) {
          char* p = left[(WAVES - 1) % 2][t][i];
          CHECK(filled(p, size_of(i), (unsigned)t) && mi_heap_of(p) == mi_heap_main());
          mi_free(p);
        }
    }
  }
  return 0;
}
