// build: preload
// reallocarray, and BSD's reallocarr and reallocf where the library has them.
#include "check.h"

extern int reallocarr(void*, size_t, size_t) __attribute__((weak));
extern void* reallocf(void*, size_t) __attribute__((weak));

int main(void) {
  char* p = reallocarray(NULL, 10, 10);
  CHECK(p != NULL && malloc_usable_size(p) >= 100);
  strcpy(p, "content");
  p = reallocarray(p, 1000, 1000);
  CHECK(p != NULL && strcmp(p, "content") == 0);
  errno = 0;
  CHECK(reallocarray(p, opaque_size(SIZE_MAX / 2), opaque_size(3)) == NULL && errno == ENOMEM);
  CHECK(strcmp(p, "content") == 0);
  errno = 0;
  CHECK(reallocarray(p, opaque_size(SIZE_MAX / 8), opaque_size(7)) == NULL && errno == ENOMEM);
  CHECK(strcmp(p, "content") == 0);

  if (reallocarr) {
    errno = 5;
    CHECK(reallocarr(&p, 100, 100) == 0 && p != NULL && strcmp(p, "content") == 0 && malloc_usable_size(p) >= 10000);
    char* before = p;
    CHECK(reallocarr(&p, opaque_size(SIZE_MAX), opaque_size(2)) == EOVERFLOW && p == before);
    CHECK(reallocarr(&p, opaque_size(SIZE_MAX / 4), opaque_size(3)) == ENOMEM && p == before);
    CHECK(reallocarr(&p, 0, 8) == 0 && p == NULL);
    CHECK(reallocarr(&p, 3, 8) == 0 && p != NULL);
    CHECK(errno == 5);
  }
  if (reallocf) {
    p = reallocf(p, 200);
    CHECK(p != NULL);
    p = reallocf(p, (size_t)100 << 20);
    CHECK(p != NULL);
    // Each round loses 100 MiB if the block is kept on failure.
    for (int i = 0; i < 8; i++) {
      memset(p, 1, (size_t)100 << 20);
      errno = 0;
      CHECK(reallocf(p, opaque_size(SIZE_MAX)) == NULL && errno == ENOMEM);
      p = malloc((size_t)100 << 20);
      CHECK(p != NULL && rss_kib() < 500 * 1024);
    }
  }
  free(p);
  return 0;
}
