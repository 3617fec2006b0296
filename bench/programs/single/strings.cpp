/* Strings in C++: words of random lengths are put together into lines, the lines are kept in a queue, and the oldest is
   split again into words, of which some are changed and joined; the words that come out are compared with those that
   went in. */
#include "single.h"

#include <deque>
#include <string>
#include <vector>

namespace {

constexpr uint64_t LINES_PER_AMOUNT = 3000;
constexpr size_t KEPT = 2000;        // lines in the queue
constexpr uint32_t MOST_WORDS = 16;  // in a line
constexpr uint32_t LEAST_LENGTH = 2; // of a word: log-uniform up to 2 * 2^5
constexpr uint32_t OCTAVES = 5;

struct Line {
  std::string text;
  std::vector<uint32_t> lengths;
  uint64_t sum = 0; // of the words
};

std::string random_word(Random& random) {
  std::string word(random_size(&random, LEAST_LENGTH, OCTAVES), 'a');
  uint64_t letters = random_next(&random);
  for (size_t i = 0; i < word.size(); i++) {
    word[i] = static_cast<char>('a' + ((letters >> (4 * (i % 16))) & 15));
  }
  return word;
}

uint64_t sum_of(const std::string& word) {
  uint64_t sum = word.size();
  for (char letter : word) sum = sum * 31 + static_cast<unsigned char>(letter);
  return sum;
}

Line random_line(Random& random) {
  Line line;
  uint32_t words = 1 + random_below(&random, MOST_WORDS);
  for (uint32_t i = 0; i < words; i++) {
    std::string word = random_word(random);
    line.sum = mix(line.sum, sum_of(word));
    line.lengths.push_back(static_cast<uint32_t>(word.size()));
    if (i != 0) line.text += ' ';
    line.text += word;
  }
  return line;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t start = 0;;) {
    size_t end = text.find(' ', start);
    if (end == std::string::npos) {
      words.push_back(text.substr(start));
      return words;
    }
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
}

uint64_t take_apart(const Line& line) {
  std::vector<std::string> words = split(line.text);
  if (words.size() != line.lengths.size()) fail("a line has another number of words");
  uint64_t sum = 0;
  for (size_t i = 0; i < words.size(); i++) {
    if (words[i].size() != line.lengths[i]) fail("a word has another length");
    sum = mix(sum, sum_of(words[i]));
  }
  if (sum != line.sum) fail("a line has other words");
  std::string quoted;
  for (const std::string& word : words) quoted = quoted + "<" + word + ">";
  if (quoted.size() != line.text.size() + 1 + words.size()) fail("the joined words have another length");
  return mix(sum, sum_of(quoted));
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  uint64_t lines = arguments.amount * LINES_PER_AMOUNT, sum = 0, words = 0;
  Random random = random_from(12);

  double start = seconds_now();
  {
    std::deque<Line> queue;
    for (uint64_t i = 0; i < lines; i++) {
      if (queue.size() == KEPT) {
        sum = mix(sum, take_apart(queue.front()));
        queue.pop_front();
      }
      queue.push_back(random_line(random));
      words += queue.back().lengths.size();
    }
    for (const Line& line : queue) sum = mix(sum, take_apart(line));
  }
  report_time(words, seconds_now() - start);
  report_checked(sum);
}
