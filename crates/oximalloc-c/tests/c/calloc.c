// build: preload
// calloc: zero also where memory was used before, products of 0, products that overflow.
#include "check.h"

int main(void) {
  for (int round = 0; round < 3; round++) {
    for (size_t size = 1; size < (size_t)8 << 20; size += size / 3 + 1) {
      unsigned char* dirty = malloc(size);
      CHECK(dirty != NULL);
      memset(dirty, 0xee, size);
      free(dirty);
      unsigned char* p = calloc(1, size);
      CHECK(p != NULL && all_bytes(p, size, 0));
      memset(p, 0xdd, malloc_usable_size(p));
      free(p);
    }
  }
  // Many of one size, dirtied, freed in another order, then asked for again.
  enum { COUNT = 2000 };
  static unsigned char* blocks[COUNT];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < COUNT; i++) {
      blocks[i] = calloc(3, 40);
      CHECK(blocks[i] != NULL && all_bytes(blocks[i], 120, 0));
      memset(blocks[i], 0xab, malloc_usable_size(blocks[i]));
    }
    for (int i = 0; i < COUNT; i += 2) free(blocks[i]);
    for (int i = 1; i < COUNT; i += 2) free(blocks[i]);
  }
  void* none = calloc(0, 8);
  CHECK(none != NULL);
  free(none);
  none = calloc(opaque_size(8), opaque_size(0));
  CHECK(none != NULL);
  free(none);

  size_t pairs[][2] = {{SIZE_MAX, 2}, {SIZE_MAX / 2 + 1, 2}, {ROOT_OF_ALL, ROOT_OF_ALL}, {SIZE_MAX, SIZE_MAX},
                       {2, SIZE_MAX / 2 + 1}};
  for (int i = 0; i < 5; i++) {
    errno = 0;
    CHECK(calloc(opaque_size(pairs[i][0]), opaque_size(pairs[i][1])) == NULL);
    CHECK(errno == ENOMEM);
  }
  return 0;
}
