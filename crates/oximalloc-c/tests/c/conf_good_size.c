// secure: 0
// build: link
// tests: mi_good_size mi_malloc_good_size mi_usable_size mi_malloc_size mi_malloc_usable_size
// The size that a block would have is the size that it has; it never shrinks as the wish grows.
#include "conf.h"

int main(void) {
  size_t before = 0;
  for (size_t size = 1; size < 60 << 20; size += size / 9 + 1) {
    size_t good = mi_good_size(size);
    CHECK(good >= size && good >= before && mi_malloc_good_size(size) == good && mi_good_size(good) == good);
    before = good;
    void* p = mi_malloc(size);
    CHECK(p != NULL);
    size_t room = mi_usable_size(p);
    CHECK(room >= size && mi_malloc_size(p) == room && mi_malloc_usable_size(p) == room);
    // All of the room may be written.
    fill(p, room, 1);
    mi_free(p);
    p = mi_malloc(good);
    CHECK(p != NULL && mi_usable_size(p) >= size);
    mi_free(p);
  }
  CHECK(mi_usable_size(NULL) == 0 && mi_malloc_size(NULL) == 0 && mi_malloc_usable_size(NULL) == 0);
  // Also for what can never be allocated.
  CHECK(mi_good_size(TOO_MUCH) >= TOO_MUCH);
  CHECK(mi_good_size(0) <= 16);
  return 0;
}
