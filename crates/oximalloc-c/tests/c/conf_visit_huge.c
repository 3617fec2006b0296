// build: link
// tests: mi_heap_malloc_aligned
// Large and huge blocks, plain and aligned up to 64 KiB, are seen, each once.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  void* p[60];
  int count = 0;
  for (size_t size = 200000; size < 100 << 20; size = size * 2 + 1) {
    p[count++] = mi_heap_malloc(heap, size);
    p[count++] = mi_heap_malloc_aligned(heap, size, 4096);
    p[count++] = mi_heap_zalloc_aligned(heap, size, 65536);
  }
  seen_t all = look(heap, NULL);
  CHECK((int)all.blocks == count && (int)all.used == count);
  for (int i = 0; i < count; i++) CHECK(p[i] != NULL && look(heap, p[i]).found == 1);
  for (int i = 0; i < count; i++) {
    mi_free(p[i]);
    CHECK((int)live(heap) == count - i - 1);
  }
  mi_heap_delete(heap);
  return 0;
}
