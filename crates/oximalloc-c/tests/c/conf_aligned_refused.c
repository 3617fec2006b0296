// build: link
// tests: mi_malloc_aligned mi_malloc_aligned_at mi_zalloc_aligned mi_zalloc_aligned_at mi_calloc_aligned
// tests: mi_calloc_aligned_at mi_heap_malloc_aligned mi_umalloc_aligned
// An alignment that is no power of two, or zero, and sizes that cannot be, are NULL.
#include "conf.h"

static const size_t bad[] = {0, 3, 12, 24, 100, 4095, (size_t)-1};

int main(void) {
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t alignment = opaque_size(bad[i]);
    CHECK(mi_malloc_aligned(64, alignment) == NULL && mi_malloc_aligned_at(64, alignment, 8) == NULL);
    CHECK(mi_zalloc_aligned(64, alignment) == NULL && mi_zalloc_aligned_at(64, alignment, 8) == NULL);
    CHECK(mi_calloc_aligned(8, 8, alignment) == NULL && mi_calloc_aligned_at(8, 8, alignment, 8) == NULL);
    CHECK(mi_heap_malloc_aligned(mi_heap_main(), 64, alignment) == NULL);
    CHECK(mi_umalloc_aligned(64, alignment, NULL) == NULL);
  }
  CHECK(mi_malloc_aligned(TOO_MUCH, 64) == NULL && mi_malloc_aligned_at(TOO_MUCH, 64, 8) == NULL);
  CHECK(mi_zalloc_aligned(TOO_MUCH, 1 << 20) == NULL && mi_zalloc_aligned_at(TOO_MUCH, 1 << 20, 8) == NULL);
  CHECK(mi_malloc_aligned(opaque_size(SIZE_MAX), 64) == NULL);
  CHECK(mi_malloc_aligned(opaque_size(SIZE_MAX - 63), 4096) == NULL);
  CHECK(mi_malloc_aligned(10, opaque_size(SIZE_MAX / 2 + 1)) == NULL);
  return 0;
}
