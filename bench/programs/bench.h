/* What the C and C++ workloads share: arguments, time, random numbers, blocks that are marked and verified, threads
   that start together, the latency histogram, resident memory, the report. Include it before any other header.

   A workload:

     int main(int argc, char** argv) {
       Arguments arguments = read_arguments(argc, argv);
       double start = seconds_now();
       ... make() and drop(), or take() and free() ...
       report_time(operations, seconds_now() - start);
       report_checked(sum);
     }

   Nothing here allocates between the start and the report except what a workload asks for. */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 512
#define CACHE_LINE 64

/* ---- failing ---- */

/* Ends the process with the message on stderr; without stdio, since the allocator may be what is wrong. */
__attribute__((noreturn, cold, noinline, unused)) static void fail(const char* message) {
  const char* parts[3] = {"wrong: ", message, "\n"};
  for (int i = 0; i < 3; i++) {
    if (write(2, parts[i], strlen(parts[i])) < 0) break;
  }
  _exit(1);
}

/* ---- arguments: PROGRAM THREADS AMOUNT [ARGS...] ---- */

typedef struct {
  unsigned threads;
  uint64_t amount;
  int more; /* how many ARGS there are, without `cold` */
  char** words;
} Arguments;

/* The last of ARGS is `cold`: nobody looks at a block before it is freed, and only its first word is written, as most
   programs do it. So a block is as cold when it is freed as the program left it, and so is what the next malloc gets. */
static bool cold;

static inline uint64_t parse_number(const char* word) {
  char* end = NULL;
  unsigned long long number = strtoull(word, &end, 10);
  if (end == word || *end != 0 || word[0] == '-') fail("an argument is not a number");
  return number;
}

static inline Arguments read_arguments(int argc, char** argv) {
  if (argc < 3) fail("usage: PROGRAM THREADS AMOUNT [ARGS...]");
  Arguments arguments;
  uint64_t threads = parse_number(argv[1]);
  if (threads < 1 || threads > MAX_THREADS) fail("THREADS must be from 1 to 512");
  arguments.threads = (unsigned)threads;
  arguments.amount = parse_number(argv[2]);
  if (arguments.amount < 1) fail("AMOUNT must be at least 1");
  arguments.more = argc - 3;
  arguments.words = argv + 3;
  cold = arguments.more > 0 && strcmp(argv[argc - 1], "cold") == 0;
  if (cold) arguments.more--;
  return arguments;
}

/* The argument at `index` after AMOUNT. */
static inline uint64_t number_argument(const Arguments* arguments, int index) {
  if (index >= arguments->more) fail("an argument is missing");
  return parse_number(arguments->words[index]);
}

static inline bool has_word(const Arguments* arguments, const char* word) {
  for (int i = 0; i < arguments->more; i++) {
    if (strcmp(arguments->words[i], word) == 0) return true;
  }
  return false;
}

/* The share of `total` that `thread` of `threads` does; the shares add up to `total`. */
static inline uint64_t share(uint64_t total, unsigned thread, unsigned threads) {
  return total / threads + (thread < total % threads ? 1 : 0);
}

/* ---- time ---- */

static inline uint64_t nanoseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline double seconds_now(void) { return (double)nanoseconds_now() * 1e-9; }

static inline void sleep_milliseconds(unsigned milliseconds) {
  struct timespec pause;
  pause.tv_sec = milliseconds / 1000;
  pause.tv_nsec = (long)(milliseconds % 1000) * 1000000;
  while (nanosleep(&pause, &pause) != 0) {
  }
}

/* ---- random numbers (splitmix64) and sums ---- */

/* A bijection that spreads every bit of `x` over all 64. */
static inline uint64_t scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

typedef struct {
  uint64_t state;
} Random;

static inline Random random_from(uint64_t seed) {
  Random random;
  random.state = scramble(seed + 0x9e3779b97f4a7c15u);
  return random;
}

static inline uint64_t random_next(Random* random) {
  random->state += 0x9e3779b97f4a7c15u;
  return scramble(random->state);
}

/* A number from 0 to `limit` - 1, limit < 2^32. */
static inline uint32_t random_below(Random* random, uint32_t limit) {
  return (uint32_t)(((random_next(random) >> 32) * limit) >> 32);
}

/* A size in [least, least * 2^octaves): an octave at random, then a size in it: log-uniform in steps of octaves. */
static inline uint32_t random_size(Random* random, uint32_t least, uint32_t octaves) {
  uint64_t bits = random_next(random);
  uint64_t base = (uint64_t)least << (((bits >> 32) * octaves) >> 32);
  return (uint32_t)(base + (((bits & 0xffffffffu) * base) >> 32));
}

