// build: link
// tests: mi_heap_visit_blocks
// A visit sees exactly the blocks in use: after every step of a random life of a heap with blocks of all kinds, every
// one of them is there once, at its address, and the areas' counts agree.
#include "conf.h"

enum { MOST = 300 };
static char* blocks[MOST];
static size_t sizes[MOST], count;
static int marks[MOST];
static size_t areas_used;

static bool find(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  CHECK(heap == arg);
  if (block == NULL) {
    areas_used += area->used;
    CHECK(area->blocks != NULL && area->block_size > 0 && area->full_block_size >= area->block_size);
    CHECK(area->reserved >= area->used * area->block_size);
    return true;
  }
  CHECK(size == area->block_size || size == area->full_block_size);
  CHECK((char*)block >= (char*)area->blocks && (char*)block < (char*)area->blocks + area->reserved);
  for (size_t i = 0; i < count; i++)
    if (blocks[i] == (char*)block) {
      CHECK(marks[i]++ == 0 && size >= sizes[i]);
      return true;
    }
  CHECK(!"a block that nobody has");
  return false;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  uint64_t state = 88172645463325252u;
  for (int step = 0; step < 3000; step++) {
    uint64_t dice = next_number(&state);
    if (count < MOST && (count == 0 || dice % 5 != 0)) {
      size_t size = dice >> 20;
      size = step % 97 == 0 ? 17 << 20 : step % 31 == 0 ? size % 3000000 : step % 7 == 0 ? size % 60000 : size % 700;
      CHECK((blocks[count] = mi_heap_malloc(heap, size)) != NULL);
      sizes[count++] = size;
    } else {
      size_t i = (dice >> 8) % count;
      mi_free(blocks[i]);
      blocks[i] = blocks[--count];
      sizes[i] = sizes[count];
    }
    if (step % 300 == 299) {
      while (count > MOST / 3) mi_free(blocks[--count]);
    }
    if (step % 5 != 0) continue;
    memset(marks, 0, sizeof marks);
    areas_used = 0;
    CHECK(mi_heap_visit_blocks(heap, true, find, heap) && areas_used == count);
    for (size_t i = 0; i < count; i++) CHECK(marks[i] == 1);
  }
  mi_heap_destroy(heap);
  return 0;
}
