/* Factors products of two primes by Pollard's rho method (J. M. Pollard 1975, in R. P. Brent's variant of 1980) with
   naive numbers: each result of each operation is a new block of 32-bit limbs, freed after use. The factors found are
   multiplied to check them. */
#include "single.h"

#define PRODUCTS_PER_AMOUNT 3
#define SMALL_FROM 1000000 /* the smaller primes are the next ones after SMALL_FROM + SMALL_STEP * n */
#define SMALL_STEP 99991
#define LARGE_BITS 127 /* the larger prime is Mersenne's, 2^127 - 1 */
#define BATCH 64       /* differences that are multiplied before a greatest common divisor is taken */
#define MOST_STEPS (1u << 20)

/* A number that is not negative: limbs from the lowest, the highest not zero; 0 has none. */
typedef struct {
  uint32_t length;
  uint32_t limbs[];
} Number;

static uint64_t operations; /* numbers made */

static Number* number_new(uint32_t length) {
  operations++;
  Number* number = (Number*)take(sizeof(Number) + length * sizeof(uint32_t));
  number->length = length;
  return number;
}

static Number* trimmed(Number* number) {
  while (number->length > 0 && number->limbs[number->length - 1] == 0) number->length--;
  return number;
}

static Number* number_from(uint64_t value) {
  Number* number = number_new(2);
  number->limbs[0] = (uint32_t)value;
  number->limbs[1] = (uint32_t)(value >> 32);
  return trimmed(number);
}

/* 2^bits - 1 */
static Number* ones(uint32_t bits) {
  Number* number = number_new((bits + 31) / 32);
  for (uint32_t i = 0; i < number->length; i++) number->limbs[i] = UINT32_MAX;
  if (bits % 32 != 0) number->limbs[number->length - 1] >>= 32 - bits % 32;
  return number;
}

static int compare(const Number* a, const Number* b) {
  if (a->length != b->length) return a->length < b->length ? -1 : 1;
  for (uint32_t i = a->length; i-- > 0;) {
    if (a->limbs[i] != b->limbs[i]) return a->limbs[i] < b->limbs[i] ? -1 : 1;
  }
  return 0;
}

static bool is_one(const Number* a) { return a->length == 1 && a->limbs[0] == 1; }

static Number* copy(const Number* a) {
  Number* result = number_new(a->length);
  memcpy(result->limbs, a->limbs, a->length * sizeof(uint32_t));
  return result;
}

static Number* add_word(const Number* a, uint32_t word) {
  Number* result = number_new(a->length + 1);
  uint64_t carry = word;
  for (uint32_t i = 0; i < a->length; i++, carry >>= 32) result->limbs[i] = (uint32_t)(carry += a->limbs[i]);
  result->limbs[a->length] = (uint32_t)carry;
  return trimmed(result);
}

/* |a - b| */
static Number* difference(const Number* a, const Number* b) {
  if (compare(a, b) < 0) {
    const Number* larger = b;
    b = a;
    a = larger;
  }
  Number* result = number_new(a->length);
  int64_t borrow = 0;
  for (uint32_t i = 0; i < a->length; i++, borrow >>= 32) {
    borrow += (int64_t)a->limbs[i] - (i < b->length ? b->limbs[i] : 0);
    result->limbs[i] = (uint32_t)borrow;
  }
  return trimmed(result);
}

static Number* product(const Number* a, const Number* b) {
  Number* result = number_new(a->length + b->length);
  memset(result->limbs, 0, result->length * sizeof(uint32_t));
  for (uint32_t i = 0; i < a->length; i++) {
    uint64_t carry = 0;
    for (uint32_t k = 0; k < b->length; k++, carry >>= 32) {
      carry += result->limbs[i + k] + (uint64_t)a->limbs[i] * b->limbs[k];
      result->limbs[i + k] = (uint32_t)carry;
    }
    result->limbs[i + b->length] = (uint32_t)carry;
  }
  return trimmed(result);
}

static Number* shifted_left(const Number* a, unsigned bits, uint32_t length) {
  Number* result = number_new(length);
  for (uint32_t i = 0; i < length; i++) {
    uint64_t high = i < a->length ? a->limbs[i] : 0, low = i > 0 && i <= a->length ? a->limbs[i - 1] : 0;
    result->limbs[i] = (uint32_t)((high << 32 | low) << bits >> 32);
  }
  return result;
}

/* Long division in base 2^32 on numbers scaled so that the divisor's highest bit is set. Returns a mod b, and through
   `quotient`, if it is not NULL, a / b. */
