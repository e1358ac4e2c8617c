// xxHash, compiled into its caller as its header offers, so that the server needs no shared
// library of it.
#pragma once
#define XXH_INLINE_ALL
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

// XXH3_64bits, whose name XXH_INLINE_ALL makes a macro, which Swift does not see.
static inline uint64_t apus_xxh3(const void *_Nonnull bytes, size_t byte_count) {
  return XXH3_64bits(bytes, byte_count);
}
