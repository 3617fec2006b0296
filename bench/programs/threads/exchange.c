/* Each thread allocates a batch of blocks, swaps it for what lies in a random place of a shared exchange and frees
   that: blocks go in all directions, and each thread both receives and gives away. */
#include "../bench.h"

#define LEAST 16
#define OCTAVES 7 /* below 2 KiB */
#define BATCH 64
#define PLACES 64
#define PER_AMOUNT 1500 /* batches */

typedef struct {
  Block blocks[BATCH];
} Batch;

typedef struct {
  uint64_t sum;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Batch* exchange[PLACES];
static Arguments arguments;

static uint64_t free_batch(Batch* batch) {
  uint64_t sum = 0;
  for (int i = 0; i < BATCH; i++) sum += drop(batch->blocks[i]);
  give(batch);
  return sum;
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  Random random = random_from(thread);
  uint64_t count = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  for (uint64_t i = 0; i < count; i++) {
    Batch* batch = (Batch*)take(sizeof(Batch));
    for (int k = 0; k < BATCH; k++) {
      uint32_t size = random_size(&random, LEAST, OCTAVES);
      batch->blocks[k] = make(size, (uint32_t)random_next(&random));
    }
    Batch** place = &exchange[random_below(&random, PLACES)];
    Batch* other = __atomic_exchange_n(place, batch, __ATOMIC_ACQ_REL);
    if (other != NULL) lane->sum += free_batch(other);
  }
}

int main(int argc, char** argv) {
  static const Phases phases = {NULL, work, NULL};
  arguments = read_arguments(argc, argv);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT * (BATCH + 1), seconds);
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum += lanes[i].sum;
  for (int i = 0; i < PLACES; i++) {
    if (exchange[i] == NULL) continue;
    for (int k = 0; k < BATCH; k++) sum += drop_verified(exchange[i]->blocks[k]);
    give(exchange[i]);
  }
  report_checked(sum);
  return 0;
}
