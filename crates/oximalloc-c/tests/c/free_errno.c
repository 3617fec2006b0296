// build: preload
// A free never changes errno, whatever it has to do: many blocks of all sizes, freed by their thread and by another.
#include "check.h"

enum { COUNT = 20000 };
static void* blocks[COUNT];

static void fill(void) {
  for (int i = 0; i < COUNT; i++) blocks[i] = malloc(opaque_size((size_t)(i % 100 == 0 ? 300000 : 16 + i % 3000)));
}
static void* free_all(void* arg) {
  for (int i = 0; i < COUNT; i++) {
    errno = 4242;
    free(blocks[i]);
    CHECK(errno == 4242);
  }
  return arg;
}

int main(void) {
  fill();
  free_all(NULL);
  fill();
  pthread_t other;
  CHECK(pthread_create(&other, NULL, free_all, NULL) == 0);
  CHECK(pthread_join(other, NULL) == 0);
  for (size_t size = 1 << 20; size <= (size_t)1 << 30; size *= 4) {
    void* p = malloc(size);
    CHECK(p != NULL);
    errno = 4242;
    free(p);
    CHECK(errno == 4242);
  }
  return 0;
}
