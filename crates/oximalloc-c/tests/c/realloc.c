// build: preload
// realloc: from null, growing and shrinking with its content, failing with the block kept.
#include "check.h"

static void pattern(unsigned char* p, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(i * 7 + (i >> 8));
}
static bool has_pattern(const unsigned char* p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != (unsigned char)(i * 7 + (i >> 8))) return false;
  return true;
}

int main(void) {
  unsigned char* p = realloc(NULL, 10);
  CHECK(p != NULL);
  free(p);
  p = realloc(NULL, 0);
  CHECK(p != NULL);
  p = realloc(p, 1);
  CHECK(p != NULL);
  size_t had = 0;
  for (size_t size = 1; size < (size_t)32 << 20; size += size / 5 + 1) {
    p = realloc(p, size);
    CHECK(p != NULL && malloc_usable_size(p) >= size && has_pattern(p, had));
    CHECK(size < 16 || is_aligned(p, 16));
    pattern(p, size);
    had = size;
  }
  errno = 0;
  CHECK(realloc(p, opaque_size((size_t)PTRDIFF_MAX + 1)) == NULL && errno == ENOMEM);
  CHECK(has_pattern(p, had));
  errno = 0;
  CHECK(realloc(p, opaque_size(MORE_THAN_ANY)) == NULL && errno == ENOMEM);
  CHECK(has_pattern(p, had));
  while (had > 1) {
    size_t size = had - had / 3;
    if (size == had) size--;
    p = realloc(p, size);
    CHECK(p != NULL && has_pattern(p, size));
    had = size;
  }
  CHECK(malloc_usable_size(p) < 4096);
  free(p);

  // A step of 8 bytes and back, between blocks that hinder growing in place.
  void* between[100];
  unsigned char* many[100];
  for (int i = 0; i < 100; i++) {
    many[i] = malloc(24);
    pattern(many[i], 24);
    between[i] = malloc(24);
  }
  for (int i = 0; i < 100; i++)
    for (size_t size = 32; size < 2000; size += 8) {
      many[i] = realloc(many[i], size);
      CHECK(has_pattern(many[i], size - 8 < 24 ? 24 : size - 8));
      pattern(many[i], size);
    }
  for (int i = 0; i < 100; i++) free(many[i]), free(between[i]);
  return 0;
}
