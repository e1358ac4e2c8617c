#include "CSupport.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static uint64_t popcount_words(const uint8_t *p, size_t count) {
  uint64_t total = 0, last = 0;
  for (; count >= 8; p += 8, count -= 8) total += (uint64_t)__builtin_popcountll(apus_load64(p));
  memcpy(&last, p, count);
  return total + (uint64_t)__builtin_popcountll(last);
}

#if defined(__x86_64__)
// Sums of nibbles, looked up 32 bytes at a time. Source: W. Muła, N. Kurz, D. Lemire, "Faster
// Population Counts Using AVX2 Instructions", 2018.
__attribute__((target("avx2"))) static uint64_t popcount_avx2(const uint8_t *p, size_t count) {
  const __m256i low = _mm256_set1_epi8(15), none = _mm256_setzero_si256();
  const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1,
                                        2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  __m256i total = none;
  while (count >= 32) {
    // A byte's sum grows by at most 8 per step and can hold 255.
    size_t steps = count / 32 < 31 ? count / 32 : 31;
    __m256i sums = none;
    for (size_t i = 0; i < steps; i++, p += 32) {
      __m256i bytes = _mm256_loadu_si256((const __m256i *)p);
      __m256i lower = _mm256_shuffle_epi8(ones, _mm256_and_si256(bytes, low));
      __m256i upper =
          _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low));
      sums = _mm256_add_epi8(sums, _mm256_add_epi8(lower, upper));
    }
    total = _mm256_add_epi64(total, _mm256_sad_epu8(sums, none));
    count -= steps * 32;
  }
  uint64_t parts[4];
  _mm256_storeu_si256((__m256i *)parts, total);
  return parts[0] + parts[1] + parts[2] + parts[3] + popcount_words(p, count);
}
#endif

uint64_t apus_popcount(const void *bytes, size_t count) {
#if defined(__x86_64__)
  if (count >= 64 && __builtin_cpu_supports("avx2")) return popcount_avx2(bytes, count);
#endif
  return popcount_words(bytes, count);
}
