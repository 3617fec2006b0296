/* A burst: blocks of 16 bytes to 32 KiB are made until 2 MiB times AMOUNT are alive (most blocks are small, most
   bytes are in larger ones), and all are freed in random order. What is resident one second later is reported. */
#include "single.h"

#define BYTES_PER_AMOUNT ((uint64_t)2 << 20)
#define BLOCKS_PER_AMOUNT 4096 /* room in the table: the mean size is 1.1 kB */

/* 15 of 16 are of 16 bytes to 2 KiB, the others of 2 to 32 KiB. */
static uint32_t burst_size(Random* random) {
  return random_below(random, 16) != 0 ? random_size(random, 16, 7) : random_size(random, 2048, 4);
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t bytes = arguments.amount * BYTES_PER_AMOUNT;
  uint64_t room = arguments.amount * BLOCKS_PER_AMOUNT;
  Random random = random_from(7);
  uint64_t before = resident_kib();
  Block* blocks = (Block*)map_table(room * sizeof(Block));
  uint64_t count = 0, sum = 0;

  double start = seconds_now();
  for (uint64_t made = 0; made < bytes; count++) {
    if (count == room) fail("the table of the burst is too small");
    blocks[count] = make_touched(burst_size(&random), (uint32_t)count);
    made += blocks[count].size;
  }
  double seconds = seconds_now() - start;

  for (uint64_t i = count - 1; i > 0; i--) {
    uint64_t other = random_below(&random, (uint32_t)i + 1);
    Block swapped = blocks[i];
    blocks[i] = blocks[other];
    blocks[other] = swapped;
  }

  start = seconds_now();
  for (uint64_t i = 0; i < count; i++) sum += drop(blocks[i]);
  seconds += seconds_now() - start;

  unmap_table(blocks, room * sizeof(Block));
  live_on();
  report_time(count, seconds);
  report_burst(before, resident_kib());
  report_checked(sum);
}
