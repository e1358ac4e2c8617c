// HyperLogLog registers of 6 bits, sixteen at a time, and the hash that selects them.
//
//   packed   byte 0   1        2         12 bytes hold 16 registers, low bits first
//            ┌──────┬────────┬────────┬─
//            │aaaaaa bb│bbbb cccc│cc dddddd│…
//   spread   one byte per register
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t apus_u64x2 __attribute__((vector_size(16)));
typedef uint8_t apus_u8x16 __attribute__((vector_size(16)));

// Unpacks sixteen registers from the 12 bytes at `packed`, a byte each; every step halves the
// lanes.
static inline apus_u64x2 apus_spread16(const uint8_t *_Nonnull packed) {
  uint64_t low, high;
  memcpy(&low, packed, 8);
  memcpy(&high, packed + 4, 8);
  apus_u64x2 x = {low & 0xFFFFFFFFFFFFull, high >> 16};
  x = (x & 0x0000000000FFFFFFull) | ((x & 0x0000FFFFFF000000ull) << 8);
  x = (x & 0x00000FFF00000FFFull) | ((x & 0x00FFF00000FFF000ull) << 4);
  return (x & 0x003F003F003F003Full) | ((x & 0x0FC00FC00FC00FC0ull) << 2);
}

// Raises each of the `count` registers at `spread`, a multiple of 16, to at least that at `packed`.
static inline void apus_raise_registers(uint8_t *_Nonnull spread, const uint8_t *_Nonnull packed,
                                        size_t count) {
  for (size_t i = 0; i < count; i += 16, packed += 12) {
    apus_u8x16 held, given = (apus_u8x16)apus_spread16(packed);
    memcpy(&held, spread + i, 16);
    held = __builtin_elementwise_max(held, given);
    memcpy(spread + i, &held, 16);
  }
}

// Packs the `count` registers at `spread`, a multiple of 16, into the bytes at `packed`.
static inline void apus_pack_registers(uint8_t *_Nonnull packed, const uint8_t *_Nonnull spread,
                                       size_t count) {
  for (size_t i = 0; i < count; i += 16, packed += 12) {
    apus_u64x2 x;
    memcpy(&x, spread + i, 16);
    x = (x & 0x003F003F003F003Full) | ((x & 0x3F003F003F003F00ull) >> 2);
    x = (x & 0x00000FFF00000FFFull) | ((x & 0x0FFF00000FFF0000ull) >> 4);
    x = (x & 0x0000000000FFFFFFull) | ((x & 0x00FFFFFF00000000ull) >> 8);
    uint64_t low = x[0] | x[1] << 48;
    uint32_t high = (uint32_t)(x[1] >> 16);
    memcpy(packed, &low, 8);
    memcpy(packed + 8, &high, 4);
  }
}

// Counts the eight registers of a word. Adjacent registers use separate tables, as equal ones in a
// row would have to wait for each other.
static inline void apus_count8(uint64_t word, uint32_t (*_Nonnull tables)[64]) {
  for (int i = 0; i < 8; i++, word >>= 8) tables[i & 3][word & 63]++;
}
static inline void apus_add_tables(uint32_t (*_Nonnull tables)[64], uint32_t *_Nonnull histogram) {
  for (int i = 0; i < 64; i++)
    histogram[i] += tables[0][i] + tables[1][i] + tables[2][i] + tables[3][i];
}

// Adds to each of the 64 counters how many of the `count` registers, a multiple of 16, have its
// value: spread registers first, packed ones below.
static inline void apus_count_spread(const uint8_t *_Nonnull spread, size_t count,
                                     uint32_t *_Nonnull histogram) {
  uint32_t tables[4][64] = {{0}};
  for (size_t i = 0; i < count; i += 8) {
    uint64_t word;
    memcpy(&word, spread + i, 8);
    if (word == 0) tables[0][0] += 8;
    else apus_count8(word, tables);
  }
  apus_add_tables(tables, histogram);
}
static inline void apus_count_packed(const uint8_t *_Nonnull packed, size_t count,
                                     uint32_t *_Nonnull histogram) {
  uint32_t tables[4][64] = {{0}};
  for (size_t i = 0; i < count; i += 16, packed += 12) {
    apus_u64x2 words = apus_spread16(packed);
    apus_count8(words[0], tables);
    apus_count8(words[1], tables);
  }
  apus_add_tables(tables, histogram);
}

// MurmurHash64A by Austin Appleby (public domain), with the same results on machines of either byte
// order.
static inline uint64_t apus_murmur64a(const uint8_t *_Nonnull p, size_t n, uint64_t seed) {
  const uint64_t multiplier = 0xC6A4A7935BD1E995ull;
  uint64_t hash = seed ^ (n * multiplier);
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    word *= multiplier;
    word ^= word >> 47;
    hash = (hash ^ word * multiplier) * multiplier;
  }
  if (n > 0) {
    uint64_t rest = 0;
    for (size_t i = 0; i < n; i++) rest |= (uint64_t)p[i] << (8 * i);
    hash = (hash ^ rest) * multiplier;
  }
  hash = (hash ^ hash >> 47) * multiplier;
  return hash ^ hash >> 47;
}
