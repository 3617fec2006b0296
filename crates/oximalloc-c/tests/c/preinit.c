// build: preload
// The first calls come from .preinit_array, before any constructor; what was allocated there lives on.
#include "check.h"

static void *early[5];

static void before_all(void) {
  free(NULL);
  early[0] = malloc(100);
  early[1] = calloc(10, 100);
  early[2] = realloc(NULL, 50);
  early[2] = realloc(early[2], 5000);
  if (posix_memalign(&early[3], 4096, 100) != 0) early[3] = NULL;
  early[4] = malloc(0);
  free(malloc(1 << 20));
}
__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = before_all;

static void* constructed;
__attribute__((constructor(101))) static void construct(void) { constructed = strdup("constructed"); }

int main(void) {
  for (int i = 0; i < 5; i++) CHECK(early[i] != NULL);
  CHECK(all_bytes(early[1], 1000, 0) && is_aligned(early[3], 4096) && malloc_usable_size(early[2]) >= 5000);
  early[1] = realloc(early[1], 100000);
  CHECK(early[1] != NULL);
  for (int i = 0; i < 5; i++) free(early[i]);
  CHECK(strcmp(constructed, "constructed") == 0);
  free(constructed);
  return 0;
}
