// build: link
// memcheck: no
// Each of 32 threads visits a heap that it alone uses, while all others work in theirs and free blocks that came from
// it before: the blocks seen are exactly those in use. (An area may still count those that were just freed.)
#include "conf.h"

enum { THREADS = 32, EACH = 300 };
static pthread_barrier_t step;
static mi_heap_t* heaps[THREADS];
static void* blocks[THREADS][EACH];
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  heaps[me] = mi_heap_new();
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < EACH; i++)
      CHECK((blocks[me][i] = mi_heap_malloc(heaps[me], (size_t)(i * 17 + round) % 4000 + 1)) != NULL);
    CHECK(live(heaps[me]) == EACH);
    pthread_barrier_wait(&step);
    int from = (me + round + 1) % THREADS;
    for (int i = 0; i < EACH; i++) if (i % 3 != 0) mi_free(blocks[from][i]);
    pthread_barrier_wait(&step);
    seen_t seen = look(heaps[me], blocks[me][3]);
    CHECK(seen.blocks == EACH / 3 && seen.used >= EACH / 3 && seen.found == 1);
    for (int i = 0; i < EACH; i += 3) mi_free(blocks[me][i]);
    CHECK(live(heaps[me]) == 0);
    pthread_barrier_wait(&step);
  }
  mi_heap_destroy(heaps[me]);
  return NULL;
}
int main(void) {
  CHECK(pthread_barrier_init(&step, NULL, THREADS) == 0);
  crew(THREADS, work);
  return 0;
}
