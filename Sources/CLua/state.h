// Declarations shared by the bridge's files.
#pragma once
#include "CLua.h"

#include <lua5.1/lauxlib.h>
#include <lua5.1/lua.h>
#include <lua5.1/lualib.h>

// A growing buffer outside Lua's memory.
typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  int is_full;
} apus_buffer;

// The bits of redis.set_repl.
enum { REPLICATION_NONE = 0, REPLICATION_LOG = 1, REPLICATION_REPLICAS = 2, REPLICATION_ALL = 3 };

struct apus_lua {
  lua_State *state;
  apus_lua_host host;
  size_t bytes, bytes_max;
  // References to functions and tables in the registry.
  int runner, compiler, loader, keeper, globals;
  // The protocol version of the replies that the script gets, and its client's.
  int resp, client_resp;
  // Where the effects of commands go: the bits of redis.set_repl.
  int replication;
  int is_loading;
  // The state of math.random: 48 bits.
  uint64_t random;
  apus_buffer reply;
  // The text and origin of the last error.
  apus_buffer message, source;
  int line;
};

// The owner of a state, found from any of its coroutines.
apus_lua *apus_owner(lua_State *state);

void apus_buffer_append(apus_buffer *buffer, const void *bytes, size_t count);
void apus_buffer_set(apus_buffer *buffer, const void *bytes, size_t count);

// sandbox.c
void apus_open_sandbox(lua_State *state);
// Whether the value at `index` is a sealed table, which scripts must not change.
int apus_is_sealed(lua_State *state, int index);
// Replaces the table on top of the stack with a read-only view of it.
void apus_seal(lua_State *state);
void apus_seed_random(apus_lua *lua, uint32_t seed);

// api.c: the functions of `redis`; leaves the table on the stack.
void apus_push_api(lua_State *state);

// replies.c
void apus_push_reply(lua_State *state, const apus_text *reply);
void apus_write_reply(lua_State *state, apus_lua *lua);
// Pushes an error object with a message; if it starts with '-', it has a code.
void apus_push_error(lua_State *state, const char *message, size_t count);

// structs.c and messages.c
int apus_open_struct(lua_State *state);
int apus_open_messages(lua_State *state);

#define APUS_READ_ONLY "Attempt to modify a readonly table"
