// build: link
// tests: mi_recalloc
// As mi_rezalloc, by a number of things: what is added is zero, a product that is too large leaves the block.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  for (size_t each = 1; each < 3000; each = each * 5 + 2) {
    soil(each * 10);
    unsigned char* p = each % 2 == 0 ? mi_recalloc(NULL, 3, each) : mi_calloc(3, each);
    CHECK(p != NULL && all_bytes(p, 3 * each, 0));
    memset(p, 0x55, 3 * each);
    for (size_t count = 3; count < 700; count += count) {
      soil(2 * count * each);
      p = mi_recalloc(p, 2 * count, each);
      CHECK(p != NULL && all_bytes(p, count * each, 0x55) && all_bytes(p + count * each, count * each, 0));
      memset(p, 0x55, 2 * count * each);
    }
    CHECK(mi_recalloc(p, OVERFLOWING, 16) == NULL && mi_recalloc(p, 16, OVERFLOWING) == NULL);
    CHECK(mi_recalloc(p, 1, TOO_MUCH) == NULL);
    CHECK(all_bytes(p, 700 * each, 0x55));
    p = mi_recalloc(p, 2, each);
    CHECK(p != NULL && all_bytes(p, 2 * each, 0x55));
    mi_free(p);
  }
  CHECK(mi_recalloc(NULL, OVERFLOWING, 16) == NULL);
  return 0;
}
