// build: preload
// memalign, aligned_alloc, posix_memalign, valloc, pvalloc: every power of two up to 1 GiB, and their errors.
#include "check.h"

static void use(unsigned char* p, size_t size, size_t alignment) {
  CHECK(p != NULL && is_aligned(p, alignment) && malloc_usable_size(p) >= size);
  if (size > 0) p[0] = 1, p[size - 1] = 2;
}

int main(void) {
  size_t sizes[] = {0, 1, 8, 15, 16, 24, 100, 256, 1000, 1024, 4096, 5000, 8192, 16385,
                    65536, 100000, 1 << 20, (4 << 20) + 1};
  for (size_t alignment = 1; alignment <= (size_t)1 << (sizeof(void*) > 4 ? 30 : 26); alignment *= 2) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      size_t size = sizes[i];
      void* p[3] = {memalign(alignment, size), aligned_alloc(alignment, size), NULL};
      use(p[0], size, alignment);
      use(p[1], size, alignment);
      if (alignment >= sizeof(void*)) {
        errno = 99;
        CHECK(posix_memalign(&p[2], alignment, size) == 0 && errno == 99);
        use(p[2], size, alignment);
      }
      errno = 99;
      for (int k = 0; k < 3; k++) free(p[k]);
      CHECK(errno == 99);
    }
  }
  // size == alignment, many at a time: no two overlap and each is aligned.
  for (size_t alignment = 16; alignment <= 65536; alignment *= 2) {
    unsigned char* p[32];
    for (int i = 0; i < 32; i++) {
      use(p[i] = memalign(alignment, alignment), alignment, alignment);
      memset(p[i], i, alignment);
    }
    for (int i = 0; i < 32; i++) {
      CHECK(all_bytes(p[i], alignment, (unsigned char)i));
      free(p[i]);
    }
  }
  // An aligned block survives realloc with its content.
  unsigned char* r = memalign(4096, 100);
  memset(r, 9, 100);
  r = realloc(r, 100000);
  CHECK(r != NULL && all_bytes(r, 100, 9));
  free(r);

  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void* p = valloc(10);
  use(p, 10, page);
  free(p);
  p = pvalloc(page + 1);
  use(p, 2 * page, page);
  free(p);
  p = pvalloc(0);
  CHECK(p != NULL && is_aligned(p, page));
  free(p);
  errno = 0;
  CHECK(pvalloc(opaque_size(SIZE_MAX - 1)) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(valloc(opaque_size(SIZE_MAX - 1)) == NULL && errno == ENOMEM);

  void* kept = &page;
  void* out = kept;
  errno = 99;
  size_t bad[] = {0, 1, 2, sizeof(void*) / 2, 3, 12, 24, 48, 100, 4095, SIZE_MAX / 2 + 9};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(posix_memalign(&out, opaque_size(bad[i]), 16) == EINVAL && out == kept && errno == 99);
  CHECK(posix_memalign(&out, 64, opaque_size(SIZE_MAX)) == ENOMEM && out == kept && errno == 99);
  CHECK(posix_memalign(&out, 64, opaque_size((size_t)PTRDIFF_MAX)) == ENOMEM && out == kept && errno == 99);
  CHECK(posix_memalign(&out, 64, opaque_size(MORE_THAN_ANY)) == ENOMEM && out == kept);
  errno = 0;
  CHECK(memalign(64, opaque_size(SIZE_MAX)) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(memalign(64, opaque_size((size_t)PTRDIFF_MAX)) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(aligned_alloc(4096, opaque_size(SIZE_MAX - 4095)) == NULL && errno == ENOMEM);
  return 0;
}