static Number* divide(const Number* a, const Number* b, Number** quotient) {
  if (b->length == 0) fail("a division by zero");
  if (compare(a, b) < 0) {
    if (quotient != NULL) *quotient = number_from(0);
    return copy(a);
  }
  uint32_t n = b->length, places = a->length - n + 1;
  unsigned scale = (unsigned)__builtin_clz(b->limbs[n - 1]);
  Number* divisor = shifted_left(b, scale, n);
  Number* rest = shifted_left(a, scale, a->length + 1);
  Number* result = number_new(places);
  uint64_t top = divisor->limbs[n - 1], next = n > 1 ? divisor->limbs[n - 2] : 0;
  for (uint32_t place = places; place-- > 0;) {
    uint32_t* part = rest->limbs + place; /* its n + 1 limbs are less than 2^32 times the divisor */
    uint64_t head = (uint64_t)part[n] << 32 | part[n - 1];
    uint64_t digit = head / top, left = head % top;
    /* The estimate is at most two too large, mostly repaired by a look at the next limb. */
    while (digit > UINT32_MAX || digit * next > (left << 32 | (n > 1 ? part[n - 2] : 0))) {
      digit--;
      left += top;
      if (left > UINT32_MAX) break;
    }
    uint64_t carry = 0;
    int64_t borrow = 0;
    for (uint32_t i = 0; i < n; i++, carry >>= 32, borrow >>= 32) {
      carry += digit * divisor->limbs[i];
      borrow += (int64_t)part[i] - (uint32_t)carry;
      part[i] = (uint32_t)borrow;
    }
    borrow += (int64_t)part[n] - (int64_t)carry;
    part[n] = (uint32_t)borrow;
    if (borrow < 0) {
      digit--;
      carry = 0;
      for (uint32_t i = 0; i < n; i++, carry >>= 32) {
        carry += (uint64_t)part[i] + divisor->limbs[i];
        part[i] = (uint32_t)carry;
      }
      part[n] += (uint32_t)carry;
    }
    result->limbs[place] = (uint32_t)digit;
  }
  Number* remainder = number_new(n);
  for (uint32_t i = 0; i < n; i++) {
    remainder->limbs[i] = (uint32_t)(((uint64_t)rest->limbs[i + 1] << 32 | rest->limbs[i]) >> scale);
  }
  give(divisor);
  give(rest);
  if (quotient != NULL) {
    *quotient = trimmed(result);
  } else {
    give(result);
  }
  return trimmed(remainder);
}

/* a * b mod n */
static Number* product_modulo(const Number* a, const Number* b, const Number* n) {
  Number* full = product(a, b);
  Number* result = divide(full, n, NULL);
  give(full);
  return result;
}

static Number* greatest_divisor(const Number* a, const Number* b) {
  Number* large = copy(a);
  Number* small = copy(b);
  while (small->length > 0) {
    Number* rest = divide(large, small, NULL);
    give(large);
    large = small;
    small = rest;
  }
  give(small);
  return large;
}

/* Replaces *y by y^2 + constant mod n. */
static void step(Number** y, uint32_t constant, const Number* n) {
  Number* square = product(*y, *y);
  Number* sum = add_word(square, constant);
  Number* next = divide(sum, n, NULL);
  give(square);
  give(sum);
  give(*y);
  *y = next;
}

/* A divisor of n that is neither 1 nor n, or NULL if this constant finds none. */
static Number* rho(const Number* n, uint32_t constant) {
  Number *x = number_from(2), *y = number_from(2), *behind = number_from(2), *batch = number_from(1), *found;
  uint32_t length = 1, done = 0;
  for (;;) {
    if (done == length) { /* the cycle is looked for from the newest value on, twice as far */
      give(x);
      x = copy(y);
      length *= 2;
      done = 0;
      if (length > MOST_STEPS) fail("no factor was found");
    }
    give(behind);
    behind = copy(y);
    for (uint32_t i = 0; i < BATCH && done < length; i++, done++) {
      step(&y, constant, n);
      Number* apart = difference(x, y);
      Number* next = product_modulo(batch, apart, n);
      give(apart);
      give(batch);
      batch = next;
    }
    found = greatest_divisor(n, batch);
    if (!is_one(found)) break;
    give(found);
  }
  if (compare(found, n) == 0) { /* both factors in one batch: again, one by one */
    do {
      give(found);
      step(&behind, constant, n);
      Number* apart = difference(x, behind);
      found = greatest_divisor(n, apart);
      give(apart);
    } while (is_one(found));
  }
  give(x);
  give(y);
  give(behind);
  give(batch);
  if (compare(found, n) != 0) return found;
  give(found);
  return NULL;
}

static uint64_t next_prime(uint64_t from) {
  for (uint64_t candidate = from | 1;; candidate += 2) {
    uint64_t divisor = 3;
    while (divisor * divisor <= candidate && candidate % divisor != 0) divisor += 2;
    if (divisor * divisor > candidate) return candidate;
  }
}

static uint64_t factor_one(const Number* large, uint64_t index) {
  Number* small = number_from(next_prime(SMALL_FROM + SMALL_STEP * (index % 100)));
  Number* n = product(small, large);
  Number* found = NULL;
  for (uint32_t constant = 1 + (uint32_t)(index / 100) % 1000; found == NULL; constant++) found = rho(n, constant);
  Number* other;
  Number* rest = divide(n, found, &other);
  Number* again = product(found, other);
  if (rest->length != 0 || compare(again, n) != 0) fail("the factors' product is another number");
  const Number* smaller = compare(found, other) < 0 ? found : other;
  if (compare(smaller, small) != 0) fail("the factor is not the prime that went in");
  uint64_t sum = mix(smaller->limbs[0], index);
  give(small);
  give(n);
  give(found);
  give(other);
  give(rest);
  give(again);
  return sum;
}

int main(int argc, char** argv) {
  Arguments arguments = read_single(argc, argv);
  Number* large = ones(LARGE_BITS);
  uint64_t sum = 0;
  double start = seconds_now();
  for (uint64_t i = 0; i < arguments.amount * PRODUCTS_PER_AMOUNT; i++) sum += factor_one(large, i);
  double seconds = seconds_now() - start;
  give(large);
  report_time(operations, seconds);
  report_checked(sum);
}
