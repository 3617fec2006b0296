// build: preload
// timeout: 120
// Threads allocate, hand blocks to each other, reallocate and end, and new ones come; every block's content is
// checked.
#include "check.h"

enum { THREADS = 8, SLOTS = 4096, GENERATIONS = 30, STEPS = 12000 };
static _Atomic(unsigned char*) shared[SLOTS];

static uint64_t next(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}
// A block starts with its size; all the rest is a byte made from it.
static unsigned char* filled(unsigned char* p, size_t size) {
  CHECK(p != NULL && malloc_usable_size(p) >= size);
  memcpy(p, &size, sizeof size);
  memset(p + sizeof size, (int)(size * 31 >> 2) & 0xff, size - sizeof size);
  return p;
}
static size_t checked(const unsigned char* p) {
  size_t size;
  memcpy(&size, p, sizeof size);
  CHECK(size >= sizeof size && size <= malloc_usable_size((void*)p));
  CHECK(all_bytes(p + sizeof size, size - sizeof size, (size * 31 >> 2) & 0xff));
  return size;
}
static size_t some_size(uint64_t* state) {
  uint64_t r = next(state);
  size_t most = r % 1000 == 0 ? 1 << 20 : r % 50 == 0 ? 40000 : r % 5 == 0 ? 2000 : 200;
  return sizeof(size_t) + next(state) % most;
}
static unsigned char* some_block(uint64_t* state) {
  size_t size = some_size(state);
  void* p = NULL;
  switch (next(state) % 8) {
    case 0:
      p = calloc(1, size);
      CHECK(p != NULL && all_bytes(p, size, 0));
      break;
    case 1: {
      size_t alignment = (size_t)8 << next(state) % 10;
      CHECK(posix_memalign(&p, alignment, size) == 0 && is_aligned(p, alignment));
      break;
    }
    default: p = malloc(size);
  }
  return filled(p, size);
}

static void* thread(void* arg) {
  uint64_t state = (uint64_t)(size_t)arg * 0x9e3779b97f4a7c15u + 1;
  for (int i = 0; i < STEPS; i++) {
    _Atomic(unsigned char*)* slot = &shared[next(&state) % SLOTS];
    unsigned char* mine = __atomic_exchange_n((unsigned char**)slot, NULL, __ATOMIC_ACQ_REL);
    if (mine != NULL) {
      size_t size = checked(mine);
      if (next(&state) % 4 == 0) {
        size_t now = some_size(&state);
        mine = realloc(mine, now);
        CHECK(mine != NULL);
        size_t kept = now < size ? now : size;
        CHECK(all_bytes(mine + sizeof size, kept - sizeof size, (size * 31 >> 2) & 0xff));
        filled(mine, now);
      } else {
        free(mine);
        mine = NULL;
      }
    }
    if (mine == NULL && next(&state) % 8 != 0) mine = some_block(&state);
    mine = __atomic_exchange_n((unsigned char**)slot, mine, __ATOMIC_ACQ_REL);
    if (mine != NULL) {
      checked(mine);
      free(mine);
    }
  }
  return NULL;
}

int main(void) {
  for (size_t generation = 0; generation < GENERATIONS; generation++) {
    pthread_t ids[THREADS];
    for (size_t i = 0; i < THREADS; i++)
      CHECK(pthread_create(&ids[i], NULL, thread, (void*)(generation * THREADS + i + 1)) == 0);
    for (size_t i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  }
  for (int i = 0; i < SLOTS; i++)
    if (shared[i] != NULL) {
      checked(shared[i]);
      free(shared[i]);
    }
  return 0;
}
