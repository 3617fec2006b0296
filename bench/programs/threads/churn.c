/* Many short-lived threads: each allocates some hundreds of blocks, frees most of them and hands the rest to the thread
   that created it, which frees them. */
#include "../bench.h"

#define LEAST 16
#define OCTAVES 7 /* below 2 KiB */
#define BLOCKS 400
#define KEPT 40        /* of them handed to the creator */
#define PER_AMOUNT 100 /* short-lived threads */

typedef struct {
  uint64_t seed;
  uint64_t sum;
  Block blocks[BLOCKS];
} Visit;

typedef struct {
  Visit visit;
  uint64_t sum;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;

/* Blocks are freed in another order than they were allocated; what is kept is spread over all of them. */
static void* short_life(void* argument) {
  Visit* visit = (Visit*)argument;
  Random random = random_from(visit->seed);
  for (int i = 0; i < BLOCKS; i++) {
    uint32_t size = random_size(&random, LEAST, OCTAVES);
    visit->blocks[i] = make(size, (uint32_t)random_next(&random));
  }
  visit->sum = 0;
  for (unsigned i = BLOCKS; i > KEPT; i--) {
    unsigned chosen = random_below(&random, i);
    visit->sum += drop(visit->blocks[chosen]);
    visit->blocks[chosen] = visit->blocks[i - 1];
  }
  return NULL;
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  uint64_t count = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  for (uint64_t i = 0; i < count; i++) {
    pthread_t visitor;
    lane->visit.seed = i << 16 | thread;
    start_thread(&visitor, short_life, &lane->visit);
    join_thread(visitor);
    lane->sum += lane->visit.sum;
    for (int k = 0; k < KEPT; k++) lane->sum += drop(lane->visit.blocks[k]);
  }
}

int main(int argc, char** argv) {
  static const Phases phases = {NULL, work, NULL};
  arguments = read_arguments(argc, argv);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT, seconds);
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum += lanes[i].sum;
  report_checked(sum);
  return 0;
}
