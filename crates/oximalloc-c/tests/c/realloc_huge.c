// secure: 0
// build: preload
// Huge blocks grow and shrink with their content; growing does not copy all of it each time, which would take much longer.
#include "check.h"

static void mark(uint64_t* p, size_t from, size_t to) {
  for (size_t i = from; i < to; i += 512) p[i] = i * 7 + 1;
}
static bool marked(const uint64_t* p, size_t to) {
  for (size_t i = 0; i < to; i += 512)
    if (p[i] != i * 7 + 1) return false;
  return true;
}

// What it takes to copy a byte of memory that is there already, at best.
static double copy_byte(const void* from, size_t size) {
  void* to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(to != MAP_FAILED);
  memset(to, 1, size);
  double least = 1e9;
  for (int i = 0; i < 5; i++) {
    double start = cpu_seconds();
    memcpy(to, from, size);
    double took = cpu_seconds() - start;
    if (took < least) least = took;
  }
  munmap(to, size);
  return least / (double)size;
}

int main(void) {
  size_t words = (64 << 20) / 8;
  uint64_t* p = malloc(words * 8);
  CHECK(p != NULL);
  mark(p, 0, words);
  double byte = copy_byte(p, words * 8);
  double grow = 0, copy = 0;
  for (int i = 0; i < 100; i++) {
    size_t more = words + (4 << 20) / 8;
    copy += byte * (double)words * 8;
    double start = cpu_seconds();
    p = realloc(p, more * 8);
    grow += cpu_seconds() - start;
    CHECK(p != NULL);
    mark(p, words, more);
    words = more;
  }
  CHECK(marked(p, words));
  fprintf(stderr, "100 steps of 4 MiB from 64 MiB: %.3f s, copying all each time: %.3f s\n", grow, copy);
  CHECK(grow < copy / 4);
  while (words > (1 << 20) / 8) {
    words = words / 2 / 512 * 512;
    p = realloc(p, words * 8);
    CHECK(p != NULL && marked(p, words));
  }
  CHECK(rss_kib() < 100 * 1024);
  free(p);
  // Neighbours that hinder growing in place.
  uint64_t* many[16];
  for (int i = 0; i < 16; i++) mark(many[i] = malloc(8 << 20), 0, 1 << 20);
  for (int i = 0; i < 16; i++) {
    many[i] = realloc(many[i], 24 << 20);
    CHECK(many[i] != NULL && marked(many[i], 1 << 20));
  }
  for (int i = 0; i < 16; i++) {
    CHECK(marked(many[i], 1 << 20));
    free(many[i]);
  }
  return 0;
}
