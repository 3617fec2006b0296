/* False sharing as in Berger, McKinley, Blumofe and Wilson's "Hoard" (ASPLOS 2000): each thread allocates a few small
   objects, writes to them many times, frees them, and so on. It is slow where objects of two threads are in one cache
   line.

   false-sharing THREADS AMOUNT active|passive: `active`: only the allocator can put objects of two threads into a line.
   `passive`: one thread first allocates neighbouring objects and hands them out, the others free them: the allocator
   should not let each of them go on with its piece of the line. */
#include "../bench.h"

#define SIZE 8
#define OBJECTS 8       /* of one thread at a time */
#define WRITES 500      /* to each object */
#define PER_AMOUNT 2000 /* rounds of allocating, writing and freeing OBJECTS objects */

typedef struct {
  uint64_t sum;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static volatile uint64_t* handed_out[MAX_THREADS][OBJECTS];
static Arguments arguments;

static void work(unsigned thread, void* shared) {
  (void)shared;
  uint64_t sum = 0;
  if (handed_out[thread][0] != NULL) {
    for (int i = 0; i < OBJECTS; i++) {
      if (*handed_out[thread][i] != thread) fail("a handed out object was changed by somebody else");
      give((void*)handed_out[thread][i]);
    }
  }
  uint64_t rounds = share(arguments.amount * PER_AMOUNT, thread, arguments.threads);
  for (uint64_t round = 0; round < rounds; round++) {
    volatile uint64_t* objects[OBJECTS];
    uint64_t first = round << 32 | thread << 16;
    for (int i = 0; i < OBJECTS; i++) {
      objects[i] = (volatile uint64_t*)take(SIZE);
      *objects[i] = first + (uint64_t)i;
    }
    for (int k = 0; k < WRITES; k++) {
      for (int i = 0; i < OBJECTS; i++) *objects[i] += 16;
    }
    for (int i = 0; i < OBJECTS; i++) {
      uint64_t value = *objects[i];
      if (value != first + (uint64_t)i + 16 * WRITES) fail("an object was changed by somebody else");
      sum += scramble(value);
      give((void*)objects[i]);
    }
  }
  lanes[thread].sum = sum;
}

int main(int argc, char** argv) {
  static const Phases phases = {NULL, work, NULL};
  arguments = read_arguments(argc, argv);
  if (has_word(&arguments, "passive")) {
    for (int i = 0; i < OBJECTS; i++) {
      for (unsigned thread = 0; thread < arguments.threads; thread++) {
        handed_out[thread][i] = (volatile uint64_t*)take(SIZE);
        *handed_out[thread][i] = thread;
      }
    }
  } else if (!has_word(&arguments, "active")) {
    fail("usage: false-sharing THREADS AMOUNT active|passive");
  }
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT * OBJECTS, seconds);
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum += lanes[i].sum;
  report_checked(sum);
  return 0;
}
