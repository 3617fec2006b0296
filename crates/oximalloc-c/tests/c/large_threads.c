// build: preload
// env: MIMALLOC_PURGE_DELAY=5
// timeout: 240
// Eight threads, some of which end, take, grow, shrink and give large blocks, each other's too, while what is free goes back
// to the system now and then: no block is handed out twice, and none loses what was written.
#include <stdatomic.h>
#include "check.h"

enum { THREADS = 8, LIVES = 4, STEPS = 6000, SLOTS = 24 };
typedef struct {
  size_t size;
  uint64_t tag;
} head_t;

static _Atomic(head_t*) slots[SLOTS];

// The block's head is repeated where each 64 KiB of it begin, and at its end.
static void mark(head_t* block, size_t size, uint64_t tag) {
  head_t head = {size, tag};
  for (size_t at = 0; at + sizeof head < size; at += 65536) memcpy((char*)block + at, &head, sizeof head);
  memcpy((char*)block + size - sizeof head, &head, sizeof head);
}
static void verify(const head_t* block, size_t size) {
  for (size_t at = 0; at + sizeof *block < size; at += 65536) CHECK(memcmp((const char*)block + at, block, sizeof *block) == 0);
}

static void* work(void* arg) {
  uint64_t state = (uint64_t)(uintptr_t)arg * 0x9E3779B97F4A7C15u + 1;
  for (int i = 0; i < STEPS; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    // Sizes of a few slices come again and again.
    size_t size = state >> 60 == 0 ? 2000000 + (state >> 20) % 3000000 : 66000 + (state >> 20) % 8 * 60000;
    head_t* mine = state % 3 == 0 ? calloc(1, size) : malloc(size);
    CHECK(mine != NULL);
    if (state % 3 == 0) CHECK(mine->size == 0 && ((char*)mine)[size / 2] == 0 && ((char*)mine)[size - 1] == 0);
    mark(mine, size, state);
    head_t* other = atomic_exchange(&slots[(state >> 8) % SLOTS], mine);
    if (other != NULL) {
      size_t had = other->size;
      verify(other, had);
      CHECK(memcmp((char*)other + had - sizeof *other, other, sizeof *other) == 0);
      if (state >> 50 & 1) {
        size_t next = (state >> 51 & 1) ? had + had / 3 : had / 3 + 100;
        other = realloc(other, next);
        CHECK(other != NULL);
        verify(other, next < had ? next : had);
      }
      free(other);
    }
    // In turns: what such a program mostly does.
    for (int k = 0; k < 4; k++) {
      char* p = malloc(opaque_size(size));
      memset(p, k, 100);
      p[size - 1] = (char)k;
      free(opaque(p));
    }
    if ((state >> 30) % 512 == 0) malloc_trim(0);
    if ((state >> 33) % 128 == 0) usleep(1000);
  }
  return arg;
}

int main(void) {
  for (int life = 0; life < LIVES; life++) {
    pthread_t id[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&id[i], NULL, work, (void*)(uintptr_t)(life * THREADS + i + 1)) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(id[i], NULL) == 0);
  }
  for (int i = 0; i < SLOTS; i++) {
    if (slots[i] != NULL) verify(slots[i], slots[i]->size);
    free(slots[i]);
  }
  malloc_trim(0);
  fprintf(stderr, "%ld KiB at the end\n", rss_kib());
  CHECK(rss_kib() < 64 * 1024);
  return 0;
}
