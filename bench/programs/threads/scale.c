/* How the cost of an operation grows with the memory that is live and with the number of threads.

   scale THREADS AMOUNT LIVE_MIB: the threads together hold LIVE_MIB MiB in blocks of 16 bytes to 4 KiB, each its share.
   Measured is: free a random one of one's own and allocate another. Also says how many bytes are live at the end and
   what is then resident, without the table of the blocks. */
#include "../bench.h"

#define LEAST 16
#define OCTAVES 8
#define AVERAGE 765      /* bytes of a block */
#define PER_AMOUNT 40000 /* replacements of all threads together */

typedef struct {
  uint64_t sum;
  uint64_t count;
  Random random;
  Block* slots;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;

static Block random_block(Random* random) {
  uint32_t size = random_size(random, LEAST, OCTAVES);
  return make(size, (uint32_t)random_next(random));
}

static void prepare(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  lane->random = random_from(thread);
  for (uint64_t i = 0; i < lane->count; i++) lane->slots[i] = random_block(&lane->random);
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  uint64_t count = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  for (uint64_t i = 0; i < count; i++) {
    Block* slot = &lane->slots[random_below(&lane->random, (uint32_t)lane->count)];
    lane->sum += drop(*slot);
    *slot = random_block(&lane->random);
  }
}

int main(int argc, char** argv) {
  static const Phases phases = {prepare, work, NULL};
  arguments = read_arguments(argc, argv);
  uint64_t blocks = (number_argument(&arguments, 0) << 20) / AVERAGE;
  if (blocks < arguments.threads) fail("LIVE_MIB is too small for that many threads");
  Block* slots = (Block*)table(blocks * sizeof(Block));
  uint64_t before = 0;
  for (unsigned i = 0; i < arguments.threads; i++) {
    lanes[i].slots = slots + before;
    lanes[i].count = share(blocks, i, arguments.threads);
    before += lanes[i].count;
  }
  double seconds = run_together(arguments.threads, &phases, NULL);
  uint64_t resident = resident_kib() - blocks * sizeof(Block) / 1024;
  uint64_t sum = 0, live = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum = mix(sum, lanes[i].sum);
  for (uint64_t i = 0; i < blocks; i++) {
    verify(slots[i].at, slots[i].size, slots[i].tag);
    live += slots[i].size;
  }
  report_time(arguments.amount * PER_AMOUNT, seconds);
  report_number("live_bytes", live);
  report_number("rss_kib", resident);
  report_checked(mix(sum, live));
  return 0;
}
