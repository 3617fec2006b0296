/* Producers allocate blocks and put them into a bounded queue in batches, consumers take the batches and free the
   blocks: no block is freed by the thread that allocated it. One thread alone is both.

   producers THREADS AMOUNT PRODUCERS OCTAVES CAPACITY: PRODUCERS is `half` of the threads or `one`; sizes are from 16
   to 16 * 2^OCTAVES bytes; the queue holds CAPACITY batches. */
#include "../bench.h"

#define LEAST 16
#define BATCH 64
#define MOST_BATCHES 1024
#define PER_AMOUNT 1000 /* batches */

typedef struct {
  Block blocks[BATCH];
} Batch;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t has_room, has_batch;
  unsigned capacity, first, length;
  uint64_t untaken; /* batches that no consumer has taken yet, put or not */
  Batch batches[MOST_BATCHES];
} queue = {
  .lock = PTHREAD_MUTEX_INITIALIZER,
  .has_room = PTHREAD_COND_INITIALIZER,
  .has_batch = PTHREAD_COND_INITIALIZER,
};

typedef struct {
  uint64_t sum;
} __attribute__((aligned(CACHE_LINE))) Lane;

static Lane lanes[MAX_THREADS];
static Arguments arguments;
static unsigned producers;
static uint32_t octaves;

static void put(const Batch* batch) {
  pthread_mutex_lock(&queue.lock);
  while (queue.length == queue.capacity) pthread_cond_wait(&queue.has_room, &queue.lock);
  queue.batches[(queue.first + queue.length) % queue.capacity] = *batch;
  queue.length++;
  pthread_mutex_unlock(&queue.lock);
  pthread_cond_signal(&queue.has_batch);
}

/* False when all batches have been taken. */
static bool get(Batch* batch) {
  pthread_mutex_lock(&queue.lock);
  while (queue.length == 0 && queue.untaken > 0) pthread_cond_wait(&queue.has_batch, &queue.lock);
  bool found = queue.length > 0;
  if (found) {
    *batch = queue.batches[queue.first];
    queue.first = (queue.first + 1) % queue.capacity;
    queue.length--;
    queue.untaken--;
  }
  bool last = queue.untaken == 0;
  pthread_mutex_unlock(&queue.lock);
  pthread_cond_signal(&queue.has_room);
  if (last) pthread_cond_broadcast(&queue.has_batch);
  return found;
}

static void produce(Random* random, Latency* latency) {
  Batch batch;
  for (int i = 0; i < BATCH; i++) {
    uint32_t size = random_size(random, LEAST, octaves);
    batch.blocks[i] = make_timed(latency, size, (uint32_t)random_next(random));
  }
  put(&batch);
}

static bool consume(Lane* lane, Latency* latency) {
  Batch batch;
  if (!get(&batch)) return false;
  for (int i = 0; i < BATCH; i++) lane->sum += drop_timed(latency, batch.blocks[i]);
  return true;
}

static void work(unsigned thread, void* shared) {
  (void)shared;
  Lane* lane = &lanes[thread];
  Latency* latency = latency_of(thread);
  Random random = random_from(thread);
  bool alone = arguments.threads == 1;
  if (thread < producers) {
    uint64_t count = share(arguments.amount * PER_AMOUNT, thread, producers);
    for (uint64_t i = 0; i < count; i++) {
      produce(&random, latency);
      if (alone && i + 1 >= queue.capacity) consume(lane, latency);
    }
  }
  if (thread >= producers || alone) {
    while (consume(lane, latency)) {
    }
  }
}

int main(int argc, char** argv) {
  static const Phases phases = {NULL, work, NULL};
  arguments = read_arguments(argc, argv);
  bool half = has_word(&arguments, "half");
  if (arguments.more != 3 || !(half || has_word(&arguments, "one"))) {
    fail("usage: producers THREADS AMOUNT half|one OCTAVES CAPACITY");
  }
  producers = half && arguments.threads > 1 ? arguments.threads / 2 : 1;
  octaves = (uint32_t)number_argument(&arguments, 1);
  queue.capacity = (unsigned)number_argument(&arguments, 2);
  if (octaves < 1 || octaves > 20) fail("OCTAVES must be from 1 to 20");
  if (queue.capacity < 1 || queue.capacity > MOST_BATCHES) fail("CAPACITY must be from 1 to 1024");
  queue.untaken = arguments.amount * PER_AMOUNT;
  latency_start(arguments.threads);
  double seconds = run_together(arguments.threads, &phases, NULL);
  report_time(arguments.amount * PER_AMOUNT * BATCH, seconds);
  report_latency();
  uint64_t sum = 0;
  for (unsigned i = 0; i < arguments.threads; i++) sum += lanes[i].sum;
  report_checked(sum);
  return 0;
}
