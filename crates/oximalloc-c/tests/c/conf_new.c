// build: link
// tests: mi_new mi_new_aligned mi_new_n mi_new_nothrow mi_new_aligned_nothrow mi_new_realloc mi_new_reallocn
// The family of C++'s new, as C sees it: blocks like others, NULL only from those that do not throw.
#include "conf.h"

int main(void) {
  EACH_SIZE(size) {
    void* p = mi_new(size);
    CHECK(p != NULL && mi_usable_size(p) >= size && aligned_to(p, size >= 16 ? 16 : 8));
    fill(p, size, 1);
    p = mi_new_realloc(p, size * 2);
    CHECK(p != NULL && mi_usable_size(p) >= size * 2 && filled(p, size, 1));
    p = mi_new_reallocn(p, size, 3);
    CHECK(p != NULL && mi_usable_size(p) >= size * 3 && filled(p, size, 1));
    mi_free(p);
    p = mi_new_n(size, 2);
    CHECK(p != NULL && mi_usable_size(p) >= size * 2);
    mi_free(p);
    p = mi_new_aligned(size, 128);
    CHECK(p != NULL && aligned_to(p, 128) && mi_usable_size(p) >= size);
    mi_free_size_aligned(p, size, 128);
    p = mi_new_aligned_nothrow(size, 4096);
    CHECK(p != NULL && aligned_to(p, 4096) && mi_usable_size(p) >= size);
    mi_free(p);
    p = mi_new_nothrow(size);
    CHECK(p != NULL && mi_usable_size(p) >= size);
    mi_free(p);
  }
  void *a = mi_new(0), *b = mi_new(0);
  CHECK(a != NULL && b != NULL && a != b);
  mi_free(a);
  mi_free(b);
  a = mi_new_realloc(NULL, 10);
  CHECK(a != NULL);
  mi_free(a);
  CHECK(mi_new_nothrow(TOO_MUCH) == NULL && mi_new_aligned_nothrow(TOO_MUCH, 64) == NULL);
  return 0;
}
