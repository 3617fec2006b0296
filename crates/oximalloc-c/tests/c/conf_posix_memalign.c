// build: link
// tests: mi_posix_memalign
// Answers the error and leaves errno and the pointer alone; the alignment is a power of two and whole words.
#include "conf.h"

int main(void) {
  for (size_t alignment = sizeof(void*); alignment <= 1 << 20; alignment *= 2) {
    EACH_SIZE(size) {
      if (size > 1 << 20) continue;
      void* p = NULL;
      CHECK(mi_posix_memalign(&p, alignment, size) == 0 && p != NULL);
      CHECK(aligned_to(p, alignment) && mi_usable_size(p) >= size);
      fill(p, size, 1);
      mi_free(p);
    }
  }
  void *mark = &mark, *p = mark;
  CHECK(mi_posix_memalign(&p, 0, 8) == EINVAL && p == mark);
  CHECK(mi_posix_memalign(&p, 3, 8) == EINVAL && p == mark);
  CHECK(mi_posix_memalign(&p, 24, 8) == EINVAL && p == mark);
  CHECK(mi_posix_memalign(&p, sizeof(void*) / 2, 8) == EINVAL && p == mark);
  CHECK(mi_posix_memalign(NULL, 64, 8) == EINVAL);
  CHECK(mi_posix_memalign(&p, 64, TOO_MUCH) == ENOMEM && p == mark);
  CHECK(mi_posix_memalign(&p, 64, opaque_size(SIZE_MAX)) == ENOMEM && p == mark);
  CHECK(mi_posix_memalign(&p, 64, 0) == 0 && p != NULL && aligned_to(p, 64));
  mi_free(p);
  return 0;
}
