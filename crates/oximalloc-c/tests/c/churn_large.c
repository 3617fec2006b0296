// build: preload
// timeout: 240
// Blocks of 64 KiB to 16 MiB come and go at random: mappings and resident memory stay bounded.
#include "check.h"

enum { SLOTS = 16, STEPS = 40000 };

static int mappings(void) {
  FILE* f = fopen("/proc/self/maps", "r");
  int lines = 0;
  for (int c; (c = fgetc(f)) != EOF;) lines += c == '\n';
  fclose(f);
  return lines;
}

int main(void) {
  unsigned char* p[SLOTS] = {0};
  size_t sizes[SLOTS] = {0};
  uint64_t state = 88172645463325252u;
  int before = mappings();
  for (int i = 0; i < STEPS; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    int slot = (int)(state >> 8) % SLOTS & (SLOTS - 1);
    size_t size = (size_t)65536 << (state >> 20) % 8;
    size += (size_t)(state >> 30) % size;
    if (p[slot]) CHECK(p[slot][0] == (unsigned char)slot && p[slot][sizes[slot] - 1] == (unsigned char)slot);
    if (i % 4 == 0) {
      p[slot] = realloc(p[slot], size);
    } else {
      free(p[slot]);
      p[slot] = malloc(size);
    }
    CHECK(p[slot] != NULL);
    sizes[slot] = size;
    p[slot][0] = p[slot][size - 1] = (unsigned char)slot;
  }
  // All that is live is at most 16 blocks of 16 MiB; few of their pages were written.
  fprintf(stderr, "%d mappings before, %d after; %ld KiB\n", before, mappings(), rss_kib());
  // From level 2 on there are more: the inaccessible parts behind blocks stay where they were.
  CHECK(mappings() < before + (getenv("MIMALLOC_SECURE") != NULL ? 2000 : 200));
  CHECK(rss_kib() < 600 * 1024);
  for (int i = 0; i < SLOTS; i++) free(p[i]);
  return 0;
}
