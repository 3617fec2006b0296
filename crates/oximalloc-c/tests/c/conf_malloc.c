// build: link
// tests: mi_malloc mi_free
// Every size gives a block of its own, with room for it and aligned for it; what cannot be is NULL.
#include "conf.h"

int main(void) {
  EACH_SIZE(size) {
    unsigned char *p = mi_malloc(size), *q = mi_malloc(size);
    CHECK(p != NULL && q != NULL && (p + size <= q || q + size <= p));
    CHECK(mi_usable_size(p) >= size);
    CHECK(aligned_to(p, size >= 16 ? 16 : 8) && aligned_to(q, size >= 16 ? 16 : 8));
    fill(p, size, 1);
    fill(q, size, 2);
    CHECK(filled(p, size, 1) && filled(q, size, 2));
    mi_free(p);
    CHECK(filled(q, size, 2));
    mi_free(q);
  }
  // No bytes are a block too, different from every other.
  void *a = mi_malloc(0), *b = mi_malloc(0);
  CHECK(a != NULL && b != NULL && a != b);
  mi_free(a);
  mi_free(b);
  mi_free(NULL);
  CHECK(mi_malloc(TOO_MUCH) == NULL);
  CHECK(mi_malloc(opaque_size(SIZE_MAX)) == NULL);
  CHECK(mi_malloc(opaque_size(SIZE_MAX - 4096)) == NULL);
  a = mi_malloc(10);
  CHECK(a != NULL);
  mi_free(a);
  return 0;
}
