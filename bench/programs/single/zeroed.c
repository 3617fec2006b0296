/* Blocks of 64 bytes to 64 KiB from calloc, 500 of them alive, which must be zero although all that was freed before
   was dirty: blocks up to 1 KiB are looked at as a whole, larger ones at their ends and at each 128th byte. */
#include "single.h"

#define STEPS_PER_AMOUNT 13000
#define LIVE 500
#define LEAST 64
#define OCTAVES 10
#define WHOLE 1024
#define STRIDE 128

static Block blocks[LIVE];

static uint32_t stride_of(uint32_t size) { return size <= WHOLE ? 8 : STRIDE; }

static Block make_zeroed(uint32_t size, uint32_t tag) {
  Block block;
  block.at = checked_block(calloc(size / 8, 8), size);
  block.size = size;
  block.tag = tag;
  unsigned char* bytes = (unsigned char*)block.at;
  uint32_t stride = stride_of(size);
  uint64_t seen = load_word(bytes + size - 8);
  for (uint32_t i = 0; i + 8 <= size; i += stride) seen |= load_word(bytes + i);
  if (seen != 0) fail("calloc gave a block that is not zero");
  for (uint32_t i = 0; i + 8 <= size; i += stride) store_word(bytes + i, ~(uint64_t)0);
  mark(block.at, size, tag);
  return block;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t steps = arguments.amount * STEPS_PER_AMOUNT;
  Random random = random_from(5);
  uint64_t sum = 0;

  double start = seconds_now();
  for (uint64_t i = 0; i < steps; i++) {
    Block* block = &blocks[i < LIVE ? i : random_below(&random, LIVE)];
    if (i >= LIVE) sum += drop(*block);
    *block = make_zeroed(random_size(&random, LEAST, OCTAVES) / 8 * 8, (uint32_t)i);
  }
  for (uint64_t i = 0; i < LIVE; i++) sum += drop(blocks[i]);
  report_time(steps, seconds_now() - start);
  report_checked(sum);
}
