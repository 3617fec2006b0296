// build: preload
// malloc_trim gives freed memory back at once and says so.
#include "check.h"

int main(void) {
  enum { COUNT = 100000, SIZE = 1000 };
  static void* blocks[COUNT];
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc(SIZE), 1, SIZE);
  long full = rss_kib();
  for (int i = 0; i < COUNT; i++) free(blocks[i]);
  int said = malloc_trim(0);
  long rest = rss_kib();
  CHECK(rest < full / 4);
  CHECK(said == 1);
  return 0;
}
