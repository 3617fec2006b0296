// build: link
// tests: mi_heap_visit_blocks
// A visitor may free the block that it is shown: each is shown once, all are gone afterwards, and others that are
// allocated meanwhile stay.
#include "conf.h"

enum { BLOCKS = 5000 };
static unsigned char shown[BLOCKS];
static void* kept[BLOCKS];
static int kept_count;
static mi_heap_t* made;

static bool free_it(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  (void)heap, (void)area, (void)arg;
  if (block == NULL) return true;
  unsigned number = *(unsigned*)block;
  if (number >= BLOCKS) return true;
  CHECK(size >= sizeof number && !shown[number]);
  shown[number] = 1;
  mi_free(block);
  if (number % 16 == 0) {
    unsigned* one = mi_heap_malloc(made, number * 11 % 3000 + sizeof number);
    CHECK(one != NULL);
    *one = BLOCKS;
    kept[kept_count++] = one;
  }
  return true;
}
int main(void) {
  made = mi_heap_new();
  CHECK(made != NULL);
  for (unsigned i = 0; i < BLOCKS; i++) {
    unsigned* block = mi_heap_malloc(made, i % 100 == 0 ? 200000 : i * 7 % 3000 + sizeof i);
    CHECK(block != NULL);
    *block = i;
  }
  CHECK(mi_heap_visit_blocks(made, true, free_it, NULL));
  for (int i = 0; i < BLOCKS; i++) CHECK(shown[i]);
  CHECK(live(made) == (size_t)kept_count);
  for (int i = 0; i < kept_count; i++) {
    CHECK(*(unsigned*)kept[i] == BLOCKS);
    mi_free(kept[i]);
  }
  CHECK(live(made) == 0);
  mi_heap_delete(made);
  return 0;
}
