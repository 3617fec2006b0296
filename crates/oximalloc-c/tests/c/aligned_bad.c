// build: preload
// An alignment that is no power of two is EINVAL (glibc 2.36 itself rounds it up).
#include "check.h"

extern void* _aligned_malloc(size_t, size_t) __attribute__((weak));

int main(void) {
  size_t bad[] = {0, 3, 24, 100, 4097, SIZE_MAX};
  for (int i = 0; i < 6; i++) {
    size_t alignment = opaque_size(bad[i]);
    errno = 0;
    CHECK(memalign(alignment, 16) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(aligned_alloc(alignment, 16) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(_aligned_malloc(16, alignment) == NULL && errno == EINVAL);
  }
  void* p = _aligned_malloc(100, 256);
  CHECK(p != NULL && is_aligned(p, 256));
  free(p);
  return 0;
}
