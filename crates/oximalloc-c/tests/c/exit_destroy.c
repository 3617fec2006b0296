// build: preload
// env: MIMALLOC_DESTROY_ON_EXIT=1
// env: MIMALLOC_VERBOSE=1
// shared: other_library.c
// shared-load: no
// args: $OUT/libother_library.so
// stdout: done
// stdout: other library ended
// stdout: in the buffer until the end
// stderr: destroy_on_exit
// With destroy_on_exit, what the C library and the loader have from here lasts to the very end: what is written last is not
// lost, files need not be closed, and libraries that were loaded late are found.
#include <dlfcn.h>
#include "check.h"

static void last(void) {
  if (write(1, "done\n", 5) < 0) _exit(3);
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  atexit(last);
  for (int i = 0; i < 100000; i++) memset(malloc(100), 1, 100);
  CHECK(malloc((size_t)100 << 20) != NULL);
  CHECK(dlopen(argv[1], RTLD_NOW) != NULL);
  CHECK(fopen("/dev/null", "w") != NULL);
  printf("in the buffer until the end");
  return 0;
}
