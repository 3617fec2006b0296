// build: preload
// env: MIMALLOC_PURGE_DELAY=0
// Memory that was dirty, freed, given back to the system and taken again is zero for calloc.
#include "check.h"

enum { COUNT = 3000 };
static unsigned char* blocks[COUNT];

int main(void) {
  size_t sizes[] = {24, 1000, 5000, 33000, 200000};
  for (int round = 0; round < 3; round++)
    for (int s = 0; s < 5; s++) {
      int count = sizes[s] > 100000 ? COUNT / 20 : COUNT;
      for (int i = 0; i < count; i++) {
        blocks[i] = round % 2 ? calloc(1, sizes[s]) : realloc(calloc(1, sizes[s] / 2), sizes[s] / 2);
        CHECK(blocks[i] != NULL && all_bytes(blocks[i], round % 2 ? sizes[s] : sizes[s] / 2, 0));
        memset(blocks[i], 0xcc, malloc_usable_size(blocks[i]));
      }
      for (int i = 0; i < count; i += 3) free(blocks[i]);
      malloc_trim(0);
      for (int i = 0; i < count; i += 3) {
        blocks[i] = calloc(sizes[s], 1);
        CHECK(blocks[i] != NULL && all_bytes(blocks[i], sizes[s], 0));
        memset(blocks[i], 0xcc, malloc_usable_size(blocks[i]));
      }
      for (int i = 0; i < count; i++) free(blocks[i]);
      malloc_trim(0);
    }
  return 0;
}
