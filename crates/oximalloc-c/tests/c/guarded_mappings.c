// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_SHOW_ERRORS=1
// stderr: cannot be made inaccessible
// stdout: guarded again
// Where the program itself has used up all mappings, blocks are ordinary, and that is said once; guarded blocks can be
// freed, and when there are mappings again, blocks are guarded again.
#include "guarded.h"

int main(void) {
  enum { PAGES = 140000, BLOCKS = 200 };
  void *before[BLOCKS], *after[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) CHECK(is_guarded(before[i] = malloc(100)));
  char* map = mmap(NULL, (size_t)PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(map != MAP_FAILED);
  int i = 0;
  while (i < PAGES && mprotect(map + (size_t)i * 4096, 4096, PROT_READ) == 0) i += 2;
  if (i >= PAGES) {
    // This system allows more mappings than that.
    fprintf(stderr, "not tested: cannot be made inaccessible\n");
  } else {
    for (int j = 0; j < BLOCKS; j++) {
      CHECK((after[j] = malloc(100)) != NULL);
      memset(after[j], 1, 100);
    }
    CHECK(!is_guarded(after[BLOCKS - 1]));
    for (int j = 0; j < BLOCKS; j++) {
      memset(before[j], 2, 100);
      free(before[j]);
      before[j] = malloc(3000);
      memset(before[j], 3, 3000);
    }
    for (int j = 0; j < BLOCKS; j++) free(after[j]);
  }
  CHECK(munmap(map, (size_t)PAGES * 4096) == 0);
  for (int j = 0; j < BLOCKS; j++) free(before[j]);
  for (int j = 0; j < BLOCKS; j++) CHECK(is_guarded(before[j] = malloc(100)));
  puts("guarded again");
  return 0;
}
