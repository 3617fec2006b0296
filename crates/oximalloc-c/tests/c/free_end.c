// secure: 0
// build: link
// env: MIMALLOC_ABORT_ON_ERROR=0
// The end of the last block of a page is no block, even where it is a multiple of the block's size: a free of it is
// reported, and changes nothing.
#include <mimalloc.h>
#include "check.h"

static int errors;
static void note(int code, void* arg) {
  (void)arg;
  if (code == EINVAL) errors++;
}

int main(void) {
  static const size_t sizes[] = {48, 1000, 7000, 12000, 30000, 45000, 52000, 60000};
  mi_register_error(note, NULL);
  for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t size = sizes[i], all = mi_good_size(size), fit = 65536 / all, count = 4 * fit;
    char* blocks[4 * 65536 / 48];
    uintptr_t last = 0;
    for (size_t j = 0; j < count; j++) {
      blocks[j] = mi_malloc(size);
      CHECK(blocks[j] != NULL);
      if ((uintptr_t)blocks[j] % 65536 / all == fit - 1) last = (uintptr_t)blocks[j];
    }
    CHECK(last != 0);
    int before = errors;
    mi_free((void*)(last + all));
    CHECK(errors == before + 1);
    for (size_t j = 0; j < count; j++) mi_free(blocks[j]);
  }
  return 0;
}
