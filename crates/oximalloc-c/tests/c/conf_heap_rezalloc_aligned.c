// build: link
// tests: mi_heap_rezalloc_aligned mi_heap_rezalloc_aligned_at mi_heap_recalloc_aligned mi_heap_recalloc_aligned_at
// What zeroed, aligned blocks of a heap gain by growing is zero.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 16)
    for (size_t size = 8; size < 20000; size = size * 4 + 8) {
      for (int form = 0; form < 4; form++) {
        size_t offset = form % 2 == 0 ? 0 : 8, now = 0;
        char* p = NULL;
        for (size_t more = size; more < size * 20; more = more * 2 + 3) {
          soil_heap(heap, more);
          p = form == 0   ? mi_heap_rezalloc_aligned(heap, p, more, alignment)
              : form == 1 ? mi_heap_rezalloc_aligned_at(heap, p, more, alignment, offset)
              : form == 2 ? mi_heap_recalloc_aligned(heap, p, more, 1, alignment)
                          : mi_heap_recalloc_aligned_at(heap, p, 1, more, alignment, offset);
          CHECK(p != NULL && aligned_to(p + offset, alignment) && mi_heap_of(p) == heap);
          CHECK(all_bytes(p, now, 0x22) && all_bytes(p + now, more - now, 0));
          memset(p, 0x22, more);
          now = more;
        }
        CHECK(mi_heap_rezalloc_aligned(heap, p, TOO_MUCH, alignment) == NULL);
        CHECK(mi_heap_rezalloc_aligned_at(heap, p, TOO_MUCH, alignment, 8) == NULL);
        CHECK(mi_heap_recalloc_aligned(heap, p, OVERFLOWING, 16, alignment) == NULL);
        CHECK(mi_heap_recalloc_aligned_at(heap, p, OVERFLOWING, 16, alignment, 8) == NULL);
        CHECK(all_bytes(p, now, 0x22) && live(heap) == 1);
        mi_free(p);
      }
    }
  mi_heap_delete(heap);
  return 0;
}
