// build: plugin
// For unload.c: a library that allocates with an allocator of its own.
#include <mimalloc.h>
#include "check.h"

void unload_plugin_use(void) {
  void* p[500];
  for (size_t i = 0; i < 500; i++) {
    p[i] = mi_malloc(i * 37 + 1);
    CHECK(p[i] != NULL);
    memset(p[i], (int)i, i * 37 + 1);
  }
  for (size_t i = 0; i < 500; i++) mi_free(p[i]);
}
