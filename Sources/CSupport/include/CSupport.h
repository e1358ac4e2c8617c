// The few things that Swift cannot express: SIMD comparison of tags, prefetching, atomic words in
// raw memory, a keyed hash with 128-bit products, bit counting with the processor's instructions,
// long double arithmetic, and system calls with unusual signatures.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Bit i is set where tags[i] == tag, i in 0..<12. Reads 16 bytes.
static inline uint32_t apus_match12(const void *_Nonnull tags, uint8_t tag) {
#if defined(__x86_64__)
  __m128i line = _mm_loadu_si128((const __m128i *)tags);
  __m128i same = _mm_cmpeq_epi8(line, _mm_set1_epi8((char)tag));
  return (uint32_t)_mm_movemask_epi8(same) & 0xFFFu;
#elif defined(__aarch64__)
  static const uint8_t weight[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 0, 0, 0, 0};
  uint8x16_t same = vceqq_u8(vld1q_u8((const uint8_t *)tags), vdupq_n_u8(tag));
  uint8x16_t bits = vandq_u8(same, vld1q_u8(weight));
  return (uint32_t)vaddv_u8(vget_low_u8(bits)) | ((uint32_t)vaddv_u8(vget_high_u8(bits)) << 8);
#else
  uint32_t mask = 0;
  for (int i = 0; i < 12; i++) mask |= (uint32_t)(((const uint8_t *)tags)[i] == tag) << i;
  return mask;
#endif
}

static inline void apus_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 3);
}

static inline void apus_prefetch_to_write(const void *_Nonnull address) {
  __builtin_prefetch(address, 1, 3);
}

// --- looking without a lock -----------------------------------------------------------------
// Whether the code was built with ThreadSanitizer, which would report these reads as races.
bool apus_sees_races(void);

static inline uint32_t apus_look32(uintptr_t address) {
  return __atomic_load_n((const uint32_t *)address, __ATOMIC_RELAXED);
}

// The bucket for a hash in a table (`EntryTable`: directory at 8, number of buckets at 12) in a
// region of `capacity` readable bytes at `base`; 0 if there is none. Another thread may be changing
// the table: every address is checked before it is read from. Sets `record` to the directory's
// record of the bucket, and `index` to the bucket's number.
static inline uintptr_t apus_look_at_table(const void *_Nonnull table, uintptr_t base,
                                           uint64_t capacity, uint64_t hash,
                                           uintptr_t *_Nonnull record, uint32_t *_Nonnull index) {
  uintptr_t fields = (uintptr_t)table;
  uint64_t directory = apus_look32(fields + 8);
  uint32_t count = apus_look32(fields + 12);
  if (directory == 0 || count == 0) return 0;
  uint32_t level = 31u - (uint32_t)__builtin_clz(count);
  uint32_t number = (uint32_t)hash & (uint32_t)((2ull << level) - 1);
  if (number >= count) number &= (1u << level) - 1;
  uint64_t place = (directory << 3) + ((uint64_t)(number >> 6) << 4);
  if (place + 16 > capacity) return 0;
  *record = base + place;
  *index = number;
  uint64_t bucket = ((uint64_t)apus_look32(*record) << 3) + ((uint64_t)(number & 63) << 6);
  return bucket + 64 > capacity ? 0 : base + bucket;
}

// Prefetches the bucket for a hash.
static inline void apus_look_for_bucket(const void *_Nonnull table, uintptr_t base,
                                        uint64_t capacity, uint64_t hash) {
  uintptr_t record;
  uint32_t index;
  __builtin_prefetch(
      (const void *)apus_look_at_table(table, base, capacity, hash, &record, &index), 0, 3);
}

// Prefetches the entry that most likely has a hash, and its stamp.
static inline void apus_look_for_entry(const void *_Nonnull table, uintptr_t base,
                                       uint64_t capacity, uint64_t hash, uint8_t tag) {
  uintptr_t record;
  uint32_t index;
  uintptr_t bucket = apus_look_at_table(table, base, capacity, hash, &record, &index);
  if (bucket == 0) return;
  uint32_t matches = apus_match12((const void *)bucket, tag);
  if (matches == 0) return;
  uint32_t slot = (uint32_t)__builtin_ctz(matches);
  uintptr_t entry = base + ((uintptr_t)apus_look32(bucket + 16 + slot * 4) << 3);
  uintptr_t stamps = base + ((uintptr_t)apus_look32(record + 12) << 3);
  __builtin_prefetch((const void *)entry, 0, 3);
  __builtin_prefetch((const void *)(entry + 56), 0, 3);
  __builtin_prefetch((const void *)(stamps + ((index & 63) * 12 + slot) * 2), 0, 3);
}

