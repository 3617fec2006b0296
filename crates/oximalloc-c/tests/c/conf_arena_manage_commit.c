// build: link
// tests: mi_manage_memory
// An arena whose memory the program commits itself: every block lies in memory that it was asked to commit before.
#include "conf.h"

enum { SIZE = 128 << 20, STEP = 4096 };
static char* start;
static unsigned char committed[SIZE / STEP];
static int commits, mark;

// Memory that is not committed cannot be touched.
static bool commit(bool want, void* at, size_t size, bool* is_zero, void* arg) {
  CHECK(arg == (void*)&mark && (char*)at >= start && (char*)at + size <= start + SIZE);
  uintptr_t from = (uintptr_t)at & ~(uintptr_t)(STEP - 1);
  uintptr_t to = ((uintptr_t)at + size + STEP - 1) & ~(uintptr_t)(STEP - 1);
  if (is_zero != NULL) *is_zero = false;
  if (mprotect((void*)from, to - from, want ? PROT_READ | PROT_WRITE : PROT_NONE) != 0) return false;
  memset(committed + (from - (uintptr_t)start) / STEP, want, (to - from) / STEP);
  commits += want;
  return true;
}
int main(void) {
  char* p = mmap(NULL, SIZE + (64 << 20), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(p != MAP_FAILED);
  start = (char*)(((uintptr_t)p + (32 << 20) - 1) & ~(uintptr_t)((32 << 20) - 1));
  mi_arena_id_t arena = NULL;
  CHECK(mi_manage_memory(start, SIZE, false, false, false, -1, true, commit, &mark, &arena) && arena != NULL);
  mi_heap_t* heap = mi_heap_new_in_arena(arena);
  CHECK(heap != NULL);
  for (int round = 0; round < 3; round++) {
    char* blocks[40];
    for (size_t i = 0; i < 40; i++) {
      size_t size = i * i * 1000 + 1;
      blocks[i] = mi_heap_zalloc(heap, size);
      CHECK(blocks[i] >= start && blocks[i] + size <= start + SIZE && all_bytes(blocks[i], size, 0));
      for (size_t at = 0; at < size; at += STEP) CHECK(committed[(size_t)(blocks[i] + at - start) / STEP]);
      fill(blocks[i], size, 1);
      memset(blocks[i], 0xbb, size);
    }
    for (size_t i = 0; i < 40; i++) mi_free(blocks[i]);
    mi_heap_collect(heap, true);
  }
  CHECK(commits > 0);
  mi_heap_destroy(heap);
  return 0;
}
