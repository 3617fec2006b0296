// build: preload
// timeout: 180
// Many blocks that each have a page, freed and taken again: each costs as much however many there are.
#include "linear.h"

static void* volatile* blocks;

static void fill_and_free(size_t n, size_t size) {
  part_begins();
  for (size_t i = 0; i < n; i++) CHECK((blocks[i] = malloc(size)) != NULL);
  part_ends(size < 65536 ? 0 : 2);
  for (size_t i = 0; i < n; i++) free(blocks[i]);
  part_ends(size < 65536 ? 1 : 3);
}

static void work(size_t n) {
  blocks = calloc(n, sizeof *blocks);
  CHECK(blocks != NULL);
  for (int round = 0; round < 3; round++) {
    fill_and_free(n, 60000);
    fill_and_free(n, 100000);
  }
}

int main(void) {
  check_linear(work, 8000, (const char* const[]){"malloc", "free", "malloc of two slices", "free of two slices", NULL});
  return 0;
}
