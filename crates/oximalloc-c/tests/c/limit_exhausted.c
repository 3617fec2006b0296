// build: preload
// wrap: prlimit --as=300000000
// no-stderr: panicked
// Out of memory, in each size and in several threads: null and ENOMEM, nothing lost, and all of it can be had again.
#include "check.h"

enum { MOST = 5000000 };
static void** blocks;

static size_t fill(size_t size, size_t most) {
  size_t count = 0;
  for (; count < most; count++) {
    errno = 0;
    void* p = malloc(size);
    if (p == NULL) {
      CHECK(errno == ENOMEM);
      break;
    }
    *(size_t*)p = count;
    blocks[count] = p;
  }
  return count;
}
static void drain(size_t count) {
  for (size_t i = 0; i < count; i++) {
    CHECK(*(size_t*)blocks[i] == i);
    free(blocks[i]);
  }
}
static void* thread(void* arg) {
  for (int i = 0; i < 1000; i++) {
    void* p = malloc(opaque_size(64));
    if (p != NULL) memset(p, 1, 64);
    void* q = realloc(p, opaque_size(1 << 16));
    free(q != NULL ? q : p);
  }
  return arg;
}

int main(void) {
  blocks = mmap(NULL, MOST * sizeof(void*), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(blocks != MAP_FAILED);
  size_t sizes[] = {64, 1000, 30000, 500000, 20 << 20, 64};
  size_t counts[6];
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 6; i++) {
      counts[i] = fill(sizes[i], MOST);
      // At least 100 of the 300 MB are usable, whatever was allocated before.
      CHECK(counts[i] * sizes[i] > 100000000);
      CHECK(counts[i] < MOST);
      errno = 0;
      CHECK(calloc(1, 30 << 20) == NULL && errno == ENOMEM);
      CHECK(realloc(blocks[0], 200 << 20) == NULL);
      if (i == 0) {
        pthread_t id;
        if (pthread_create(&id, NULL, thread, NULL) == 0) pthread_join(id, NULL);
      }
      drain(counts[i]);
      malloc_trim(0);
    }
  return 0;
}
