/* Blocks from 8 bytes on, log-uniform: a random one is freed and replaced by one of another size. Every block's ends are
   written and verified. ARGS: LIVE OCTAVES: how many are alive, and that the largest is below 8 * 2^OCTAVES bytes. */
#include "single.h"

#define STEPS_PER_AMOUNT 45000
#define MOST_LIVE 100000
#define LEAST 8

static Block blocks[MOST_LIVE];

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint32_t live = size_argument(&arguments, 0), octaves = size_argument(&arguments, 1);
  if (live > MOST_LIVE) fail("LIVE must be from 1 to 100000");
  if (octaves > 20) fail("OCTAVES must be from 1 to 20");
  uint64_t steps = arguments.amount * STEPS_PER_AMOUNT;
  latency_start(1);
  Latency* latency = latency_of(0);
  Random random = random_from(2);
  uint64_t sum = 0;

  double start = seconds_now();
  for (unsigned i = 0; i < live; i++) {
    blocks[i] = make_timed(latency, random_size(&random, LEAST, octaves), (uint32_t)random_next(&random));
  }
  for (uint64_t i = 0; i < steps; i++) {
    Block* block = &blocks[random_below(&random, live)];
    sum += drop_timed(latency, *block);
    *block = make_timed(latency, random_size(&random, LEAST, octaves), (uint32_t)i);
  }
  for (unsigned i = 0; i < live; i++) {
    verify(blocks[i].at, blocks[i].size, blocks[i].tag);
    sum += drop_timed(latency, blocks[i]);
  }
  report_time(steps + live, seconds_now() - start);

  report_latency();
  report_checked(sum);
}
