// The bridge between Swift and Lua 5.1.
//
// Lua raises errors with longjmp, which must not cross Swift frames. Everything that may raise is
// therefore C: Swift calls functions that never raise, and Swift functions that Lua calls return
// before an error is raised here.
//
//   Swift ─ apus_lua_run ─▶ pcall ─▶ script ─▶ redis.call ─▶ host.call (Swift)
//                             ▲                     │ its reply becomes a Lua value,
//                             └───── longjmp ───────┘ or is raised
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// A run of bytes, with the layout of Swift's Bytes.
typedef struct {
  const uint8_t *bytes;
  size_t count;
} apus_text;

// What the server provides to scripts. The functions must not raise Lua errors.
typedef struct {
  void *context;
  // The version of Redis that the server is compatible with; lives as long as the process.
  const char *version;
  int version_number;
  // Runs a command. `replication` has the bits of redis.set_repl. The reply is in RESP, and valid
  // until the next call to the host.
  void (*call)(void *context, const apus_text *words, size_t count, int resp, int replication,
               apus_text *reply);
  // Whether the user may run a command: 1, 0, or -1 if there is no such command.
  int (*may_run)(void *context, const apus_text *words, size_t count);
  // Writes the SHA-1 of bytes as 40 hexadecimal digits.
  void (*sha1)(const uint8_t *bytes, size_t count, char *digits);
  // Writes a line to the log, at a level of redis.log.
  void (*log)(void *context, int level, const uint8_t *bytes, size_t count);
  // Writes the shortest text that reads back as the same number; at most 32 bytes.
  size_t (*write_number)(double number, char *text);
  // Called periodically while a script runs; returning nonzero aborts the script.
  int (*interrupt)(void *context);
  // Registers a function of the library being loaded; sets `error`, which is empty on success.
  void (*register_function)(void *context, const apus_text *name, const apus_text *description,
                            const apus_text *flags, size_t flag_count, int function,
                            apus_text *error);
} apus_lua_host;

// A Lua state with everything that scripts may use; only one thread uses it at a time.
typedef struct apus_lua apus_lua;

// Why a script ended early.
typedef struct {
  // The text, starting with the error's code.
  apus_text message;
  // Where it was raised; empty if unknown.
  apus_text source;
  int line;
} apus_lua_failure;

// Creates a state of at most `bytes_max` bytes; null if memory is exhausted.
apus_lua *_Nullable apus_lua_create(const apus_lua_host *host, size_t bytes_max);
void apus_lua_destroy(apus_lua *lua);

// The memory that a state uses, in bytes.
size_t apus_lua_bytes(const apus_lua *lua);

// Limits the memory that a state may use.
void apus_lua_limit(apus_lua *lua, size_t bytes_max);

// Compiles a chunk called `name`; returns a reference to the function, or 0 and an error text.
int apus_lua_compile(apus_lua *lua, const apus_text *chunk, const char *name, apus_text *error);

// Runs a chunk that registers functions; returns 1, or 0 and why it failed.
int apus_lua_load_library(apus_lua *lua, int function, apus_lua_failure *failure);

// Releases a reference to a function.
void apus_lua_forget(apus_lua *lua, int function);

// How a script is called.
typedef struct {
  int function;
  // Whether the words are passed as parameters rather than as the globals KEYS and ARGV.
  int passes_words;
  // The client's protocol version, 2 or 3.
  int resp;
  const apus_text *words;
  size_t key_count;
  // The number of words after the keys.
  size_t rest_count;
} apus_lua_call;

// Runs a script; returns 1 and its reply in the client's protocol, or 0 and why it failed.
// Both are valid until the next call.
int apus_lua_run(apus_lua *lua, const apus_lua_call *call, apus_text *reply,
                 apus_lua_failure *failure);

// Collects all garbage.
void apus_lua_collect(apus_lua *lua);

#pragma clang assume_nonnull end
