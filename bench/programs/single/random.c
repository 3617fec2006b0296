/* Blocks of 8 bytes to 64 KiB, log-uniform, about 20 MB of them alive: a random one is freed and replaced by one of
   another size. Every block's ends are written and verified. */
#include "single.h"

#define STEPS_PER_AMOUNT 45000
#define LIVE 2800 /* the mean size is 7.5 kB */
#define LEAST 8
#define OCTAVES 13

static Block blocks[LIVE];

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t steps = arguments.amount * STEPS_PER_AMOUNT;
  latency_start(1);
  Latency* latency = latency_of(0);
  Random random = random_from(2);
  uint64_t sum = 0;

  double start = seconds_now();
  for (unsigned i = 0; i < LIVE; i++) {
    blocks[i] = make_timed(latency, random_size(&random, LEAST, OCTAVES), (uint32_t)random_next(&random));
  }
  for (uint64_t i = 0; i < steps; i++) {
    Block* block = &blocks[random_below(&random, LIVE)];
    sum += drop_timed(latency, *block);
    *block = make_timed(latency, random_size(&random, LEAST, OCTAVES), (uint32_t)i);
  }
  for (unsigned i = 0; i < LIVE; i++) sum += drop_timed(latency, blocks[i]);
  report_time(steps + LIVE, seconds_now() - start);

  report_latency();
  report_checked(sum);
}
