/* A mix that asks everything of an allocator: in each round, fresh threads make and drop objects whose sizes follow a
   power law from 16 bytes to 256 KiB, swap some with other threads through a shared array, and end; half of what each
   has then is dropped and half kept for the thread of the next round.

   An object says its own size and tag in its first word and again in the last; since it is not known who will drop
   which object, the sum of all dropped ones must at the end be that of all made ones. */
#include "../bench.h"

#define LEAST 16
#define OCTAVES 14
#define SLOTS 512     /* of each thread */
#define SHARED 1024
#define STEPS 4000    /* of one thread in a round */
#define PER_AMOUNT 50 /* threads, each with STEPS steps */

typedef struct {
  uint64_t made, dropped, rounds;
  Random random;
  unsigned thread;
  uint64_t* slots[SLOTS];
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static uint64_t* exchange[SHARED];
static Arguments arguments;

static uint64_t* make_object(Lane* lane) {
  uint64_t bits = random_next(&lane->random);
  unsigned octave = (unsigned)__builtin_ctzll(bits | 1u << (OCTAVES - 1)); /* each half as likely as the one before */
  uint32_t base = (uint32_t)LEAST << octave;
  uint32_t size = base + (uint32_t)(((bits >> 32) * base) >> 32);
  uint64_t word = bits >> 14 << 32 | size;
  unsigned char* at = (unsigned char*)take(size);
  uint64_t last = ~word;
  memcpy(at, &word, 8);
  memcpy(at + size - 8, &last, 8);
  lane->made += scramble(word);
  return (uint64_t*)(void*)at;
}

static void drop_object(Lane* lane, uint64_t* object) {
  if (object == NULL) return;
  uint64_t word = *object, last = 0;
  uint32_t size = (uint32_t)word;
  if (size < LEAST || size > (uint32_t)LEAST << OCTAVES) fail("an object's size was changed by somebody else");
  memcpy(&last, (unsigned char*)object + size - 8, 8);
  if (last != ~word) fail("an object was changed by somebody else");
  lane->dropped += scramble(word);
  give(object);
}

static void* run_round(void* argument) {
  Lane* lane = (Lane*)argument;
  for (int i = 0; i < STEPS; i++) {
    uint64_t** slot = &lane->slots[random_below(&lane->random, SLOTS)];
    if (random_below(&lane->random, 4) == 0) {
      uint64_t** place = &exchange[random_below(&lane->random, SHARED)];
      *slot = __atomic_exchange_n(place, *slot, __ATOMIC_ACQ_REL);
    } else {
      drop_object(lane, *slot);
      *slot = make_object(lane);
    }
  }
  for (int i = 0; i < SLOTS; i += 2) {
    drop_object(lane, lane->slots[i]);
    lane->slots[i] = NULL;
  }
  return NULL;
}

int main(int argc, char** argv) {
  arguments = read_arguments(argc, argv);
  uint64_t most = 0;
  for (unsigned i = 0; i < arguments.threads; i++) {
    lanes[i].random = random_from(i);
    lanes[i].rounds = share(arguments.amount * PER_AMOUNT, i, arguments.threads);
    if (lanes[i].rounds > most) most = lanes[i].rounds;
  }
  static pthread_t handles[MAX_THREADS];
  double start = seconds_now();
  for (uint64_t round = 0; round < most; round++) {
    for (unsigned i = 0; i < arguments.threads; i++) {
      if (round < lanes[i].rounds) start_thread(&handles[i], run_round, &lanes[i]);
    }
    for (unsigned i = 0; i < arguments.threads; i++) {
      if (round < lanes[i].rounds) join_thread(handles[i]);
    }
  }
  for (int i = 0; i < SHARED; i++) drop_object(&lanes[0], exchange[i]);
  uint64_t made = 0, dropped = 0;
  for (unsigned i = 0; i < arguments.threads; i++) {
    for (int k = 0; k < SLOTS; k++) drop_object(&lanes[i], lanes[i].slots[k]);
    made += lanes[i].made;
    dropped += lanes[i].dropped;
  }
  double seconds = seconds_now() - start;
  if (made != dropped) fail("the objects dropped are not those made");
  report_time(arguments.amount * PER_AMOUNT * STEPS, seconds);
  report_checked(made);
  return 0;
}