/* A checksum that depends on the order of what is added. */
static inline uint64_t mix(uint64_t sum, uint64_t value) { return scramble(sum * 0x9e3779b97f4a7c15u + value + 1); }

/* ---- allocation ---- */

/* The compiler must take it that anything may be done with the block: it cannot leave out a malloc and its free. */
static inline void* keep(void* at) {
  __asm__ volatile("" : "+r"(at) : : "memory");
  return at;
}

/* Fails when an allocation failed or is not aligned as malloc must align a block of that size. */
static inline void* checked_block(void* at, size_t size) {
  at = keep(at);
  uintptr_t mask = size >= 16 ? 15 : size >= 8 ? 7 : 0;
  if (__builtin_expect(at == NULL, 0)) fail("out of memory");
  if (__builtin_expect(((uintptr_t)at & mask) != 0, 0)) fail("a block is not aligned");
  return at;
}

/* A malloc that must not fail. */
static inline void* take(size_t size) { return checked_block(malloc(size), size); }

/* A free that the compiler cannot leave out. */
static inline void give(void* at) { free(keep(at)); }

/* Zeroed room that is not the allocator's, for a workload's own tables; all of it is resident from the start. */
static inline void* table(size_t size) {
  void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) fail("no memory for a table");
  return at;
}

/* ---- marking: the tag in the first and (unless `cold`) the last word; in these bytes of blocks below 8 bytes ---- */

static inline uint64_t word_of(uint32_t tag, size_t size) { return tag * 0x9e3779b97f4a7c15u + size; }

static inline void mark(void* at, size_t size, uint32_t tag) {
  unsigned char* bytes = (unsigned char*)at;
  uint64_t word = word_of(tag, size);
  if (__builtin_expect(size >= 16, 1)) {
    uint64_t last = ~word;
    memcpy(bytes, &word, 8);
    if (!cold) memcpy(bytes + size - 8, &last, 8);
  } else if (size >= 8) {
    memcpy(bytes, &word, 8);
    if (size > 8) bytes[size - 1] = (unsigned char)(word >> 40);
  } else if (size > 0) {
    bytes[0] = bytes[size - 1] = (unsigned char)(word >> 40);
  }
}

/* Fails unless the block is as `mark` left it. Tags that differ from block to block also show blocks that overlap. */
static inline void verify(const void* at, size_t size, uint32_t tag) {
  const unsigned char* bytes = (const unsigned char*)at;
  uint64_t word = word_of(tag, size);
  uint64_t first = 0, last = 0;
  bool right = true;
  if (__builtin_expect(size >= 16, 1)) {
    memcpy(&first, bytes, 8);
    memcpy(&last, bytes + size - 8, 8);
    right = first == word && (cold || last == ~word);
  } else if (size >= 8) {
    memcpy(&first, bytes, 8);
    right = first == word && (size == 8 || bytes[size - 1] == (unsigned char)(word >> 40));
  } else if (size > 0) {
    right = bytes[0] == (unsigned char)(word >> 40) && bytes[size - 1] == bytes[0];
  }
  if (__builtin_expect(!right, 0)) fail("a block was changed by somebody else");
}

/* ---- latency: one log-linear histogram of allocations and one of frees per thread, when BENCH_LATENCY=1 ----
   32 bins an octave (3 %), in ticks of the time stamp counter on x86_64, else in ns. The ticks of an empty measurement
   are taken off. The ticks' length is found at the end from the time since `latency_start`. */

#define LATENCY_STEPS 32
#define LATENCY_BINS (LATENCY_STEPS * 40)

typedef struct {
  uint64_t most;
  uint64_t counts[LATENCY_BINS];
} Histogram;

typedef struct {
  Histogram alloc, free;
} Latency;

static Latency* latency_threads; /* NULL: not measured */
static unsigned latency_count;
static uint64_t latency_ticks, latency_nanoseconds, latency_overhead;

static inline uint64_t ticks_now(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
#else
  return nanoseconds_now();
#endif
}

/* To be called once before the threads start; `latency_of(thread)` is NULL unless BENCH_LATENCY=1. */
static inline void latency_start(unsigned threads) {
  const char* wanted = getenv("BENCH_LATENCY");
  if (wanted == NULL || strcmp(wanted, "1") != 0) return;
  latency_threads = (Latency*)table(threads * sizeof(Latency));
  latency_count = threads;
  latency_overhead = UINT64_MAX;
  for (int i = 0; i < 1000; i++) {
    uint64_t start = ticks_now();
    uint64_t spent = ticks_now() - start;
    if (spent < latency_overhead) latency_overhead = spent;
  }
  latency_nanoseconds = nanoseconds_now();
  latency_ticks = ticks_now();
}

