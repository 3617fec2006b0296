/* Blocks of 16 bytes to 8 KiB at alignments of 32 to 4096, by posix_memalign and aligned_alloc in turn, 1000 of them
   alive; each address is checked. */
#include "single.h"

#define STEPS_PER_AMOUNT 28000
#define LIVE 1000
#define LEAST 16
#define OCTAVES 9
#define LEAST_ALIGNMENT 32
#define ALIGNMENTS 8

static Block blocks[LIVE];

static Block make_aligned(Random* random, uint32_t tag) {
  size_t alignment = (size_t)LEAST_ALIGNMENT << random_below(random, ALIGNMENTS);
  Block block;
  block.at = NULL;
  block.tag = tag;
  block.size = random_size(random, LEAST, OCTAVES);
  if (tag % 2 == 0) {
    if (posix_memalign(&block.at, alignment, block.size) != 0) fail("posix_memalign failed");
  } else {
    block.size = (uint32_t)((block.size + alignment - 1) / alignment * alignment);
    block.at = aligned_alloc(alignment, block.size);
  }
  checked_block(block.at, block.size);
  if (((uintptr_t)block.at & (alignment - 1)) != 0) fail("a block is not aligned as asked");
  mark(block.at, block.size, tag);
  return block;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t steps = arguments.amount * STEPS_PER_AMOUNT;
  Random random = random_from(6);
  uint64_t sum = 0;

  double start = seconds_now();
  for (uint64_t i = 0; i < steps; i++) {
    Block* block = &blocks[i < LIVE ? i : random_below(&random, LIVE)];
    if (i >= LIVE) sum += drop(*block);
    *block = make_aligned(&random, (uint32_t)i);
  }
  for (uint64_t i = 0; i < LIVE; i++) sum += drop(blocks[i]);
  report_time(steps, seconds_now() - start);
  report_checked(sum);
}
