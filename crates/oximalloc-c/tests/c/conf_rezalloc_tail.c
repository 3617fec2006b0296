// build: link
// tests: mi_rezalloc mi_recalloc mi_zalloc mi_calloc mi_heap_rezalloc mi_heap_main
// Bytes between the size that was asked for and the block's own size are zero when a zeroed block grows into them.
#include "conf.h"

int main(void) {
  for (size_t size = 1; size < 20000; size += size / 7 + 1) {
    soil(size);
    unsigned char* p = mi_zalloc(size);
    size_t room = mi_usable_size(p);
    p = mi_rezalloc(p, room);
    CHECK(p != NULL && all_bytes(p, room, 0));
    mi_free(p);
    soil(size);
    p = mi_calloc(1, size);
    p = mi_recalloc(p, 1, mi_usable_size(p));
    CHECK(p != NULL && all_bytes(p, mi_usable_size(p) < room ? mi_usable_size(p) : room, 0));
    mi_free(p);
    soil(size);
    p = mi_heap_rezalloc(mi_heap_main(), NULL, size);
    p = mi_heap_rezalloc(mi_heap_main(), p, room);
    CHECK(p != NULL && all_bytes(p, room, 0));
    mi_free(p);
  }
  return 0;
}
