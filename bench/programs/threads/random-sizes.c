/* Each thread has a set of its own blocks of 8 bytes to 8 KiB and replaces random ones of them. */
#include "../bench.h"

#define LEAST 8
#define OCTAVES 10
#define SLOTS 1000
#define PER_AMOUNT 120000 /* replacements of all threads together */

typedef struct {
  uint64_t sum;
  Random random;
  Block slots[SLOTS];
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
  for (int i = 0; i < SLOTS; i++) lane->slots[i] = random_block(&lane->random);
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  uint64_t count = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  for (uint64_t i = 0; i < count; i++) {
    Block* slot = &lane->slots[random_below(&lane->random, SLOTS)];
    lane->sum += drop(*slot);
    *slot = random_block(&lane->random);
  }
}

static void finish(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  for (int i = 0; i < SLOTS; i++) lane->sum += drop_verified(lane->slots[i]);
}

int main(int argc, char** argv) {
  static const Phases phases = {prepare, work, finish};
  arguments = read_arguments(argc, argv);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT, seconds);
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum = mix(sum, lanes[i].sum);
  report_checked(sum);
  return 0;
}
