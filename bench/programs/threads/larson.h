/* The server of Larson and Krishnan's "Memory allocation for long-running server applications" (ISMM 1998): each lane
   has a thousand blocks of 8 to 1000 bytes and replaces random ones of them. Now and then its thread ends and hands the
   blocks to a fresh thread, so that blocks are freed by other threads than have allocated them ("bleeding").

   `larson.c` and `larson-sized.cpp` define `allocate` and `release` before they include this file. */

#define SLOTS 1000
#define LEAST 8
#define MOST 1000
#define GENERATION 10000  /* replacements by one thread */
#define PER_AMOUNT 200000 /* replacements of all threads together */

typedef struct {
  uint64_t left; /* replacements still to be made */
  uint64_t sum;
  Random random;
  Latency* latency;
  Block slots[SLOTS];
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;

static void fill_slot(Lane* lane, Block* slot) {
  uint64_t bits = random_next(&lane->random);
  slot->size = LEAST + (uint32_t)(((bits >> 32) * (MOST - LEAST + 1)) >> 32);
  slot->tag = (uint32_t)bits;
  slot->at = allocate(lane->latency, slot->size);
  mark(slot->at, slot->size, slot->tag);
}

static void empty_slot(Lane* lane, const Block* slot) {
  verify(slot->at, slot->size, slot->tag);
  release(lane->latency, slot->at, slot->size);
  lane->sum += word_of(slot->tag, slot->size);
}

static void* generation(void* argument) {
  Lane* lane = (Lane*)argument;
  uint64_t count = lane->left < GENERATION ? lane->left : GENERATION;
  lane->left -= count;
  for (uint64_t i = 0; i < count; i++) {
    Block* slot = &lane->slots[random_below(&lane->random, SLOTS)];
    empty_slot(lane, slot);
    fill_slot(lane, slot);
  }
  return NULL;
}

static void prepare(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  lane->left = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  lane->random = random_from(thread);
  for (int i = 0; i < SLOTS; i++) fill_slot(lane, &lane->slots[i]);
  lane->latency = latency_of(thread); /* only what is measured */
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  while (lane->left > 0) {
    pthread_t fresh;
    start_thread(&fresh, generation, lane);
    join_thread(fresh);
  }
}

static void finish(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  lane->latency = NULL;
  for (int i = 0; i < SLOTS; i++) empty_slot(lane, &lane->slots[i]);
}

int main(int argc, char** argv) {
  static const Phases phases = {prepare, work, finish};
  arguments = read_arguments(argc, argv);
  latency_start(arguments.threads);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT, seconds);
  report_latency();
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum = mix(sum, lanes[i].sum);
  report_checked(sum);
  return 0;
}
