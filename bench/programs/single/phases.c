/* A long life: the sizes drift over eight phases from 64 bytes to 32 KiB, and again from the beginning. Each phase
   fills up to the same number of live bytes, replaces blocks at random for a while, then ends: one in eight of its
   blocks survives, and half of the older survivors. How much memory the holes between them cost is the question: see
   the peak. */
#include "single.h"

#define BYTES_PER_AMOUNT ((uint64_t)400 << 10)
#define PHASES 8
#define CYCLES 2
#define FIRST 64 /* phase n has sizes from FIRST << n, */
#define OCTAVES 2 /* over so many octaves */
#define REPLACED 1 /* times the number of a phase's blocks are replaced in it */

typedef struct {
  Block* table;
  uint64_t count, room, old; /* the first `old` are survivors of earlier phases */
  uint64_t live;             /* bytes */
  uint64_t made, sum;
} Life;

static void add(Life* life, Random* random, unsigned phase, uint64_t slot) {
  life->table[slot] = make_touched(random_size(random, FIRST << phase, OCTAVES), (uint32_t)life->made++);
  life->live += life->table[slot].size;
}

static void leave(Life* life, uint64_t slot) {
  life->live -= life->table[slot].size;
  life->sum += drop(life->table[slot]);
}

static void live_through(Life* life, Random* random, unsigned phase, uint64_t bytes) {
  while (life->live < bytes) {
    if (life->count == life->room) fail("the table of blocks is too small");
    add(life, random, phase, life->count++);
  }
  uint64_t young = life->count - life->old;
  for (uint64_t i = 0; i < young * REPLACED; i++) {
    uint64_t slot = life->old + random_below(random, (uint32_t)young);
    leave(life, slot);
    add(life, random, phase, slot);
  }
  uint64_t kept = 0;
  for (uint64_t i = 0; i < life->count; i++) {
    if (random_below(random, 8) < (i < life->old ? 4 : 1)) {
      life->table[kept++] = life->table[i];
    } else {
      leave(life, i);
    }
  }
  life->count = life->old = kept;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t bytes = arguments.amount * BYTES_PER_AMOUNT;
  Life life = {.room = bytes / FIRST};
  life.table = (Block*)map_table(life.room * sizeof(Block));
  Random random = random_from(8);

  double start = seconds_now();
  for (unsigned i = 0; i < CYCLES * PHASES; i++) live_through(&life, &random, i % PHASES, bytes);
  while (life.count > 0) leave(&life, --life.count);
  report_time(life.made, seconds_now() - start);
  if (life.live != 0) fail("bytes are left");
  report_checked(life.sum);
}
