// build: preload
// env: MIMALLOC_SHOW_ERRORS=1
// env: MIMALLOC_MAX_ERRORS=-1
// stderr: mimalloc: error: calloc
// stderr: mimalloc: error: reallocarray
// Sizes that overflow, sizes above PTRDIFF_MAX and alignments that are no power of two: reported, errno right.
#include "bad_input.h"

extern void* mi_memalign(size_t, size_t) __attribute__((weak));

int main(void) {
  listen();
  size_t half = opaque_size(SIZE_MAX / 2 + 1);
  int before = heard;
  errno = 0;
  CHECK(calloc(half, 2) == NULL && errno == ENOMEM);
  reported(before, EOVERFLOW, "calloc", NULL);

  char* p = malloc(100);
  strcpy(p, "kept");
  before = heard;
  errno = 0;
  CHECK(memalign(opaque_size(half + 2), 100) == NULL && errno == EINVAL);
  reported(before, EINVAL, "align", NULL);
  before = heard;
  errno = 0;
  CHECK(reallocarray(p, half, 2) == NULL && errno == ENOMEM && strcmp(p, "kept") == 0);
  reported(before, EOVERFLOW, "reallocarray", NULL);

  before = heard;
  errno = 0;
  CHECK(malloc(half) == NULL && errno == ENOMEM);
  reported(before, ENOMEM, "malloc", NULL);

  before = heard;
  errno = 0;
  CHECK(realloc(p, half) == NULL && errno == ENOMEM && strcmp(p, "kept") == 0);
  reported(before, ENOMEM, "alloc", NULL);

  size_t bad[] = {0, 3, 48, 4097};
  for (int i = 0; i < 4; i++) {
    before = heard;
    errno = 0;
    CHECK(mi_memalign(opaque_size(bad[i]), 100) == NULL && errno == EINVAL);
    reported(before, EINVAL, "align", NULL);
    before = heard;
    void* out = p;
    CHECK(posix_memalign(&out, opaque_size(bad[i]), 100) == EINVAL && out == p);
    reported(before, EINVAL, "align", NULL);
  }
  before = heard;
  errno = 0;
  CHECK(malloc(opaque_size(MORE_THAN_ANY)) == NULL && errno == ENOMEM);
  CHECK(heard == before + 1 && heard_code == ENOMEM);
  free(p);
  still_works();
  return 0;
}
