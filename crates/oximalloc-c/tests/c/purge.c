// build: preload
// env: MIMALLOC_PURGE_DELAY=100
// Without any call for it, memory that a program has freed goes back to the system soon after the purge delay, as it
// goes on with a few allocations; blocks that stay keep their content.
#include "check.h"

enum { COUNT = 200000 };
static unsigned char* blocks[COUNT];

int main(void) {
  for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc(1000), i, 1000);
  long full = rss_kib();
  // What stays lies together: a tenth of the blocks.
  for (int i = COUNT / 10; i < COUNT; i++) free(blocks[i]);
  double start = seconds();
  long rest = rss_kib();
  // Rounds are counted, not seconds: on a busy machine it comes by less often.
  for (int round = 0; rest > full / 4 && round < 150; round++) {
    usleep(20000);
    for (int i = 0; i < 50; i++) free(malloc(opaque_size((size_t)(i * 40) + 1)));
    rest = rss_kib();
  }
  fprintf(stderr, "%ld KiB, %ld KiB after %.2f s\n", full, rest, seconds() - start);
  CHECK(rest <= full / 4);
  for (int i = 0; i < COUNT / 10; i++) CHECK(all_bytes(blocks[i], 1000, (unsigned char)i));
  return 0;
}
