// build: link
// memcheck: no
// tests: mi_heap_new mi_heap_malloc mi_heap_zalloc mi_heap_realloc mi_heap_malloc_aligned
// 32 threads allocate in eight heaps at once and free each other's blocks; no block loses its contents or its heap, and
// in the end each heap has exactly what is left.
#include "conf.h"

enum { THREADS = 32, HEAPS = 8, SLOTS = 2048, STEPS = 2000 };
static mi_heap_t* heaps[HEAPS];
// A block begins with its size and its heap, and ends with its size.
static _Atomic(size_t*) slots[SLOTS];

static void check(size_t* block) {
  if (block == NULL) return;
  CHECK(block[1] < HEAPS && block[0] >= 32 && mi_heap_of(block) == heaps[block[1]]);
  size_t end;
  memcpy(&end, (char*)block + block[0] - sizeof end, sizeof end);
  CHECK(end == block[0] * 31);
}
static void sign(size_t* block, size_t size, size_t heap) {
  size_t end = size * 31;
  block[0] = size;
  block[1] = heap;
  memcpy((char*)block + size - sizeof end, &end, sizeof end);
}
static void* work(void* arg) {
  uint64_t state = (uint64_t)(intptr_t)arg * 7919 + 12345;
  for (int i = 0; i < STEPS; i++) {
    uint64_t dice = next_number(&state);
    size_t heap = dice % HEAPS, size = 32 + (dice >> 8) % (i % 50 == 0 ? 100000 : 600);
    size_t* block;
    switch ((dice >> 40) % 4) {
      case 0: block = mi_heap_malloc(heaps[heap], size); break;
      case 1:
        block = mi_heap_zalloc(heaps[heap], size);
        CHECK(block != NULL && all_bytes(block, size, 0));
        break;
      case 2:
        block = mi_heap_malloc_aligned(heaps[heap], size, 256);
        CHECK(aligned_to(block, 256));
        break;
      default:
        block = mi_heap_malloc(heaps[(heap + 1) % HEAPS], 32);
        block = mi_heap_realloc(heaps[heap], block, size < 64 ? size = 64 : size);
        if (block != NULL && mi_heap_of(block) != heaps[heap]) heap = (heap + 1) % HEAPS;
    }
    CHECK(block != NULL);
    sign(block, size, heap);
    size_t* old = __atomic_exchange_n((size_t**)&slots[(dice >> 48) % SLOTS], block, __ATOMIC_ACQ_REL);
    check(old);
    mi_free(old);
  }
  return NULL;
}
int main(void) {
  for (int i = 0; i < HEAPS; i++) heaps[i] = mi_heap_new();
  crew(THREADS, work);
  size_t left[HEAPS] = {0};
  for (int i = 0; i < SLOTS; i++) {
    check(slots[i]);
    if (slots[i] != NULL) left[slots[i][1]]++;
  }
  for (int i = 0; i < HEAPS; i++) CHECK(live(heaps[i]) == left[i]);
  // A half is freed; of the rest the blocks of every other heap are destroyed with it, and those of the others freed.
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i] == NULL || (i % 2 != 0 && slots[i][1] % 2 != 0)) continue;
    if (i % 2 == 0) mi_free(slots[i]);
    slots[i] = NULL;
  }
  for (int i = 0; i < HEAPS; i++) {
    if (i % 2 == 0) mi_heap_destroy(heaps[i]); else mi_heap_delete(heaps[i]);
  }
  for (int i = 0; i < SLOTS; i++) {
    CHECK(slots[i] == NULL || mi_heap_of(slots[i]) == mi_heap_main());
    mi_free(slots[i]);
  }
  return 0;
}
