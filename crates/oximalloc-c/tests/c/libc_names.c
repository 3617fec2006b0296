// build: preload
// glibc's own names and the rarer ones are the same functions: what one gives, another takes back.
#include "check.h"

extern void* __libc_malloc(size_t) __attribute__((weak));
extern void* __libc_calloc(size_t, size_t) __attribute__((weak));
extern void* __libc_realloc(void*, size_t) __attribute__((weak));
extern void __libc_free(void*) __attribute__((weak));
extern void __libc_cfree(void*) __attribute__((weak));
extern void* __libc_memalign(size_t, size_t) __attribute__((weak));
extern void* __libc_valloc(size_t) __attribute__((weak));
extern void* __libc_pvalloc(size_t) __attribute__((weak));
extern int __posix_memalign(void**, size_t, size_t) __attribute__((weak));
extern void cfree(void*) __attribute__((weak));
extern void vfree(void*) __attribute__((weak));
extern void free_sized(void*, size_t) __attribute__((weak));
extern void free_aligned_sized(void*, size_t, size_t) __attribute__((weak));
extern _Bool mi_check_owned(const void*) __attribute__((weak));

static void* ours(void* p) {
  CHECK(p != NULL && mi_check_owned(p));
  return p;
}

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  free(ours(__libc_malloc(10)));
  __libc_free(ours(malloc(10)));
  __libc_cfree(ours(calloc(2, 10)));
  cfree(ours(__libc_calloc(2, 10)));
  vfree(ours(valloc(10)));
  free_sized(ours(malloc(100)), 100);
  free_sized(NULL, 10);
  free_aligned_sized(ours(aligned_alloc(256, 512)), 256, 512);
  free_aligned_sized(NULL, 256, 512);
  free(ours(__libc_realloc(ours(malloc(10)), 1000)));
  void* p = ours(__libc_memalign(128, 10));
  CHECK(is_aligned(p, 128));
  free(p);
  p = ours(__libc_valloc(10));
  CHECK(is_aligned(p, page));
  free(p);
  p = ours(__libc_pvalloc(10));
  CHECK(is_aligned(p, page) && malloc_usable_size(p) >= page);
  free(p);
  CHECK(__posix_memalign(&p, 64, 10) == 0 && is_aligned(ours(p), 64));
  free(p);
  CHECK(__posix_memalign(&p, 3, 10) == EINVAL);
  char* line = NULL;
  CHECK(asprintf(&line, "%d bytes from the C library's inside", 7) > 0);
  free(ours(line));
  free(ours(realpath("/", NULL)));
  free(ours(getcwd(NULL, 0)));
  return 0;
}
