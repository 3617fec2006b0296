// build: link
// tests: mi_heap_new mi_heap_delete mi_heap_main
// New heaps are different from each other and from the main one, begin empty, and can be deleted in any order.
#include "conf.h"

int main(void) {
  mi_heap_t* heaps[100];
  for (int i = 0; i < 100; i++) {
    CHECK((heaps[i] = mi_heap_new()) != NULL && heaps[i] != mi_heap_main());
    CHECK(live(heaps[i]) == 0);
    for (int j = 0; j < i; j++) CHECK(heaps[i] != heaps[j]);
  }
  void* blocks[100];
  for (int i = 0; i < 100; i++) {
    blocks[i] = mi_heap_malloc(heaps[i], 100);
    belongs(heaps[i], blocks[i], 100);
    fill(blocks[i], 100, (unsigned)i);
  }
  for (int i = 0; i < 100; i++) CHECK(live(heaps[i]) == 1 && mi_heap_of(blocks[i]) == heaps[i]);
  for (int i = 0; i < 100; i++) mi_heap_delete(heaps[i * 37 % 100]);
  for (int i = 0; i < 100; i++) {
    CHECK(filled(blocks[i], 100, (unsigned)i));
    mi_free(blocks[i]);
  }
  return 0;
}
