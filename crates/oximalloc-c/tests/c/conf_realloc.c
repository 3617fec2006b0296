// build: link
// tests: mi_realloc
// A block keeps its contents through growing and shrinking; NULL is a new block, no bytes a block too, and what fails
// leaves the old one.
#include "conf.h"

int main(void) {
  EACH_SIZE(from) {
    for (size_t j = 0; j < sizeof SIZES / sizeof *SIZES; j++) {
      size_t to = SIZES[j], least = from < to ? from : to;
      unsigned char* p = mi_realloc(NULL, from);
      CHECK(p != NULL);
      fill(p, from, 5);
      unsigned char last = p[least - 1];
      p = mi_realloc(p, to);
      CHECK(p != NULL && mi_usable_size(p) >= to);
      CHECK(filled(p, least, 5) && p[least - 1] == last);
      fill(p, to, 6);
      mi_free(p);
    }
  }
  unsigned char* p = mi_malloc(100);
  fill(p, 100, 4);
  CHECK(mi_realloc(p, TOO_MUCH) == NULL && filled(p, 100, 4));
  CHECK(mi_realloc(p, opaque_size(SIZE_MAX)) == NULL && filled(p, 100, 4));
  // Unlike glibc's, this does not free.
  p = mi_realloc(p, 0);
  CHECK(p != NULL);
  p = mi_realloc(p, 100);
  CHECK(p != NULL);
  fill(p, 100, 3);
  mi_free(p);
  p = mi_realloc(NULL, 0);
  CHECK(p != NULL);
  mi_free(p);
  return 0;
}
