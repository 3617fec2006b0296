// With a library that has only the mi_ names: the macros of mimalloc-override.h lead to it, and nothing else does.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "ours.h"
static bool of_the_c_library(void) { return !mi_is_in_heap_region(malloc(8)); }
#include <mimalloc-override.h>

#define OURS(expression)              \
  do {                                \
    void* p_ = (expression);          \
    CHECK(mi_is_in_heap_region(p_));  \
    free(p_);                         \
  } while (0)

int main(void) {
  check_version();
  CHECK(of_the_c_library());
  OURS(malloc(8));
  OURS(calloc(3, 8));
  OURS(realloc(NULL, 8));
  OURS(reallocf(NULL, 8));
  OURS(reallocarray(NULL, 3, 8));
  OURS(strdup("text"));
  OURS(strndup("text", 2));
  OURS(wcsdup(L"text"));
  OURS(realpath("/", NULL));
  OURS(aligned_alloc(64, 64));
  OURS(memalign(64, 64));
  OURS(valloc(8));
  OURS(pvalloc(8));
  void* p = NULL;
  CHECK(posix_memalign(&p, 64, 100) == 0 && malloc_usable_size(p) >= 100 && malloc_size(p) >= 100);
  cfree(p);
  p = NULL;
  CHECK(reallocarr(&p, 10, 10) == 0 && mi_is_in_heap_region(p));
  free_sized(p, 100);
  free_aligned_sized(aligned_alloc(64, 128), 64, 128);
  p = _aligned_malloc(100, 64);
  p = _aligned_realloc(p, 200, 64);
  p = _aligned_recalloc(p, 3, 100, 64);
  CHECK(mi_is_in_heap_region(p) && _aligned_msize(p, 64, 0) >= 300 && _msize(p) >= 300);
  _aligned_free(p);
  p = _aligned_offset_malloc(100, 64, 8);
  p = _aligned_offset_realloc(p, 200, 64, 8);
  p = _aligned_offset_recalloc(p, 3, 100, 64, 8);
  CHECK(((uintptr_t)p + 8) % 64 == 0 && _expand(p, 10) == p);
  free(p);
  p = _recalloc(NULL, 3, 8);
  free(p);
  OURS(_strdup("text"));
  OURS(_wcsdup(L"text"));
  OURS(_mbsdup((const unsigned char*)"text"));
  char* value = NULL;
  size_t size = 0;
  CHECK(_dupenv_s(&value, &size, "PATH") == 0 && mi_is_in_heap_region(value) && size == strlen(value) + 1);
  vfree(value);
  return 0;
}
