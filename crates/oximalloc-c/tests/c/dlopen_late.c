// build: dlopen
// The library is loaded late, beside the C library's allocator, used from several threads, and closed.
#include <dlfcn.h>
#include "check.h"

static void* (*mi_malloc)(size_t);
static void* (*mi_realloc)(void*, size_t);
static void (*mi_free)(void*);
static _Bool (*mi_check_owned)(const void*);

static void* use(void* arg) {
  void* p[1000];
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 1000; i++) {
      p[i] = mi_malloc((size_t)i * 3);
      CHECK(p[i] != NULL && mi_check_owned(p[i]));
      memset(p[i], i, (size_t)i * 3);
    }
    for (int i = 0; i < 1000; i++) {
      p[i] = mi_realloc(p[i], (size_t)i * 5 + 1);
      CHECK(all_bytes(p[i], (size_t)i * 3, (unsigned char)i));
      mi_free(p[i]);
    }
  }
  return arg;
}

int main(void) {
  const char* path = getenv("LIBRARY_UNDER_TEST");
  CHECK(path != NULL);
  void* before = malloc(100);
  for (int round = 0; round < 20; round++) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    mi_malloc = (void* (*)(size_t))dlsym(library, "mi_malloc");
    mi_realloc = (void* (*)(void*, size_t))dlsym(library, "mi_realloc");
    mi_free = (void (*)(void*))dlsym(library, "mi_free");
    mi_check_owned = (_Bool (*)(const void*))dlsym(library, "mi_check_owned");
    CHECK(mi_malloc && mi_realloc && mi_free && mi_check_owned);
    CHECK(!mi_check_owned(before));
    use(NULL);
    pthread_t ids[8];
    for (int i = 0; i < 8; i++) CHECK(pthread_create(&ids[i], NULL, use, NULL) == 0);
    // The library goes, as far as the program knows, while threads that used it still have to end.
    CHECK(dlclose(library) == 0 || round > 0);
    for (int i = 0; i < 8; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  }
  free(before);
  return 0;
}
