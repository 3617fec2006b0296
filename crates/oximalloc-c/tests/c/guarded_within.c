// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_PRECISE=1
// env: MIMALLOC_SHOW_ERRORS=1
// no-stderr: mimalloc
// What stays within guarded blocks is as with any others: of all sizes, zeroed, aligned, reallocated, freed and used again.
#include "guarded.h"

static void fill(void* p, size_t size, int value) {
  CHECK(p != NULL && malloc_usable_size(p) >= size);
  memset(p, value, size);
}

int main(void) {
  size_t sizes[] = {0, 1, 2, 7, 8, 15, 16, 17, 100, 511, 513, 1000, 1025, 4095, 4096, 4097, 65535, 65536, 65537, 300000, 3 << 20};
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      size_t size = sizes[i];
      char* p = malloc(size);
      CHECK(malloc_usable_size(p) == size && (size == 0 || ends_at_guard(p)));
      fill(p, size, 1);
      p = realloc(p, size * 2 + 1);
      CHECK(all_bytes(p, size, 1));
      fill(p, size * 2 + 1, 2);
      p = realloc(p, size / 3 + 1);
      CHECK(all_bytes(p, size / 3 + 1, 2));
      free(p);
      p = calloc(size, 1);
      CHECK((size == 0 || ends_at_guard(p)) && all_bytes(p, size, 0));
      fill(p, size, 3);
      free(p);
      for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        void* q = NULL;
        CHECK(posix_memalign(&q, alignment, size) == 0 && is_aligned(q, alignment));
        CHECK(size == 0 || ends_at_guard_with(q, alignment) || alignment > 65536);
        fill(q, size, 4);
        free(q);
      }
    }
  }
  void* kept[500];
  for (int i = 0; i < 500; i++) fill(kept[i] = malloc((size_t)i), (size_t)i, i);
  for (int i = 0; i < 500; i++) {
    CHECK(all_bytes(kept[i], (size_t)i, (unsigned char)i));
    free(kept[i]);
  }
  return 0;
}
