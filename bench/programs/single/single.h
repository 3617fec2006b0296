/* What the single-thread workloads share beyond bench.h: their arguments, and tables that do not come from the
   allocator that is measured. */
#ifndef SINGLE_H
#define SINGLE_H

#include "../bench.h"

/* As `read_arguments`; THREADS must be 1. */
static inline Arguments read_single(int argc, char** argv) {
  Arguments arguments = read_arguments(argc, argv);
  if (arguments.threads != 1) fail("this workload has one thread");
  return arguments;
}

static inline uint32_t size_argument(const Arguments* arguments, int index) {
  uint64_t size = number_argument(arguments, index);
  if (size < 1 || size > UINT32_MAX) fail("a size is out of range");
  return (uint32_t)size;
}

/* A zeroed table straight from the system: it becomes resident as it is used. */
static inline void* map_table(size_t bytes) {
  void* at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail("no memory for a table");
  return at;
}

static inline void unmap_table(void* at, size_t bytes) {
  if (munmap(at, bytes) != 0) fail("a table cannot be unmapped");
}

static inline uint64_t load_word(const void* at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

static inline void store_word(void* at, uint64_t word) { memcpy(at, &word, sizeof(word)); }

/* As `make`, and writes into each page, so that all of the block becomes resident. */
static inline Block make_touched(uint32_t size, uint32_t tag) {
  Block block = make(size, tag);
  for (uint32_t i = 4096; i + 16 <= size; i += 4096) store_word((char*)block.at + i, word_of(tag, i));
  return block;
}

#endif
