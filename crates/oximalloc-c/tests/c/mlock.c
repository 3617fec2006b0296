// build: preload
// A process that locks its memory, which makes what is accessible resident, has what it uses, and not all that is reserved:
// before it allocates, and after. (Where it may not lock as much, it goes on as it is.)
#include <sys/mman.h>
#include "check.h"

enum { BLOCKS = 300, SIZE = 100000 };

static void use(void) {
  for (int i = 0; i < BLOCKS; i++) {
    char* p = malloc(SIZE);
    CHECK(p != NULL);
    memset(p, 1, SIZE);
  }
}

int main(void) {
  use();
  bool locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
  if (!locked) fprintf(stderr, "memory cannot be locked: %s\n", strerror(errno));
  use();
  long rss = rss_kib();
  fprintf(stderr, "%ld KiB resident\n", rss);
  CHECK(rss > 2 * BLOCKS * (SIZE / 1024) && rss < 200 * 1024);
  return 0;
}
