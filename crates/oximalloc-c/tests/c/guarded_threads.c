// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=3
// timeout: 120
// Threads allocate, change and free each other's blocks, a third of them guarded, while threads come and go.
#include "guarded.h"

enum { THREADS = 6, SLOTS = 512, STEPS = 6000, ROUNDS = 3 };
static void* _Atomic slots[SLOTS];

static void* work(void* arg) {
  unsigned state = (unsigned)(size_t)arg;
  for (int i = 0; i < STEPS; i++) {
    state = state * 1664525u + 1013904223u;
    size_t size = (state >> 8) % 100 == 0 ? 200000 : (state >> 8) % 3000 + sizeof(size_t);
    size_t* p = __atomic_exchange_n((void**)&slots[(state >> 10) % SLOTS], NULL, __ATOMIC_ACQ_REL);
    if (p) CHECK(*p <= malloc_usable_size(p));
    if (p && (state >> 20) % 2) {
      p = realloc(p, size);
    } else {
      free(p);
      p = (state >> 21) % 2 ? malloc(size) : calloc(1, size);
    }
    CHECK(p != NULL);
    memset(p, 5, size);
    *p = size;
    free(__atomic_exchange_n((void**)&slots[(state >> 12) % SLOTS], p, __ATOMIC_ACQ_REL));
  }
  return NULL;
}

int main(void) {
  for (size_t round = 0; round < ROUNDS; round++) {
    pthread_t ids[THREADS];
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], NULL, work, (void*)(round * THREADS + i)) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  }
  int guarded = 0;
  for (int i = 0; i < SLOTS; i++) guarded += slots[i] != NULL && is_guarded(slots[i]);
  CHECK(guarded > SLOTS / 10);
  for (int i = 0; i < SLOTS; i++) free(slots[i]);
  return 0;
}
