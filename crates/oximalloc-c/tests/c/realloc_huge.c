// build: preload
// timeout: 60
// Huge blocks grow and shrink with their content; growing does not copy all of it each time.
#include "check.h"

static void mark(uint64_t* p, size_t from, size_t to) {
  for (size_t i = from; i < to; i += 512) p[i] = i * 7 + 1;
}
static bool marked(const uint64_t* p, size_t to) {
  for (size_t i = 0; i < to; i += 512)
    if (p[i] != i * 7 + 1) return false;
  return true;
}

int main(void) {
  size_t words = (64 << 20) / 8;
  uint64_t* p = malloc(words * 8);
  CHECK(p != NULL);
  mark(p, 0, words);
  double start = seconds();
  for (int i = 0; i < 100; i++) {
    size_t more = words + (4 << 20) / 8;
    p = realloc(p, more * 8);
    CHECK(p != NULL);
    mark(p, words, more);
    words = more;
  }
  double took = seconds() - start;
  CHECK(marked(p, words));
  fprintf(stderr, "100 steps of 4 MiB from 64 MiB: %.3f s\n", took);
  CHECK(took < 5.0);
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
