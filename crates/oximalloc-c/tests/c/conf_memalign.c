// build: link
// tests: mi_memalign mi_aligned_alloc mi_valloc mi_pvalloc
// The older forms of aligned allocation.
#include "conf.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
    EACH_SIZE(size) {
      if (size > 1 << 20) continue;
      void* p = mi_memalign(alignment, size);
      CHECK(p != NULL && aligned_to(p, alignment) && mi_usable_size(p) >= size);
      fill(p, size, 1);
      mi_free(p);
      size_t whole = (size + alignment - 1) / alignment * alignment;
      p = mi_aligned_alloc(alignment, whole);
      CHECK(p != NULL && aligned_to(p, alignment) && mi_usable_size(p) >= whole);
      fill(p, whole, 1);
      mi_free(p);
    }
  }
  EACH_SIZE(size) {
    void* p = mi_valloc(size);
    CHECK(p != NULL && aligned_to(p, page) && mi_usable_size(p) >= size);
    fill(p, size, 1);
    mi_free(p);
    // A whole number of pages.
    size_t whole = (size + page - 1) / page * page;
    p = mi_pvalloc(size);
    CHECK(p != NULL && aligned_to(p, page) && mi_usable_size(p) >= whole);
    fill(p, whole, 1);
    mi_free(p);
  }
  CHECK(mi_memalign(3, 8) == NULL && mi_aligned_alloc(3, 9) == NULL);
  CHECK(mi_memalign(64, TOO_MUCH) == NULL && mi_aligned_alloc(64, TOO_MUCH & ~(size_t)63) == NULL);
  CHECK(mi_valloc(TOO_MUCH) == NULL && mi_pvalloc(TOO_MUCH) == NULL && mi_pvalloc(opaque_size(SIZE_MAX - 5)) == NULL);
  return 0;
}
