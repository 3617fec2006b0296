// build: link
// tests: mi_stats_get_bin_size
// The block sizes of the bins rise, in whole words; beyond the last bin it is 0.
#include "conf.h"

int main(void) {
  size_t before = 0;
  for (size_t bin = 1; bin < 73; bin++) {
    size_t size = mi_stats_get_bin_size(bin);
    if (size == 0) continue;
    CHECK(size > before && size % sizeof(void*) == 0);
    before = size;
    CHECK(mi_good_size(size) >= size);
  }
  CHECK(mi_stats_get_bin_size(1) == 8 && before >= 100000);
  CHECK(mi_stats_get_bin_size(74) == 0 && mi_stats_get_bin_size(1000) == 0 && mi_stats_get_bin_size(SIZE_MAX) == 0);
  return 0;
}
