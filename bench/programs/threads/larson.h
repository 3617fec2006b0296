/* The server of Larson and Krishnan's "Memory allocation for long-running server applications" (ISMM 1998): each lane
   has some thousand blocks of 8 to 1000 bytes and replaces random ones of them. Now and then its thread ends and hands the
   blocks to a fresh thread, so that blocks are freed by other threads than have allocated them ("bleeding").

   ARGS: SLOTS GENERATION: blocks of a lane, and replacements by one thread. `larson.c` and `larson-sized.cpp` define
   `allocate` and `release` before they include this file. */

#define MOST_SLOTS 5000
#define LEAST 8
#define MOST 1000
#define PER_AMOUNT 200000 /* replacements of all threads together */

typedef struct {
  uint64_t left; /* replacements still to be made */
  uint64_t sum;
  Random random;
  Latency* latency;
  Block slots[MOST_SLOTS];
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;
static uint32_t slots;
static uint64_t generation_length;

static void fill_slot(Lane* lane, Block* slot) {
  uint64_t bits = random_next(&lane->random);
  slot->size = LEAST + (uint32_t)(((bits >> 32) * (MOST - LEAST + 1)) >> 32);
  slot->tag = (uint32_t)bits;
  slot->at = allocate(lane->latency, slot->size);
  mark(slot->at, slot->size, slot->tag);
}

static void empty_slot(Lane* lane, const Block* slot) {
  if (!cold) verify(slot->at, slot->size, slot->tag);
  release(lane->latency, slot->at, slot->size);
  lane->sum += word_of(slot->tag, slot->size);
}

static void* generation(void* argument) {
  Lane* lane = (Lane*)argument;
  uint64_t count = lane->left < generation_length ? lane->left : generation_length;
  lane->left -= count;
  for (uint64_t i = 0; i < count; i++) {
    Block* slot = &lane->slots[random_below(&lane->random, slots)];
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
  for (uint32_t i = 0; i < slots; i++) fill_slot(lane, &lane->slots[i]);
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
  for (uint32_t i = 0; i < slots; i++) {
    verify(lane->slots[i].at, lane->slots[i].size, lane->slots[i].tag);
    empty_slot(lane, &lane->slots[i]);
  }
}

int main(int argc, char** argv) {
  static const Phases phases = {prepare, work, finish};
  arguments = read_arguments(argc, argv);
  slots = (uint32_t)number_argument(&arguments, 0);
  generation_length = number_argument(&arguments, 1);
  if (slots < 1 || slots > MOST_SLOTS) fail("SLOTS must be from 1 to 5000");
  if (generation_length < 1) fail("GENERATION must be at least 1");
  latency_start(arguments.threads);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT, seconds);
  report_latency();
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum = mix(sum, lanes[i].sum);
  report_checked(sum);
  return 0;
}
