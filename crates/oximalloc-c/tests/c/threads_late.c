// build: link
// cflags: -lc -Wl,--as-needed
// args: $OUT/libthreads_late_part.so
// shared: threads_late_part.c
// shared-load: no
// The program has no threads, so before glibc 2.34 it has no library for threads either. A plugin brings both, and
// the end of each of its threads is noticed.
#include <dlfcn.h>
#include "stats.h"

int main(int argc, char** argv) {
  CHECK(argc == 2);
  // The first thread has long used the allocator then.
  free(opaque(malloc(100)));
  CHECK(stats_of(NULL).threads.current == 1);
  void* plugin = dlopen(argv[1], RTLD_NOW);
  CHECK(plugin != NULL);
  void (*run)(int) = (void (*)(int))dlsym(plugin, "threads_late_run");
  CHECK(run != NULL);
  for (int i = 0; i < 3; i++) {
    run(20);
    CHECK(stats_of(NULL).threads.current == 1);
  }
  return 0;
}
