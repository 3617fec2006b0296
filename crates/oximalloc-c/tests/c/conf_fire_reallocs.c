// build: link
// memcheck: no
// tests: mi_heap_realloc mi_heap_rezalloc mi_heap_realloc_aligned mi_realloc
// 32 threads move blocks from heap to heap by reallocation, growing and shrinking; contents stay, and the heaps'
// counts come out right.
#include "conf.h"

enum { THREADS = 32, HEAPS = 4, EACH = 16 };
static mi_heap_t* heaps[HEAPS];
static char* kept[THREADS][EACH];
static void* work(void* arg) {
  unsigned me = (unsigned)(intptr_t)arg;
  uint64_t state = me + 77;
  size_t sizes[EACH] = {0};
  for (int round = 0; round < 1500; round++) {
    uint64_t dice = next_number(&state);
    int i = (int)(dice % EACH);
    mi_heap_t* heap = heaps[(dice >> 8) % HEAPS];
    size_t size = (dice >> 16) % (round % 60 == 0 ? 500000 : 3000) + 1, least = size < sizes[i] ? size : sizes[i];
    char* p = kept[me][i];
    switch ((dice >> 60) % 4) {
      case 0: p = mi_heap_realloc(heap, p, size); break;
      case 1: p = mi_heap_rezalloc(heap, p, size); break;
      case 2: p = mi_heap_realloc_aligned(heap, p, size, 512); break;
      default: p = mi_realloc(p, size);
    }
    CHECK(p != NULL && filled(p, least, me));
    fill(p, size, me);
    kept[me][i] = p;
    sizes[i] = size;
  }
  return NULL;
}
int main(void) {
  for (int i = 0; i < HEAPS; i++) heaps[i] = mi_heap_new();
  crew(THREADS, work);
  size_t all = 0, in[HEAPS] = {0};
  for (int t = 0; t < THREADS; t++)
    for (int i = 0; i < EACH; i++) {
      CHECK(kept[t][i] != NULL);
      for (int h = 0; h < HEAPS; h++) in[h] += mi_heap_of(kept[t][i]) == heaps[h];
      all += mi_heap_of(kept[t][i]) == mi_heap_main();
    }
  for (int h = 0; h < HEAPS; h++) {
    CHECK(live(heaps[h]) == in[h]);
    all += in[h];
  }
  CHECK(all == THREADS * EACH);
  for (int h = 0; h < HEAPS; h++) mi_heap_delete(heaps[h]);
  for (int t = 0; t < THREADS; t++)
    for (int i = 0; i < EACH; i++) mi_free(kept[t][i]);
  return 0;
}
