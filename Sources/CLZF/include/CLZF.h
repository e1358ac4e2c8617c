// LZF from Debian's liblzf-dev, and working memory.
#pragma once
#include <liblzf/lzf.h>
#include <stddef.h>

// Returns a thread-local buffer of at least `byte_count` bytes, valid until the next call with the
// same `number` (0 or 1); NULL if there is no memory.
void *_Nullable apus_room(int number, size_t byte_count);
