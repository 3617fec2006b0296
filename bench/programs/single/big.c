/* Big blocks, 100 KiB to 30 MiB, log-uniform, 20 of them alive: a random one is freed and replaced by a fresh one.
   ARGS: STEP, the bytes between two words that are written (4096: each page is touched; 65536: each 16th). */
#include "single.h"

#define TOUCHED_PER_AMOUNT ((uint64_t)48 << 20) /* the bytes of the pages touched; makes AMOUNT mean the same work */
#define PAGE 4096
#define LIVE 20
#define LEAST (100 << 10)
#define OCTAVES 9
#define MOST (30 << 20)
#define VERIFY_EACH 8 /* of the words written between a block's ends */

static Block blocks[LIVE];

static uint32_t big_size(Random* random) {
  uint32_t size;
  do size = random_size(random, LEAST, OCTAVES);
  while (size > MOST);
  return size;
}

static Block make_big(Random* random, uint32_t tag, uint32_t step) {
  Block block = make(big_size(random), tag);
  for (uint32_t i = step; i + 16 <= block.size; i += step) store_word((char*)block.at + i, word_of(tag, i));
  return block;
}

static uint64_t drop_big(Block block, uint32_t step) {
  for (uint32_t i = step; i + 16 <= block.size; i += step * VERIFY_EACH) {
    if (load_word((char*)block.at + i) != word_of(block.tag, i)) fail("a big block was changed by somebody else");
  }
  return drop(block);
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint32_t step = size_argument(&arguments, 0);
  if (step < PAGE) fail("STEP must be a page or more");
  uint64_t wanted = arguments.amount * TOUCHED_PER_AMOUNT, touched = 0;
  Random random = random_from(4);
  uint64_t sum = 0, made = 0;

  double start = seconds_now();
  for (; touched < wanted; made++) {
    Block* block = &blocks[made < LIVE ? made : random_below(&random, LIVE)];
    if (made >= LIVE) sum += drop_big(*block, step);
    *block = make_big(&random, (uint32_t)made, step);
    touched += (uint64_t)(block->size / step) * PAGE + 2 * PAGE;
  }
  for (uint64_t i = 0; i < LIVE && i < made; i++) sum += drop_big(blocks[i], step);
  report_time(made, seconds_now() - start);
  report_checked(sum);
}
