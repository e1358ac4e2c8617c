// The few things Swift cannot say itself: SIMD compares, prefetch, a keyed hash, relaxed loads.
#pragma once
