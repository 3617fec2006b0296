// build: raw
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// shared: unload_plugin.c
// shared-load: no
// args: $OUT/libunload_plugin.so
// A library with the static one inside reports faults while it is loaded, and leaves no handler behind.
#include <dlfcn.h>
#include <signal.h>
#include "check.h"

static bool has_handler(void) {
  struct sigaction action;
  CHECK(sigaction(SIGSEGV, NULL, &action) == 0);
  return action.sa_handler != SIG_DFL;
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  for (int round = 0; round < 3; round++) {
    CHECK(!has_handler());
    void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin != NULL && has_handler());
    void (*use)(void) = (void (*)(void))dlsym(plugin, "unload_plugin_use");
    CHECK(use != NULL);
    if (round != 1) use();
    CHECK(dlclose(plugin) == 0);
  }
  CHECK(!has_handler());
  return 0;
}
