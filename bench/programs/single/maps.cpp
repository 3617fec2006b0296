/* Maps in C++: entries with a string as key and a string as value are inserted, found, changed and erased at random,
   some 23000 of them alive. ARGS: hash (std::unordered_map) or tree (std::map). */
#include "single.h"

#include <map>
#include <string>
#include <unordered_map>

namespace {

constexpr uint32_t KEYS = 40000; // possible ones; four of seven are in the map at a time
constexpr uint64_t STEPS_PER_AMOUNT_HASH = 35000;
constexpr uint64_t STEPS_PER_AMOUNT_TREE = 11000;
constexpr uint32_t LEAST_VALUE = 4; // bytes of a value: log-uniform up to 4 * 2^7
constexpr uint32_t OCTAVES = 7;

// What the map must hold: each key's value's length, and its tag.
struct Expected {
  uint32_t length, tag; // length 0: no entry
};

Expected expected[KEYS];

std::string key_of(uint32_t number) {
  static const char digits[] = "0123456789abcdef";
  std::string key(8 + number % 25, '-');
  uint64_t bits = scramble(number);
  for (size_t i = 0; i < 8; i++, bits >>= 4) key[i] = digits[bits & 15];
  return key;
}

char letter_of(uint32_t tag) { return static_cast<char>('a' + tag % 26); }

bool is_right(const std::string& value, const Expected& entry) {
  char letter = letter_of(entry.tag);
  return value.size() == entry.length && value.front() == letter && value[value.size() / 2] == letter &&
         value.back() == letter;
}

template <class Map> uint64_t churn(uint64_t steps) {
  Random random = random_from(13);
  uint64_t sum = 0;
  size_t alive = 0;
  Map map;
  for (uint64_t i = 0; i < steps; i++) {
    uint32_t number = random_below(&random, KEYS);
    Expected& entry = expected[number];
    std::string key = key_of(number);
    auto at = map.find(key);
    if ((at != map.end()) != (entry.length != 0)) fail("a map has lost or invented a key");
    if (at != map.end() && !is_right(at->second, entry)) fail("a value was changed by somebody else");
    sum = mix(sum, entry.length);
    uint32_t length = random_size(&random, LEAST_VALUE, OCTAVES);
    uint32_t tag = static_cast<uint32_t>(i);
    if (at == map.end()) {
      map.emplace(std::move(key), std::string(length, letter_of(tag)));
      entry = {length, tag};
      alive++;
    } else if (tag % 4 == 0) {
      at->second = std::string(length, letter_of(tag));
      entry = {length, tag};
    } else {
      map.erase(at);
      entry = {0, 0};
      alive--;
    }
  }
  if (map.size() != alive) fail("a map has another number of entries");
  for (uint32_t number = 0; number < KEYS; number++) {
    if (expected[number].length == 0) continue;
    auto at = map.find(key_of(number));
    if (at == map.end() || !is_right(at->second, expected[number])) fail("an entry is missing at the end");
    sum = mix(sum, at->second.size());
  }
  return sum;
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  bool hash = has_word(&arguments, "hash");
  if (!hash && !has_word(&arguments, "tree")) fail("ARGS: hash|tree");
  uint64_t steps = arguments.amount * (hash ? STEPS_PER_AMOUNT_HASH : STEPS_PER_AMOUNT_TREE);

  double start = seconds_now();
  uint64_t sum = hash ? churn<std::unordered_map<std::string, std::string>>(steps)
                      : churn<std::map<std::string, std::string>>(steps);
  report_time(steps, seconds_now() - start);
  report_checked(sum);
}
