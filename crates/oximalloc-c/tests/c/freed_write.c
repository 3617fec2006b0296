// build: link
// env: MIMALLOC_ABORT_ON_ERROR=0
// A program that writes to freed blocks: a link that leads nowhere is found when the list is used, told as EFAULT, and
// the rest of the list given up. No block is given to two, not even when the function that is told allocates and frees such
// blocks itself. (Only links that do not point to a block are found.)
#include "conf.h"

// So few that the checked flavour, whose validator would end the program, does not come to look at the lists meanwhile.
enum { BLOCKS = 600, SIZE = 256, KEPT = 5000 };
typedef size_t block_t[SIZE / sizeof(size_t)];
static mi_heap_t* heap;
static block_t *blocks[BLOCKS], *kept[KEPT];
static size_t kept_count, stamps, told;
static bool allocates, inside;

static block_t* take(void) {
  block_t* block = mi_heap_malloc(heap, SIZE);
  CHECK(block != NULL);
  (*block)[0] = (*block)[SIZE / sizeof(size_t) - 1] = ++stamps;
  return block;
}
static void give(block_t* block) {
  CHECK((*block)[0] == (*block)[SIZE / sizeof(size_t) - 1]);
  mi_free(block);
}
static void on_error(int code, void* arg) {
  CHECK(code == EFAULT && arg == &told);
  told++;
  if (!allocates || inside) return;
  inside = true;
  for (int i = 0; i < 50; i++) {
    CHECK(kept_count < KEPT);
    kept[kept_count++] = take();
    if (i % 4 == 0) give(kept[--kept_count]);
  }
  inside = false;
}
static void quiet(const char* message, void* arg) { (void)message, (void)arg; }

static void write_to_freed(void) {
  told = kept_count = 0;
  for (int i = 0; i < BLOCKS; i++) blocks[i] = take();
  // One in ten stays, so that no page is all free and fresh when it is used again.
  for (int i = 0; i < BLOCKS; i++) {
    if (i % 10 != 5) mi_free(blocks[i]);
  }
  for (int i = 0; i < BLOCKS; i += 100) memset(opaque(blocks[i]), 0x55, sizeof(size_t));
  size_t first = stamps;
  for (int i = 0; i < BLOCKS; i++) {
    if (i % 10 == 5) give(blocks[i]);
    blocks[i] = take();
  }
  CHECK(told > 0 && told <= BLOCKS / 100);
  // Each stamp is still there, so no two are the same block.
  bool* seen = calloc(stamps - first + 1, 1);
  for (int i = 0; i < BLOCKS + (int)kept_count; i++) {
    block_t* block = i < BLOCKS ? blocks[i] : kept[i - BLOCKS];
    size_t stamp = (*block)[0] - first;
    CHECK((*block)[0] > first && (*block)[0] <= stamps && !seen[stamp]);
    seen[stamp] = true;
  }
  free(seen);
  for (int i = 0; i < BLOCKS; i++) give(blocks[i]);
  while (kept_count > 0) give(kept[--kept_count]);
}

int main(void) {
  mi_register_output(quiet, NULL);
  mi_register_error(on_error, &told);
  for (int i = 0; i < 4; i++) {
    heap = i < 2 ? mi_heap_new() : mi_heap_main();
    allocates = i % 2;
    write_to_freed();
    mi_collect(true);
  }
  return 0;
}
