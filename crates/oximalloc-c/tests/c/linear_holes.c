// build: preload
// timeout: 180
// Among many holes that are too short for a block it is found a place as soon as among few: the blocks are a few, the holes
// n. (Were it in proportion to the holes, the limit would be passed as well: the small number of holes costs next to nothing.)
#include "linear.h"

enum { BLOCKS = 100, LONG = 200000 };

static void work(size_t n) {
  void* volatile* blocks = calloc(2 * n, sizeof *blocks);
  void* volatile more[BLOCKS];
  for (size_t i = 0; i < 2 * n; i++) CHECK((blocks[i] = malloc(100000)) != NULL);
  for (size_t i = 0; i < 2 * n; i += 2) free(blocks[i]);
  for (int round = 0; round < 5; round++) {
    part_begins();
    for (int i = 0; i < BLOCKS; i++) CHECK((more[i] = malloc(LONG)) != NULL);
    part_ends(0);
    for (int i = 0; i < BLOCKS; i++) free(more[i]);
    part_begins();
    for (int i = 0; i < BLOCKS; i++) CHECK((more[i] = memalign(1 << 18, LONG)) != NULL);
    part_ends(1);
    for (int i = 0; i < BLOCKS; i++) free(more[i]);
    part_begins();
    for (int i = 0; i < BLOCKS; i++) {
      CHECK((more[i] = malloc(LONG)) != NULL);
      CHECK((more[i] = realloc(more[i], LONG + 150000)) != NULL);
    }
    part_ends(2);
    for (int i = 0; i < BLOCKS; i++) free(more[i]);
  }
}

int main(void) {
  const char* const names[] = {"malloc", "memalign", "realloc", NULL};
  double few[PARTS] = {0}, many[PARTS] = {0};
  bool fine = false;
  for (int i = 0; i < TRIES && !fine; i++) {
    run_apart(work, 1000, few);
    run_apart(work, 25000, many);
    fine = true;
    for (int k = 0; names[k] != NULL; k++) fine = fine && many[k] <= 5 * few[k];
  }
  for (int k = 0; names[k] != NULL; k++)
    fprintf(stderr, "%s: %.3f ms, among 25 times as many holes %.3f ms\n", names[k], few[k] * 1e3, many[k] * 1e3);
  CHECK(fine);
  return 0;
}
