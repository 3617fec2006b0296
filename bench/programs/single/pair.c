/* One free and one malloc, again and again, in a ring of blocks of one size. The loop itself does nothing else, so that
   the instructions of a pair can be counted; the blocks are marked and verified only after each long round.
   ARGS: SIZE RING (a power of two up to 4096). */
#include "single.h"

#define PAIRS_PER_AMOUNT (12 * ROUND)
#define ROUND 65536
#define MAX_RING 4096

static void* ring[MAX_RING];

__attribute__((noinline)) static void replace(size_t size, uint64_t mask) {
  for (uint64_t i = 0; i < ROUND; i++) {
    void** slot = &ring[i & mask];
    free(*slot);
    *slot = keep(malloc(size));
  }
}

/* All are marked before the first is verified: blocks that overlap are found. */
static void check(uint32_t size, uint64_t count, uint32_t round) {
  for (uint64_t i = 0; i < count; i++) mark(checked_block(ring[i], size), size, round * MAX_RING + (uint32_t)i);
  for (uint64_t i = 0; i < count; i++) verify(ring[i], size, round * MAX_RING + (uint32_t)i);
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t pairs = arguments.amount * PAIRS_PER_AMOUNT;
  uint32_t size = size_argument(&arguments, 0);
  uint64_t count = number_argument(&arguments, 1);
  if (count == 0 || count > MAX_RING || (count & (count - 1)) != 0) fail("RING must be a power of two up to 4096");
  for (uint64_t i = 0; i < count; i++) ring[i] = take(size);

  uint64_t sum = 0;
  double start = seconds_now();
  for (uint32_t round = 0; round < pairs / ROUND; round++) {
    replace(size, count - 1);
    check(size, count, round);
    sum = mix(sum, load_word(ring[0]));
  }
  double seconds = seconds_now() - start;

  for (uint64_t i = 0; i < count; i++) give(ring[i]);
  report_time(pairs, seconds);
  report_checked(sum);
}