static inline Latency* latency_of(unsigned thread) { return latency_threads == NULL ? NULL : latency_threads + thread; }

static inline unsigned latency_bin(uint64_t value) {
  if (value < LATENCY_STEPS) return (unsigned)value;
  unsigned shift = 58 - (unsigned)__builtin_clzll(value); /* so that value >> shift is in [32, 64) */
  unsigned bin = LATENCY_STEPS * shift + (unsigned)(value >> shift);
  return bin < LATENCY_BINS ? bin : LATENCY_BINS - 1;
}

static inline uint64_t latency_value(unsigned bin) {
  if (bin < 2 * LATENCY_STEPS) return bin;
  unsigned shift = bin / LATENCY_STEPS - 1;
  return (uint64_t)(bin - LATENCY_STEPS * shift) << shift;
}

static inline void latency_add(Histogram* histogram, uint64_t start, uint64_t end) {
  uint64_t spent = end - start;
  spent = end > start && spent > latency_overhead ? spent - latency_overhead : 0;
  if (spent > histogram->most) histogram->most = spent;
  histogram->counts[latency_bin(spent)]++;
}

/* `take` and `give`, measured if `latency` is not NULL. */
static inline void* take_timed(Latency* latency, size_t size) {
  if (__builtin_expect(latency == NULL, 1)) return take(size);
  uint64_t start = ticks_now();
  void* at = keep(malloc(size));
  latency_add(&latency->alloc, start, ticks_now());
  return checked_block(at, size);
}

static inline void give_timed(Latency* latency, void* at) {
  if (__builtin_expect(latency == NULL, 1)) {
    give(at);
    return;
  }
  uint64_t start = ticks_now();
  give(at);
  latency_add(&latency->free, start, ticks_now());
}

/* ---- blocks that know their size and tag ---- */

typedef struct {
  void* at;
  uint32_t size;
  uint32_t tag;
} Block;

/* Allocates and marks. The tag should differ from block to block: a random number will do. */
static inline Block make_timed(Latency* latency, uint32_t size, uint32_t tag) {
  Block block;
  block.at = take_timed(latency, size);
  block.size = size;
  block.tag = tag;
  mark(block.at, size, tag);
  return block;
}

/* Verifies (unless `cold`) and frees; the result is to be added up: the sum does not depend on the order. */
static inline uint64_t drop_timed(Latency* latency, Block block) {
  if (!cold) verify(block.at, block.size, block.tag);
  give_timed(latency, block.at);
  return word_of(block.tag, block.size);
}

static inline Block make(uint32_t size, uint32_t tag) { return make_timed(NULL, size, tag); }
static inline uint64_t drop(Block block) { return drop_timed(NULL, block); }

/* As `drop`, and verifies always: for what is left at the end. */
static inline uint64_t drop_verified(Block block) {
  verify(block.at, block.size, block.tag);
  give(block.at);
  return word_of(block.tag, block.size);
}

/* ---- threads ---- */

/* Each is called by every thread with its number; all threads wait for each other between them. NULL: nothing. */
typedef struct {
  void (*prepare)(unsigned thread, void* shared);
  void (*work)(unsigned thread, void* shared); /* the measured part */
  void (*finish)(unsigned thread, void* shared);
} Phases;

typedef struct {
  const Phases* phases;
  void* shared;
  pthread_barrier_t* barrier;
  unsigned thread;
  uint64_t start, end;
} __attribute__((aligned(CACHE_LINE))) Worker;

static inline void start_thread(pthread_t* thread, void* (*body)(void*), void* argument) {
  if (pthread_create(thread, NULL, body, argument) != 0) fail("a thread cannot be started");
}

static inline void join_thread(pthread_t thread) {
  if (pthread_join(thread, NULL) != 0) fail("a thread cannot be joined");
}

__attribute__((unused)) static void* worker_body(void* argument) {
  Worker* worker = (Worker*)argument;
  const Phases* phases = worker->phases;
  if (phases->prepare != NULL) phases->prepare(worker->thread, worker->shared);
  pthread_barrier_wait(worker->barrier);
  worker->start = nanoseconds_now();
  phases->work(worker->thread, worker->shared);
  worker->end = nanoseconds_now();
  pthread_barrier_wait(worker->barrier);
  if (phases->finish != NULL) phases->finish(worker->thread, worker->shared);
  return NULL;
}

