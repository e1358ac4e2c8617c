// xxHash, inlined into its callers, so that the server does not depend on a shared library.
#pragma once
#define XXH_INLINE_ALL
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

// Wraps XXH3_64bits, which XXH_INLINE_ALL makes a macro that Swift cannot see.
static inline uint64_t apus_xxh3(const void *_Nonnull bytes, size_t byte_count) {
  return XXH3_64bits(bytes, byte_count);
}
