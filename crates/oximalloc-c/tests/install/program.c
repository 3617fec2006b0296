// The standard names are the library's, in the main thread and in others, also where the C library calls them.
#include <pthread.h>
#include <string.h>
#include "ours.h"

static void* work(void* unused) {
  for (size_t i = 1; i < 20000; i++) {
    char* p = malloc(i % 3000 + 1);
    CHECK(p != NULL);
    p[0] = 'x';
    free(p);
  }
  char* kept = malloc(8);
  CHECK(mi_is_in_heap_region(kept));
  (void)unused;
  return kept;
}

int main(void) {
  check_version();
  CHECK(mi_is_in_heap_region(malloc(8)));
  CHECK(mi_is_in_heap_region(strdup("from the C library")));
  char* line = NULL;
  size_t size = 0;
  FILE* file = fopen("/proc/self/status", "r");
  CHECK(file != NULL && getline(&line, &size, file) > 0 && mi_is_in_heap_region(line));
  fclose(file);
  free(line);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
  for (int i = 0; i < 4; i++) {
    void* kept;
    CHECK(pthread_join(threads[i], &kept) == 0);
    free(kept);
  }
  mi_free(mi_malloc_tp(int));
  return 0;
}