/* Runs the phases in `threads` new threads; the result is the seconds from the first start of work to its last end. */
__attribute__((unused)) static double run_together(unsigned threads, const Phases* phases, void* shared) {
  static Worker workers[MAX_THREADS];
  static pthread_t handles[MAX_THREADS];
  pthread_barrier_t barrier;
  if (pthread_barrier_init(&barrier, NULL, threads) != 0) fail("no barrier");
  for (unsigned i = 0; i < threads; i++) {
    workers[i].phases = phases;
    workers[i].shared = shared;
    workers[i].barrier = &barrier;
    workers[i].thread = i;
    start_thread(&handles[i], worker_body, &workers[i]);
  }
  uint64_t start = UINT64_MAX, end = 0;
  for (unsigned i = 0; i < threads; i++) {
    join_thread(handles[i]);
    if (workers[i].start < start) start = workers[i].start;
    if (workers[i].end > end) end = workers[i].end;
  }
  pthread_barrier_destroy(&barrier);
  return (double)(end - start) * 1e-9;
}

/* ---- resident memory and the second after a burst ---- */

static inline uint64_t resident_kib(void) {
  char text[256];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("/proc/self/statm cannot be opened");
  ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  if (length <= 0) fail("/proc/self/statm cannot be read");
  text[length] = 0;
  char* rest = text;
  strtoull(text, &rest, 10); /* the first figure is the size, the second what is resident */
  return strtoull(rest, NULL, 10) * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

/* A program that lives on for a second: a pause of 10 ms, then a small and a larger block, a hundred times. */
static inline void live_on(void) {
  for (int i = 0; i < 100; i++) {
    sleep_milliseconds(10);
    static const size_t sizes[2] = {64, 4000};
    for (int k = 0; k < 2; k++) {
      void* at = take(sizes[k]);
      mark(at, sizes[k], (uint32_t)i);
      verify(at, sizes[k], (uint32_t)i);
      give(at);
    }
  }
}

/* ---- the report ---- */

static inline void report_time(uint64_t operations, double seconds) {
  printf("operations %llu\nseconds %.9f\n", (unsigned long long)operations, seconds);
}

static inline void report_number(const char* key, uint64_t value) {
  printf("%s %llu\n", key, (unsigned long long)value);
}

/* `before`: resident_kib() before the burst was made; `after`: after live_on(). */
static inline void report_burst(uint64_t before, uint64_t after) {
  report_number("rss_before_kib", before);
  report_number("rss_after_kib", after);
}

static inline void report_histogram(const char* name, const Histogram* all, double length) {
  static const double parts[6] = {0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999};
  uint64_t total = 0;
  for (unsigned i = 0; i < LATENCY_BINS; i++) total += all->counts[i];
  if (total == 0) return;
  printf("latency %s", name);
  uint64_t seen = 0;
  unsigned bin = 0;
  for (int k = 0; k < 6; k++) {
    uint64_t rank = (uint64_t)(parts[k] * (double)total);
    if (rank >= total) rank = total - 1;
    while (seen + all->counts[bin] <= rank) seen += all->counts[bin++];
    printf(" %.0f", (double)latency_value(bin) * length);
  }
  printf(" %.0f\n", (double)all->most * length);
}

/* The threads' histograms together, in ns; nothing unless BENCH_LATENCY=1. After the threads have ended. */
__attribute__((unused)) static void report_latency(void) {
  static Latency all;
  if (latency_threads == NULL) return;
  uint64_t ticks = ticks_now() - latency_ticks;
  double length = (double)(nanoseconds_now() - latency_nanoseconds) / (double)ticks;
  for (unsigned i = 0; i < latency_count; i++) {
    const Latency* one = &latency_threads[i];
    if (one->alloc.most > all.alloc.most) all.alloc.most = one->alloc.most;
    if (one->free.most > all.free.most) all.free.most = one->free.most;
    for (unsigned k = 0; k < LATENCY_BINS; k++) {
      all.alloc.counts[k] += one->alloc.counts[k];
      all.free.counts[k] += one->free.counts[k];
    }
  }
  report_histogram("alloc", &all.alloc, length);
  report_histogram("free", &all.free, length);
}

/* The last line. */
static inline void report_checked(uint64_t sum) {
  printf("checked %016llx\n", (unsigned long long)sum);
  if (fflush(stdout) != 0) fail("the report cannot be written");
}

#endif
