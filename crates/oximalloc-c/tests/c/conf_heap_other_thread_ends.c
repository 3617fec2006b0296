// build: link
// tests: mi_heap_new mi_heap_delete mi_heap_destroy mi_heap_malloc
// A heap outlives the thread that made it, and can be used, deleted and destroyed by another.
#include "conf.h"

static mi_heap_t* heaps[10];
static char* blocks[10];
static void* make(void* arg) {
  (void)arg;
  for (int i = 0; i < 10; i++) {
    heaps[i] = mi_heap_new();
    fill(blocks[i] = mi_heap_malloc(heaps[i], 3000), 3000, (unsigned)i);
  }
  return NULL;
}
static void* end(void* arg) {
  (void)arg;
  for (int i = 0; i < 10; i++) {
    CHECK(mi_heap_of(blocks[i]) == heaps[i] && filled(blocks[i], 3000, (unsigned)i));
    belongs(heaps[i], mi_heap_malloc(heaps[i], 500), 500);
    CHECK(live(heaps[i]) == 2);
    if (i % 2 == 0) mi_heap_delete(heaps[i]); else mi_heap_destroy(heaps[i]);
  }
  return NULL;
}
int main(void) {
  for (int round = 0; round < 50; round++) {
    crew(1, make);
    for (int i = 0; i < 10; i++) CHECK(live(heaps[i]) == 1);
    crew(1, end);
    for (int i = 0; i < 10; i += 2) {
      CHECK(filled(blocks[i], 3000, (unsigned)i) && mi_heap_of(blocks[i]) == mi_heap_main());
      mi_free(blocks[i]);
    }
  }
  return 0;
}
