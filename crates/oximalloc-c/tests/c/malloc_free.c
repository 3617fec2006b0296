// build: preload
// malloc and free: size 0, alignment, usable size, too large sizes, and errno, which a free never changes.
#include "check.h"

int main(void) {
  free(NULL);
  void* a = malloc(0);
  void* b = malloc(0);
  CHECK(a != NULL && b != NULL && a != b);
  free(a);
  free(b);

  for (size_t size = 1; size < (size_t)64 << 20; size += size / 7 + 1) {
    unsigned char* p = malloc(size);
    CHECK(p != NULL);
    CHECK(is_aligned(p, size >= 16 ? 16 : 8) || size < 8);
    size_t usable = malloc_usable_size(p);
    CHECK(usable >= size);
    memset(p, 0x5a, usable);
    CHECK(p[0] == 0x5a && p[usable - 1] == 0x5a);
    errno = 77;
    free(p);
    CHECK(errno == 77);
  }

  size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2 + 4096};
  for (int i = 0; i < 4; i++) {
    errno = 0;
    CHECK(malloc(opaque_size(too_large[i])) == NULL);
    CHECK(errno == ENOMEM);
  }
  errno = 0;
  CHECK(malloc(opaque_size(PTRDIFF_MAX)) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(malloc(opaque_size(MORE_THAN_ANY)) == NULL && errno == ENOMEM);
  return 0;
}
