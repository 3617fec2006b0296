// build: link
// tests: mi_calloc mi_mallocn
// Blocks for a number of things: zeroed or not, none of them, and numbers whose product is too large.
#include "conf.h"

int main(void) {
  EACH_SIZE(size) {
    soil(size);
    unsigned char* p = mi_calloc(1, size);
    CHECK(p != NULL && all_bytes(p, size, 0) && mi_usable_size(p) >= size);
    mi_free(p);
    soil(3 * size);
    p = mi_calloc(size, 3);
    CHECK(p != NULL && all_bytes(p, 3 * size, 0) && mi_usable_size(p) >= 3 * size);
    mi_free(p);
    p = mi_mallocn(size, 3);
    CHECK(p != NULL && mi_usable_size(p) >= 3 * size);
    fill(p, 3 * size, 1);
    mi_free(p);
  }
  void *a = mi_calloc(0, 8), *b = mi_calloc(8, 0), *c = mi_mallocn(0, 0);
  CHECK(a != NULL && b != NULL && c != NULL && a != b && b != c && a != c);
  mi_free(a);
  mi_free(b);
  mi_free(c);
  // A product that overflows to something small must not be allocated as that.
  CHECK(mi_calloc(OVERFLOWING, 16) == NULL && mi_calloc(16, OVERFLOWING) == NULL);
  CHECK(mi_mallocn(OVERFLOWING, 16) == NULL && mi_mallocn(16, OVERFLOWING) == NULL);
  CHECK(mi_calloc(opaque_size(ROOT_OF_ALL), opaque_size(ROOT_OF_ALL)) == NULL);
  CHECK(mi_mallocn(opaque_size(ROOT_OF_ALL), opaque_size(ROOT_OF_ALL)) == NULL);
  CHECK(mi_calloc(opaque_size(SIZE_MAX), opaque_size(SIZE_MAX)) == NULL);
  CHECK(mi_calloc(1, TOO_MUCH) == NULL && mi_mallocn(TOO_MUCH, 1) == NULL);
  return 0;
}
