// secure: 0
// build: link
// signal: SIGABRT
// stderr: mimalloc: error: malloc: a free block's link was overwritten
// stderr: the program ends here
// A write to a freed block that damages a list of free blocks ends the program when the list is used, after the program's own
// function heard of it.
#include <mimalloc.h>
#include "check.h"

enum { BLOCKS = 600 };
static void on_error(int code, void* arg) {
  (void)arg;
  CHECK(code == EFAULT);
  CHECK(write(2, "heard\n", 6) == 6);
}

int main(void) {
  mi_register_error(on_error, NULL);
  mi_heap_t* heap = mi_heap_new();
  void* blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) blocks[i] = mi_heap_malloc(heap, 256);
  for (int i = 0; i < BLOCKS; i++) {
    if (i % 10 != 5) mi_free(blocks[i]);
  }
  for (int i = 0; i < BLOCKS; i += 100) memset(opaque(blocks[i]), 0x55, sizeof(void*));
  for (int i = 0; i < BLOCKS; i++) blocks[i] = mi_heap_malloc(heap, 256);
  return 0;
}
