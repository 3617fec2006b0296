// A program that knows nothing of the library, with it preloaded.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

int main(void) {
  bool (*ours)(const void*) = (bool (*)(const void*))dlsym(RTLD_DEFAULT, "mi_is_in_heap_region");
  return ours != NULL && ours(malloc(8)) ? 0 : 1;
}
