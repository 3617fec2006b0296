// build: preload
// args: $OUT/libplugin.so
// shared: plugin.cpp
// shared-load: no
// A C program that loads a C++ plugin late and privately: operator new still finds the runtime that throws.
#include <dlfcn.h>
#include "check.h"

int main(int argc, char** argv) {
  CHECK(argc == 2);
  CHECK(dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv") == NULL);
  void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK(plugin != NULL);
  int (*run)(void) = (int (*)(void))dlsym(plugin, "plugin_run");
  CHECK(run != NULL && run() == 0);
  dlclose(plugin);
  free(malloc(10));
  return 0;
}
