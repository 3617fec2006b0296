// build: link
// tests: mi_expand mi__expand
// A block never moves: it is given back if it has the room, else NULL is, and the block stays.
#include "conf.h"

int main(void) {
  CHECK(mi_expand(NULL, 10) == NULL && mi__expand(NULL, 10) == NULL);
  EACH_SIZE(size) {
    unsigned char* p = mi_malloc(size);
    CHECK(p != NULL);
    size_t room = mi_usable_size(p);
    fill(p, size, 2);
    CHECK(opaque(mi_expand(p, room)) == (void*)p && opaque(mi__expand(p, room)) == (void*)p);
    CHECK(opaque(mi_expand(p, size)) == (void*)p && opaque(mi_expand(p, 1)) == (void*)p);
    CHECK(mi_expand(p, TOO_MUCH) == NULL && mi__expand(p, opaque_size(SIZE_MAX)) == NULL);
    CHECK(filled(p, size, 2));
    mi_free(p);
  }
  char* p = mi_malloc(100);
  CHECK(mi_expand(p, 100000) == NULL);
  errno = 0;
  CHECK(mi__expand(p, 100000) == NULL && errno == ENOMEM);
  mi_free(p);
  return 0;
}
