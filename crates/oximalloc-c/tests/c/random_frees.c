// secure: 0
// timeout: 120
// env: MIMALLOC_PURGE_DELAY=200
//
// A large heap that is freed in random order falls back, once the program goes on, to what it has where there never was a
// large one. Each free block that waits with the thread may keep a page, so that few may, and not for long.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 400000, WAITING = 8 << 10 };

static char* slot[SLOTS];
static unsigned seed = 7;

static unsigned rnd(void) {
  seed = seed * 1103515245 + 12345;
  return seed >> 8;
}

static long resident(void) {
  long all, pages;
  FILE* f = fopen("/proc/self/statm", "r");
  if (f == NULL || fscanf(f, "%ld %ld", &all, &pages) != 2) abort();
  fclose(f);
  return pages * 4;
}

// Blocks of all sizes up to `max` in so many slots, replaced at random three times each, and freed at random.
static void use(size_t slots, unsigned max) {
  for (size_t i = 0; i < slots; i++) slot[i] = NULL;
  for (size_t i = 0; i < 4 * slots; i++) {
    size_t k = i < slots ? i : rnd() % slots, size = 16 + rnd() % max;
    free(slot[k]);
    slot[k] = malloc(size);
    memset(slot[k], 1, size);
  }
  for (size_t i = slots - 1; i > 0; i--) {
    size_t k = rnd() % (i + 1);
    char* other = slot[i];
    slot[i] = slot[k];
    slot[k] = other;
  }
  for (size_t i = 0; i < slots; i++) free(slot[i]);
}

// What is resident at least, while the program does a little.
static long goes_on(unsigned max, long until) {
  long least = resident();
  for (int round = 0; round < 200 && least > until; round++) {
    usleep(20000);
    use(1000, max);
    long now = resident();
    if (now < least) least = now;
  }
  return least;
}

static int falls_back(size_t slots, unsigned max) {
  long start = resident();
  use(1000, max);
  long small = resident();
  use(slots, max);
  long large = resident();
  // What 1000 blocks have, half more, and what may wait for its purge.
  long most = small + (small - start) / 2 + WAITING, after = goes_on(max, most);
  printf("%zu blocks of up to %u bytes: %ld KiB at the start, %ld with a few, %ld after all were freed, then %ld, allowed %ld\n",
         slots, max, start, small, large, after, most);
  return after > most;
}

int main(void) {
  int bad = falls_back(SLOTS, 300);
  bad |= falls_back(SLOTS / 4, 2000);
  bad |= falls_back(SLOTS / 8, 8000);
  bad |= falls_back(SLOTS / 40, 60000);
  return bad;
}
