// build: preload
// malloc_usable_size, malloc_size, malloc_good_size: 0 for null, at least what was asked for, and stable.
#include "check.h"

extern size_t malloc_size(const void*) __attribute__((weak));
extern size_t malloc_good_size(size_t) __attribute__((weak));

int main(void) {
  CHECK(malloc_usable_size(NULL) == 0 && malloc_size(NULL) == 0);
  size_t good = malloc_good_size(0);
  for (size_t size = 0; size < (size_t)16 << 20; size += size / 9 + 1) {
    void* p = malloc(size);
    size_t usable = malloc_usable_size(p);
    CHECK(usable >= size && usable == malloc_size(p));
    CHECK(malloc_good_size(size) >= size && malloc_good_size(size) >= good);
    good = malloc_good_size(size);
    // At most an eighth is wasted, beyond rounding to 16 bytes, or to 64 KiB for blocks above that.
    CHECK(usable <= (size + 16) + (size + 16) / 7 + (size > 65536 ? 65536 : 0));
    // A block of a good size is used to the end.
    void* q = malloc(good);
    CHECK(malloc_usable_size(q) >= good);
    free(p);
    free(q);
  }
  return 0;
}
