// secure: 0
// build: preload
// timeout: 240
// Blocks that shrink give back what they do not need any more, whatever they were allocated by: what stays resident is at most
// 1.3 times what the program holds. The contents stay, and the block grows again.
#include "check.h"

extern void* mi_zalloc(size_t) __attribute__((weak));
extern void* mi_rezalloc(void*, size_t) __attribute__((weak));
extern void* mi_malloc_aligned_at(size_t, size_t, size_t) __attribute__((weak));
extern void* mi_heap_new(void) __attribute__((weak));
extern void* mi_heap_malloc(void*, size_t) __attribute__((weak));
extern void* mi_heap_realloc(void*, void*, size_t) __attribute__((weak));
extern void* reallocf(void*, size_t) __attribute__((weak));

enum { TOTAL = 32 << 20, MOST = TOTAL / (8 << 10) };
static char* blocks[MOST];
static void* heap;

// How blocks are made and resized.
static void* plain(size_t size) { return malloc(size); }
static void* paged(size_t size) { return memalign(4096, size); }
static void* sliced(size_t size) { return memalign(256 << 10, size); }
static void* shifted(size_t size) { return mi_malloc_aligned_at(size, 4096, 16); }
static void* zeroed(size_t size) { return mi_zalloc(size); }
static void* heaped(size_t size) { return mi_heap_malloc(heap, size); }
static void* grown(size_t size) {
  char* p = malloc(size / 8);
  for (size_t i = 2; i <= 8; i++) p = realloc(p, size / 8 * i);
  return realloc(p, size);
}
static void* resize(void* p, size_t size) { return realloc(p, size); }
static void* resize_array(void* p, size_t size) { return reallocarray(p, size / 8, 8); }
static void* resize_or_free(void* p, size_t size) { return reallocf(p, size); }
static void* resize_zeroed(void* p, size_t size) { return mi_rezalloc(p, size); }
static void* resize_heaped(void* p, size_t size) { return mi_heap_realloc(heap, p, size); }
// By a tenth at a time.
static void* resize_slowly(void* p, size_t size) {
  for (size_t now = malloc_usable_size(p); now > size; now -= now / 10) p = realloc(p, now);
  return realloc(p, size);
}

static void mark(char* p, size_t size, char with) {
  for (size_t i = 0; i < size; i += 4096) p[i] = with;
  p[size - 1] = with;
}
static bool marked(const char* p, size_t size, char with) {
  for (size_t i = 0; i < size; i += 4096)
    if (p[i] != with) return false;
  return true;
}

static void try(const char* name, void* make(size_t), void* shrink(void*, size_t), size_t from, size_t to) {
  size_t count = TOTAL / from;
  malloc_trim(0);
  long before = rss_kib();
  for (size_t i = 0; i < count; i++) {
    CHECK((blocks[i] = make(from)) != NULL);
    mark(blocks[i], from, (char)(i + 1));
  }
  for (size_t i = 0; i < count; i++) CHECK((blocks[i] = shrink(blocks[i], to)) != NULL);
  malloc_trim(0);
  long live = (long)(count * to >> 10), resident = rss_kib() - before;
  for (size_t i = 0; i < count; i++) {
    CHECK(marked(blocks[i], to, (char)(i + 1)));
    if (to / 4096 < 1000) {
      CHECK((blocks[i] = realloc(blocks[i], to + to / 2)) != NULL && marked(blocks[i], to, (char)(i + 1)));
      mark(blocks[i], to + to / 2, 1);
    }
  }
  for (size_t i = 0; i < count; i++) free(blocks[i]);
  if (resident > live + live * 3 / 10 + 4096) {
    fprintf(stderr, "%s, from %zu to %zu bytes: %ld KiB live, %ld resident\n", name, from, to, live, resident);
    CHECK(!"gives back");
  }
}

int main(void) {
  size_t large[] = {100 << 10, 256 << 10, 1 << 20, 30 << 20};
  int parts[] = {90, 75, 51, 40};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
      size_t from = large[i], to = from / 100 * (size_t)parts[k] / 8 * 8;
      try("realloc", plain, resize, from, to);
      try("reallocarray", plain, resize_array, from, to);
      try("a block that grew", grown, resize, from, to);
      // (Below 40 KiB blocks are of classes, which they leave when less than five eighths are used.)
      if (to > 40 << 10) try("by steps", plain, resize_slowly, from, to);
      if (mi_heap_new == NULL) continue;
      // (glibc copies such blocks, and keeps what it copied from for a while.)
      try("aligned to an OS page", paged, resize, from, to);
      // (Smaller ones have slices between them, which huge pages make resident.)
      if (from >= 256 << 10) try("aligned to four slices", sliced, resize, from, to);
      try("aligned at an offset", shifted, resize, from, to);
      try("reallocf", plain, resize_or_free, from, to);
      try("rezalloc", zeroed, resize_zeroed, from, to);
      heap = heap != NULL ? heap : mi_heap_new();
      try("of a heap", heaped, resize_heaped, from, to);
    }
  // Blocks that share pages move to a smaller class, once less than five eighths are used. (glibc's keep whole OS pages.)
  size_t shared[] = {8 << 10, 16 << 10, 30 << 10, 60 << 10};
  for (size_t i = 0; mi_heap_new != NULL && i < sizeof shared / sizeof *shared; i++)
    for (size_t k = 2; k < sizeof parts / sizeof *parts; k++) {
      size_t to = shared[i] / 100 * (size_t)parts[k];
      try("realloc", plain, resize, shared[i], to);
      try("of a heap", heaped, resize_heaped, shared[i], to);
    }
  // What a block got again that it had given up is zero where that is asked for.
  for (size_t size = 42 << 10; mi_heap_new != NULL && size < 190 << 10; size += 7000) {
    unsigned char* p = mi_zalloc(192 << 10);
    memset(p, 5, 192 << 10);
    CHECK((p = mi_rezalloc(p, size)) != NULL);
    size_t had = malloc_usable_size(p);
    CHECK(had >= size && had <= size + size / 4 + 4096);
    CHECK((p = mi_rezalloc(p, size + size / 2)) != NULL);
    CHECK(all_bytes(p, size, 5) && (had >= size + size / 2 || all_bytes(p + had, size + size / 2 - had, 0)));
    free(p);
  }
  return 0;
}
