// build: preload
// Where an alignment is no power of two, memalign and aligned_alloc align to the next one, as with glibc up to 2.37 (later ones
// refuse it in aligned_alloc, so that this program fails there without the library); beyond the largest power of two it
// is EINVAL. The others refuse it: as POSIX says, and as the Windows runtime and mimalloc do.
#include "check.h"

extern void* _aligned_malloc(size_t, size_t) __attribute__((weak));
extern void* mi_memalign(size_t, size_t) __attribute__((weak));
extern void* mi_aligned_alloc(size_t, size_t) __attribute__((weak));
extern void* __libc_memalign(size_t, size_t) __attribute__((weak));

static void is_good(void* p, size_t alignment, size_t size) {
  CHECK(p != NULL && is_aligned(p, alignment) && malloc_usable_size(p) >= size);
  memset(p, 1, size);
  free(p);
}
#define REFUSED(what)    \
  do {                   \
    errno = 0;           \
    CHECK((what) == NULL && errno == EINVAL); \
  } while (0)

int main(void) {
  size_t bad[][2] = {{0, 1}, {3, 4}, {7, 8}, {12, 16}, {24, 32}, {100, 128}, {4095, 4096}, {4097, 8192}, {65537, 131072}};
  size_t sizes[] = {0, 1, 16, 100, 5000, 70000, 3 << 20};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t alignment = opaque_size(bad[i][0]), next = bad[i][1];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      errno = 0;
      is_good(memalign(alignment, sizes[k]), next, sizes[k]);
      is_good(aligned_alloc(alignment, sizes[k]), next, sizes[k]);
      if (__libc_memalign != NULL) is_good(__libc_memalign(alignment, sizes[k]), next, sizes[k]);
      CHECK(errno == 0);
    }
    void* p = &p;
    errno = 0;
    CHECK(posix_memalign(&p, alignment, 16) == EINVAL && p == (void*)&p && errno == 0);
    if (mi_memalign == NULL) continue;
    REFUSED(_aligned_malloc(16, alignment));
    REFUSED(mi_memalign(alignment, 16));
    REFUSED(mi_aligned_alloc(alignment, 16));
  }
  // No power of two follows.
  size_t largest = SIZE_MAX / 2 + 1;
  REFUSED(memalign(opaque_size(largest + 1), 16));
  REFUSED(aligned_alloc(opaque_size(SIZE_MAX), 16));
  errno = 0;
  CHECK(memalign(opaque_size(largest - 1), 16) == NULL && errno == ENOMEM);
  if (_aligned_malloc != NULL) is_good(_aligned_malloc(100, 256), 256, 100);
  return 0;
}