// --- hash -----------------------------------------------------------------------------------
// Folded 64x64->128 multiplications, keyed by two secret words chosen at startup. Two blocks of 8
// bytes per step; the length enters the last fold.
static inline uint64_t apus_fold(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}
static inline uint64_t apus_load64(const uint8_t *_Nonnull p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
static inline uint64_t apus_load32(const uint8_t *_Nonnull p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static inline uint64_t apus_hash(const uint8_t *_Nonnull p, size_t n, uint64_t k0, uint64_t k1) {
  uint64_t state = k0, a, b;
  size_t left = n;
  while (left > 16) {
    state = apus_fold(apus_load64(p) ^ k1, apus_load64(p + 8) ^ state);
    p += 16;
    left -= 16;
  }
  if (left >= 8) {
    a = apus_load64(p);
    b = apus_load64(p + left - 8);
  } else if (left >= 4) {
    a = apus_load32(p);
    b = apus_load32(p + left - 4);
  } else if (left > 0) {
    a = ((uint64_t)p[0] << 16) | ((uint64_t)p[left >> 1] << 8) | p[left - 1];
    b = 0;
  } else {
    a = b = 0;
  }
  state = apus_fold(a ^ k1, b ^ state);
  return apus_fold(state ^ 0x9E3779B97F4A7C15ull, k1 ^ (uint64_t)n);
}

// --- atomic words in raw memory -------------------------------------------------------------
static inline bool apus_lock_try(uint32_t *_Nonnull word) {
  return __atomic_exchange_n(word, 1u, __ATOMIC_ACQUIRE) == 0;
}
static inline uint32_t apus_lock_peek(const uint32_t *_Nonnull word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline void apus_lock_release(uint32_t *_Nonnull word) {
  __atomic_store_n(word, 0u, __ATOMIC_RELEASE);
}
static inline void apus_word_store(uint32_t *_Nonnull word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
static inline uint32_t apus_word_load(const uint32_t *_Nonnull word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline void apus_long_store(int64_t *_Nonnull word, int64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
static inline int64_t apus_long_load(const int64_t *_Nonnull word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
static inline void apus_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}
static inline uint32_t apus_load_acquire(const void *_Nonnull word) {
  return __atomic_load_n((const uint32_t *)word, __ATOMIC_ACQUIRE);
}
static inline void apus_store_release(void *_Nonnull word, uint32_t value) {
  __atomic_store_n((uint32_t *)word, value, __ATOMIC_RELEASE);
}
static inline void apus_store_release16(void *_Nonnull word, uint16_t value) {
  __atomic_store_n((uint16_t *)word, value, __ATOMIC_RELEASE);
}
static inline uint32_t apus_count_up(uint32_t *_Nonnull word) {
  return __atomic_add_fetch(word, 1u, __ATOMIC_RELAXED);
}
static inline uint32_t apus_count_down(uint32_t *_Nonnull word) {
  return __atomic_sub_fetch(word, 1u, __ATOMIC_ACQ_REL);
}
static inline uint32_t apus_count_read(const uint32_t *_Nonnull word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

// Makes the system commit memory for the page at `address`, even if others write there at the same
// time.
static inline void apus_touch(void *_Nonnull address) {
  uint8_t zero = 0;
  __atomic_compare_exchange_n((uint8_t *)address, &zero, 0, false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
}

// --- ordered tree ---------------------------------------------------------------------------
typedef uint16_t apus_u16x8 __attribute__((vector_size(16), aligned(2)));
typedef double apus_f64x2 __attribute__((vector_size(16), aligned(8)));
typedef int64_t apus_i64x2 __attribute__((vector_size(16)));

// How many of the 80 sorted words at `words` are below `bound`. Reads 160 bytes.
static inline size_t apus_count_below80(const void *_Nonnull words, uint16_t bound) {
  const apus_u16x8 *line = (const apus_u16x8 *)words;
  apus_u16x8 sum = {0}, limit = {bound, bound, bound, bound, bound, bound, bound, bound};
  for (int i = 0; i < 10; i++) sum -= (apus_u16x8)(line[i] < limit);
  size_t total = 0;
  for (int i = 0; i < 8; i++) total += sum[i];
  return total;
}
// How many of the first `count` doubles are below `bound`, and how many are at most `bound`.
static inline void apus_count_doubles(const void *_Nonnull doubles, size_t count, double bound,
                                      size_t *_Nonnull below, size_t *_Nonnull upTo) {
  const apus_f64x2 *line = (const apus_f64x2 *)doubles;
  apus_f64x2 limit = {bound, bound};
  apus_i64x2 less = {0}, lessOrEqual = {0};
  size_t i = 0;
  for (; i + 2 <= count; i += 2, line++) {
    less -= (apus_i64x2)(*line < limit);
    lessOrEqual -= (apus_i64x2)(*line <= limit);
  }
  *below = (size_t)(less[0] + less[1]);
  *upTo = (size_t)(lessOrEqual[0] + lessOrEqual[1]);
  if (i < count) {
    double last = ((const double *)doubles)[i];
    *below += last < bound;
    *upTo += last <= bound;
  }
}
// The sum of `count` words.
static inline uint64_t apus_sum32(const void *_Nonnull words, size_t count) {
  const uint8_t *p = (const uint8_t *)words;
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += apus_load32(p + i * 4);
  return sum;
}
// The index of `value` among words `from` up to `to`; `to` if it is not there.
static inline size_t apus_find32(const void *_Nonnull words, size_t from, size_t to,
                                 uint32_t value) {
  const uint8_t *p = (const uint8_t *)words;
  for (size_t i = from; i < to; i++)
    if ((uint32_t)apus_load32(p + i * 4) == value) return i;
  return to;
}

// --- bits -----------------------------------------------------------------------------------
// The number of bits set in `count` bytes.
uint64_t apus_popcount(const void *_Nonnull bytes, size_t count);

// --- long double ----------------------------------------------------------------------------
// `a + b`, where both are decimal text of at most 5,119 bytes. The sum is written as Redis writes a
// long double for people (%.17Lf without trailing zeros). Returns its length (at most 5,200), or
// -1: a is not a number, -2: b is not a number, -3: the sum is infinite or NaN.
int apus_long_double_sum(const char *_Nonnull a, size_t a_count, const char *_Nonnull b,
                         size_t b_count, char *_Nonnull out, size_t out_capacity);
// A long double, opaque to Swift, which does not have this type on every processor.
typedef struct {
  uint64_t words[2];
} apus_wide;
// Parses decimal text as above into `out`; false if it is not a number.
bool apus_wide_parse(const char *_Nonnull text, size_t count, apus_wide *_Nonnull out);
apus_wide apus_wide_add(apus_wide a, apus_wide b);
apus_wide apus_wide_subtract(apus_wide a, apus_wide b);
bool apus_wide_less(apus_wide a, apus_wide b);
bool apus_wide_finite(apus_wide a);
// The largest finite long double.
apus_wide apus_wide_max(void);
// Writes `a`, which is finite, as above; returns the length, at most 5,200.
int apus_wide_write(apus_wide a, char *_Nonnull out, size_t out_capacity);
// `strtod` over exactly `count` bytes, no leading space, all consumed; false otherwise.
bool apus_parse_double(const char *_Nonnull text, size_t count, double *_Nonnull out);
// As apus_parse_double, but numbers too large become infinite and numbers too small become zero.
bool apus_parse_double_in_any_range(const char *_Nonnull text, size_t count, double *_Nonnull out);
// "%f" with the given number of decimals; returns the length.
int apus_format_fixed(double value, int digits, char *_Nonnull out, size_t capacity);
// "%.17g"; returns the length.
int apus_format_double17(double value, char *_Nonnull out, size_t capacity);

// --- system ---------------------------------------------------------------------------------
// Replaces this process by the program `path` with `arguments`, which end with NULL. Only the
// standard streams stay open, and no signal is blocked. Returns only on failure.
void apus_execute(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments);
// open(2) with a mode, which Swift cannot call (variadic).
int apus_open(const char *_Nonnull path, int flags, unsigned mode);
// epoll_create1, eventfd and accept4, all close-on-exec and the latter two non-blocking.
int apus_epoll_create(void);
// epoll_pwait2 with the time as a single number.
int apus_epoll_wait(int set, struct epoll_event *_Nonnull events, int most, int64_t nanoseconds);
int apus_eventfd(void);
int apus_accept(int listening);
// io_uring_setup, io_uring_enter and io_uring_register, which have no wrappers in the C library;
// all return -1 and set errno on failure.
int apus_ring_setup(unsigned entries, void *_Nonnull parameters);
int apus_ring_enter(int ring, unsigned submitted, unsigned wanted, unsigned flags,
                    const void *_Nullable argument, size_t argument_size);
int apus_ring_register(int ring, unsigned operation, void *_Nullable argument, unsigned count);
// fcntl(fd, F_SETFL, flags | O_NONBLOCK).
int apus_set_nonblocking(int fd);
// Limits the timer slack of the calling thread to `nanoseconds` (the default is 50 µs); prctl is
// variadic.
int apus_set_timer_slack(unsigned long nanoseconds);
// Sets what process listings show instead of the command line, truncated to the memory that held
// the command line and the environment. The first call moves the environment elsewhere.
void apus_set_title(const char *_Nonnull title);

// Returns memory that the allocator holds free to the system.
void apus_give_back(void);
// Makes the allocator keep little at the end of each thread's memory, which `apus_give_back` does
// not reach, and take large blocks from the system; glibc would raise both limits as blocks are
// freed.
void apus_tune_allocator(void);

// Whether the allocator can provide `byte_count` bytes now, from its own memory or the system's.
bool apus_can_allocate(size_t byte_count);

// CRC16 in the XMODEM variant (polynomial 0x1021, starting with 0).
uint16_t apus_crc16(const void *_Nonnull bytes, size_t count);

// Reports in the log and on standard error that the system refused `byte_count` bytes, and exits
// with 1.
_Noreturn void apus_out_of_memory(size_t byte_count);

// --- cycles ---------------------------------------------------------------------------------
// A counter with a constant rate, for durations; its users calibrate it against a clock.
static inline uint64_t apus_cycles(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t value;
  __asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#endif
}

// The counter's minimum progress per millisecond; a round figure if the system does not tell.
static inline uint64_t apus_cycles_per_millisecond(void) {
#if defined(__aarch64__)
  uint64_t frequency;
  __asm__ __volatile__("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency / 1000;
#else
  return 2000000;
#endif
}
