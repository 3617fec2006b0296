/* Blocks of one size: first in, first out (a ring whose oldest block is replaced) or last in, first out (a stack that
   swells and shrinks at random). ARGS: fifo|lifo SIZE. */
#include "single.h"

#define PAIRS_PER_AMOUNT 500000
#define LIVE 1024 /* blocks in the ring; the stack's greatest depth */
#define RUN 256   /* the longest run of pushes or pops */

static Block blocks[LIVE];

static uint64_t run_fifo(uint64_t pairs, uint32_t size) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < pairs; i++) {
    Block* oldest = &blocks[i % LIVE];
    if (i >= LIVE) sum += drop(*oldest);
    *oldest = make(size, (uint32_t)i);
  }
  for (uint64_t i = 0; i < LIVE && i < pairs; i++) sum += drop(blocks[i]);
  return sum;
}

static uint64_t run_lifo(uint64_t pairs, uint32_t size) {
  Random random = random_from(1);
  uint64_t made = 0, sum = 0;
  unsigned depth = 0;
  while (made < pairs) {
    unsigned pushes = 1 + random_below(&random, RUN);
    for (; pushes > 0 && depth < LIVE && made < pairs; pushes--) blocks[depth++] = make(size, (uint32_t)made++);
    unsigned pops = 1 + random_below(&random, RUN);
    for (; pops > 0 && depth > 0; pops--) sum += drop(blocks[--depth]);
  }
  while (depth > 0) sum += drop(blocks[--depth]);
  return sum;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t pairs = arguments.amount * PAIRS_PER_AMOUNT;
  uint32_t size = size_argument(&arguments, 1);
  bool fifo = has_word(&arguments, "fifo");
  if (!fifo && !has_word(&arguments, "lifo")) fail("ARGS: fifo|lifo SIZE");

  double start = seconds_now();
  uint64_t sum = fifo ? run_fifo(pairs, size) : run_lifo(pairs, size);
  report_time(pairs, seconds_now() - start);
  report_checked(sum);
}
