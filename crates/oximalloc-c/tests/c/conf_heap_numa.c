// build: link
// tests: mi_heap_set_numa_affinity
// A wish for a NUMA node, also for one that this machine does not have, is taken, and the heap works on.
#include "conf.h"

int main(void) {
  static const int nodes[] = {0, -1, 1, 1000, -1000, 0};
  mi_heap_t* heap = mi_heap_new();
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    mi_heap_set_numa_affinity(heap, nodes[i]);
    EACH_SIZE(size) {
      void* p = mi_heap_malloc(heap, size);
      belongs(heap, p, size);
      mi_free(p);
    }
  }
  mi_heap_set_numa_affinity(mi_heap_main(), 0);
  mi_free(mi_malloc(10));
  mi_heap_delete(heap);
  return 0;
}
