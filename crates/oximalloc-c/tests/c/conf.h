// What the tests named conf_ share: the sizes that they try, blocks with a pattern, used memory to allocate from,
// counting what a visit sees, and many threads at once.
#ifndef CONF_H
#define CONF_H
#include "mi.h"
// After the interface, which must not need it.
#include "check.h"

// Small, medium, large and huge blocks, each also just beside a round number.
static const size_t SIZES[] = {1, 7, 8, 16, 24, 100, 1000, 1024, 1025, 5000, 8192, 70001, 600000, 3 << 20, 20 << 20};
#define EACH_SIZE(size) \
  for (size_t i_ = 0, size; i_ < sizeof SIZES / sizeof *SIZES && ((size = SIZES[i_]) || 1); i_++)
#define TOO_MUCH opaque_size((size_t)PTRDIFF_MAX)
#define OVERFLOWING opaque_size(SIZE_MAX / 8)

static inline bool aligned_to(void* p, size_t alignment) { return is_aligned(opaque(p), alignment); }

// Writes a pattern of this block's own, and looks whether it is still there.
static inline void fill(void* p, size_t size, unsigned seed) {
  unsigned char* at = (unsigned char*)p;
  for (size_t i = 0; i < size; i += (i < 256 || i + 256 >= size) ? 1 : 4093) at[i] = (unsigned char)(i * 7 + seed);
}
static inline bool filled(const void* p, size_t size, unsigned seed) {
  const unsigned char* at = (const unsigned char*)p;
  for (size_t i = 0; i < size && i < 256; i++)
    if (at[i] != (unsigned char)(i * 7 + seed)) return false;
  return true;
}

#ifndef __cplusplus
// Leaves used memory behind, which the next blocks of this size are likely to get.
static inline void soil(size_t size) {
  void* p[16];
  int count = size > 1 << 20 ? 1 : 16;
  for (int i = 0; i < count; i++) {
    CHECK((p[i] = mi_malloc(size)) != NULL);
    memset(p[i], 0xdd, size);
  }
  for (int i = 0; i < count; i++) mi_free(opaque(p[i]));
}
static inline void soil_heap(mi_heap_t* heap, size_t size) {
  void* p[16];
  int count = size > 1 << 20 ? 1 : 16;
  for (int i = 0; i < count; i++) {
    CHECK((p[i] = mi_heap_malloc(heap, size)) != NULL);
    memset(p[i], 0xdd, size);
  }
  for (int i = 0; i < count; i++) mi_free(opaque(p[i]));
}

// What a visit sees: areas, the blocks that these say are in use, the blocks themselves, and one that is looked for.
typedef struct {
  size_t areas, used, blocks, bytes, found;
  const void* wanted;
} seen_t;
static inline bool see(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  seen_t* seen = (seen_t*)arg;
  (void)heap;
  CHECK(area != NULL);
  if (block == NULL) {
    seen->areas++;
    seen->used += area->used;
    return true;
  }
  CHECK(size > 0);
  seen->blocks++;
  seen->bytes += size;
  const char *start = (const char*)block, *wanted = (const char*)seen->wanted;
  seen->found += wanted >= start && wanted < start + size;
  return true;
}
static inline seen_t look(mi_heap_t* heap, const void* wanted) {
  seen_t seen = {.wanted = wanted};
  CHECK(mi_heap_visit_blocks(heap, true, see, &seen));
  return seen;
}
// The blocks of a heap that are in use.
static inline size_t live(mi_heap_t* heap) { return look(heap, NULL).blocks; }

// A block of this heap that works: it belongs there, has room for its size, and can be written.
static inline void belongs(mi_heap_t* heap, void* p, size_t size) {
  CHECK(p != NULL);
  CHECK(mi_heap_of(p) == heap);
  CHECK(mi_heap_contains(heap, p));
  CHECK(mi_usable_size(p) >= size);
  fill(p, size, 3);
  CHECK(filled(p, size, 3));
}

// Runs a function in many threads at once, with each one's number, and waits for all.
static inline void crew(int count, void* (*work)(void*)) {
  pthread_t threads[64];
  CHECK(count <= 64);
  for (int i = 0; i < count; i++) CHECK(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
  for (int i = 0; i < count; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}
// Pseudo-random numbers.
static inline uint64_t next_number(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  return *state ^= *state << 17;
}
#endif
#endif
