// build: link
// tests: mi_free mi_cfree mi_free_size mi_free_size_aligned mi_free_aligned
// The other ways to free: they take NULL, the block's size and alignment, and really give the memory back.
#include "conf.h"

int main(void) {
  mi_free(NULL);
  mi_cfree(NULL);
  mi_free_size(NULL, 0);
  mi_free_size(NULL, 100);
  mi_free_size_aligned(NULL, 100, 16);
  mi_free_aligned(NULL, 16);
  EACH_SIZE(size) {
    void* p = mi_malloc(size);
    CHECK(p != NULL);
    mi_free_size(p, size);
    p = mi_malloc_aligned(size, 64);
    CHECK(p != NULL);
    mi_free_size_aligned(p, size, 64);
    p = mi_malloc_aligned(size, 4096);
    CHECK(p != NULL);
    mi_free_aligned(p, 4096);
    p = mi_malloc(size);
    CHECK(p != NULL);
    mi_cfree(p);
  }
  // 64 GiB in all, if nothing came back.
  for (int i = 0; i < 4096; i++) {
    void* p = mi_malloc_aligned(16 << 20, 64);
    CHECK(p != NULL);
    *(char*)p = 1;
    if (i % 4 == 0) mi_free_size(p, 16 << 20);
    else if (i % 4 == 1) mi_free_size_aligned(p, 16 << 20, 64);
    else if (i % 4 == 2) mi_free_aligned(p, 64);
    else mi_cfree(p);
  }
  return 0;
}
