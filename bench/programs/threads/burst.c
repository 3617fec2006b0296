/* All threads together build 2 MiB for each AMOUNT from blocks of 8 bytes to 8 KiB, replace each block some times in
   random order, and free everything. Then what is still resident is read a second later.

   burst THREADS AMOUNT busy|idle: in that second all threads allocate and free a little (`busy`), or only the first
   does and the others wait (`idle`), as in a pool without work. */
#include "../bench.h"

#define LEAST 8
#define OCTAVES 10
#define AVERAGE 1228   /* bytes of a block */
#define REPLACEMENTS 4 /* of each block */
#define PER_AMOUNT ((2u << 20) / AVERAGE)

typedef struct {
  uint64_t sum;
  uint64_t count;
  Block* slots;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;
static pthread_barrier_t lived_on;
static uint64_t resident_before, resident_after;
static bool idle;

static Block random_block(Random* random) {
  uint32_t size = random_size(random, LEAST, OCTAVES);
  return make(size, (uint32_t)random_next(random));
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  Random random = random_from(thread);
  uint64_t count = lane->count;
  for (uint64_t i = 0; i < count; i++) lane->slots[i] = random_block(&random);
  for (uint64_t i = 0; i < count * REPLACEMENTS; i++) {
    Block* slot = &lane->slots[random_below(&random, (uint32_t)count)];
    lane->sum += drop(*slot);
    *slot = random_block(&random);
  }
  for (uint64_t i = 0; i < count; i++) lane->sum += drop(lane->slots[i]);
}

static void finish(unsigned thread, void* shared) {
  (void)shared;
  if (thread == 0 || !idle) live_on();
  pthread_barrier_wait(&lived_on);
  if (thread == 0) resident_after = resident_kib();
  pthread_barrier_wait(&lived_on);
}

int main(int argc, char** argv) {
  static const Phases phases = {NULL, work, finish};
  arguments = read_arguments(argc, argv);
  idle = has_word(&arguments, "idle");
  if (!idle && !has_word(&arguments, "busy")) fail("usage: burst THREADS AMOUNT busy|idle");
  uint64_t blocks = arguments.amount * PER_AMOUNT;
  for (unsigned i = 0; i < arguments.threads; i++) {
    lanes[i].count = share(blocks, i, arguments.threads);
    lanes[i].slots = (Block*)table(lanes[i].count * sizeof(Block));
  }
  if (pthread_barrier_init(&lived_on, NULL, arguments.threads) != 0) fail("no barrier");
  resident_before = resident_kib();
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(blocks * (1 + REPLACEMENTS), seconds);
  report_burst(resident_before, resident_after);
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum = mix(sum, lanes[i].sum);
  report_checked(sum);
  return 0;
}
