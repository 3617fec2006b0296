/* Work with buffers: one to four are taken, each of their pages is written, and they are given, the last first.
   ARGS: SIZES, how many sizes there are (1: 100 KiB; more: spread evenly up to 500 KiB). */
#include "single.h"

#define TURNS_PER_AMOUNT 400
#define MOST 4
#define MAX_SIZES 64
#define LEAST (100 << 10)
#define SPREAD (400 << 10)

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t turns = arguments.amount * TURNS_PER_AMOUNT;
  uint64_t sizes = number_argument(&arguments, 0);
  if (sizes < 1 || sizes > MAX_SIZES) fail("SIZES must be 1 to 64");
  Random random = random_from(5);
  Block blocks[MOST];
  uint64_t sum = 0, made = 0;

  double start = seconds_now();
  for (uint64_t turn = 0; turn < turns; turn++) {
    uint32_t count = 1 + random_below(&random, MOST);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t step = random_below(&random, (uint32_t)sizes);
      uint32_t size = LEAST + (uint32_t)(sizes == 1 ? 0 : step * (SPREAD / (sizes - 1)));
      blocks[i] = make_touched(size, (uint32_t)made++);
    }
    for (uint32_t i = count; i-- > 0;) sum += drop(blocks[i]);
  }
  report_time(made, seconds_now() - start);
  report_checked(sum);
}
