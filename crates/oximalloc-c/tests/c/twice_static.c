// build: static
// The library is in the process twice: linked statically, and a copy loaded late. The two do not know each other's
// blocks.
#include <dlfcn.h>
#include "check.h"

extern _Bool mi_check_owned(const void*) __attribute__((weak));
static void* (*copy_malloc)(size_t);
static void (*copy_free)(void*);
static _Bool (*copy_owns)(const void*);

static void* use(void* arg) {
  void* p[500];
  for (int i = 0; i < 500; i++) {
    p[i] = i % 2 ? malloc((size_t)i) : copy_malloc((size_t)i);
    memset(p[i], i, (size_t)i);
    if (mi_check_owned) CHECK(mi_check_owned(p[i]) == (i % 2 == 1) && copy_owns(p[i]) == (i % 2 == 0));
  }
  for (int i = 0; i < 500; i++) {
    CHECK(all_bytes(p[i], (size_t)i, (unsigned char)i));
    if (i % 2) free(p[i]); else copy_free(p[i]);
  }
  return arg;
}

int main(void) {
  char command[1200], copy[] = "/tmp/twice-XXXXXX";
  int file = mkstemp(copy);
  CHECK(file >= 0 && getenv("LIBRARY_UNDER_TEST") != NULL);
  close(file);
  snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", getenv("LIBRARY_UNDER_TEST"), copy);
  CHECK(system(command) == 0);
  void* library = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
  unlink(copy);
  CHECK(library != NULL);
  copy_malloc = (void* (*)(size_t))dlsym(library, "malloc");
  copy_free = (void (*)(void*))dlsym(library, "free");
  copy_owns = (_Bool (*)(const void*))dlsym(library, "mi_check_owned");
  CHECK(copy_malloc != malloc && copy_owns != mi_check_owned);
  pthread_t ids[8];
  for (int i = 0; i < 8; i++) CHECK(pthread_create(&ids[i], NULL, use, NULL) == 0);
  use(NULL);
  for (int i = 0; i < 8; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  // A block given to the wrong copy is left alone there.
  char* p = malloc(100);
  strcpy(p, "mine");
  copy_free(p);
  CHECK(strcmp(p, "mine") == 0);
  free(p);
  CHECK(dlclose(library) == 0);
  free(malloc(100));
  return 0;
}
