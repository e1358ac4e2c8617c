// Lua states: memory, compiling and running.
#include "state.h"

#include <stdlib.h>
#include <string.h>

// The number of Lua instructions between two interrupts.
#define INTERRUPT_INSTRUCTIONS 100000
// The longest chunk to compile, in bytes.
#define CHUNK_BYTES_MAX (64u << 20)
// The maximum size of a reply: a table that is referred to twice is written twice.
#define REPLY_BYTES_MAX (512u << 20)
// Buffers larger than this are freed after the script.
#define BUFFER_BYTES_KEPT (1u << 20)

apus_lua *apus_owner(lua_State *state) {
  void *owner;
  lua_getallocf(state, &owner);
  return owner;
}

// Buffers

void apus_buffer_append(apus_buffer *buffer, const void *bytes, size_t count) {
  if (buffer->count + count > buffer->capacity) {
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
    while (capacity < buffer->count + count) capacity *= 2;
    int fits = capacity <= 2 * (size_t)REPLY_BYTES_MAX;
    uint8_t *grown = fits ? realloc(buffer->bytes, capacity) : NULL;
    if (!grown) {
      buffer->is_full = 1;
      return;
    }
    buffer->bytes = grown;
    buffer->capacity = capacity;
  }
  if (count) memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

void apus_buffer_set(apus_buffer *buffer, const void *bytes, size_t count) {
  buffer->count = 0;
  apus_buffer_append(buffer, bytes, count);
}

static void buffer_empty(apus_buffer *buffer) {
  if (buffer->capacity > BUFFER_BYTES_KEPT) {
    free(buffer->bytes);
    buffer->bytes = NULL;
    buffer->capacity = 0;
  }
  buffer->count = 0;
  buffer->is_full = 0;
}

static apus_text buffer_text(const apus_buffer *buffer) {
  return (apus_text){buffer->bytes ? buffer->bytes : (const uint8_t *)"", buffer->count};
}

// Memory

static void *allocate(void *context, void *block, size_t old_count, size_t count) {
  apus_lua *lua = context;
  if (count == 0) {
    free(block);
    lua->bytes -= old_count;
    return NULL;
  }
  if (count > old_count && lua->bytes + (count - old_count) > lua->bytes_max) return NULL;
  void *result = realloc(block, count);
  // Lua assumes that shrinking never fails.
  if (!result) return count <= old_count ? block : NULL;
  lua->bytes += count - old_count;
  return result;
}

size_t apus_lua_bytes(const apus_lua *lua) {
  return lua->bytes + lua->reply.capacity + lua->message.capacity + lua->source.capacity;
}

void apus_lua_limit(apus_lua *lua, size_t bytes_max) { lua->bytes_max = bytes_max; }

static int collect(lua_State *state) {
  lua_gc(state, LUA_GCCOLLECT, 0);
  return 0;
}

void apus_lua_collect(apus_lua *lua) {
  // The collector frees more than the little that it allocates.
  size_t bytes_max = lua->bytes_max;
  lua->bytes_max = SIZE_MAX / 2;
  if (lua_cpcall(lua->state, collect, NULL)) lua_pop(lua->state, 1);
  lua->bytes_max = bytes_max;
}

// Frees the garbage of a script that may have run out of memory: Lua 5.1 does not collect garbage
// when an allocation fails.
static void collect_if_crowded(apus_lua *lua) {
  if (lua->bytes > lua->bytes_max / 2) apus_lua_collect(lua);
}

// Errors

// Turns any error into a table that includes where it was raised.
static int describe_error(lua_State *state) {
  lua_Debug place;
  int is_known = lua_getstack(state, 1, &place);
  if (is_known) lua_getinfo(state, "Sl", &place);
  if (is_known && *place.what == 'C') {
    is_known = lua_getstack(state, 2, &place);
    if (is_known) lua_getinfo(state, "Sl", &place);
  }
  if (!lua_istable(state, 1)) {
    lua_newtable(state);
    lua_pushliteral(state, "err");
    lua_pushliteral(state, "ERR ");
    switch (lua_type(state, 1)) {
      case LUA_TNIL: lua_pushliteral(state, "nil"); break;
      case LUA_TBOOLEAN: lua_pushstring(state, lua_toboolean(state, 1) ? "true" : "false"); break;
      case LUA_TNUMBER:
      case LUA_TSTRING: lua_pushvalue(state, 1); break;
      default:
        if (!luaL_callmeta(state, 1, "__tostring") || !lua_isstring(state, -1))
          lua_pushfstring(state, "%s: %p", luaL_typename(state, 1), lua_topointer(state, 1));
    }
    lua_concat(state, 2);
    lua_rawset(state, -3);
    lua_replace(state, 1);
    lua_settop(state, 1);
  } else if (apus_is_sealed(state, 1)) {
    return 1;
  }
  if (is_known) {
    lua_pushliteral(state, "source");
    lua_pushstring(state, place.source);
    lua_rawset(state, 1);
    lua_pushliteral(state, "line");
    lua_pushnumber(state, place.currentline);
    lua_rawset(state, 1);
  }
  return 1;
}

static const char *raw_string(lua_State *state, const char *name, size_t *count) {
  lua_pushstring(state, name);
  lua_rawget(state, -2);
  const char *text = lua_isstring(state, -1) ? lua_tolstring(state, -1, count) : NULL;
  // The table keeps the text alive.
  lua_pop(state, 1);
  return text;
}

// Records the contents of the error object on top.
static int keep_failure(lua_State *state) {
  apus_lua *lua = apus_owner(state);
  size_t count = 0;
  lua_settop(state, 1);
  lua->source.count = 0;
  if (!lua_istable(state, 1)) {
    const char *text = lua_isstring(state, 1) ? lua_tolstring(state, 1, &count) : NULL;
    apus_buffer_set(&lua->message, "ERR ", 4);
    if (text)
      apus_buffer_append(&lua->message, text, count);
    else
      apus_buffer_append(&lua->message, "unknown error", 13);
    return 0;
  }
  const char *text = raw_string(state, "err", &count);
  if (text)
    apus_buffer_set(&lua->message, text, count);
  else
    apus_buffer_set(&lua->message, "ERR unknown error", 17);
  lua_pushliteral(state, "line");
  lua_rawget(state, 1);
  lua->line = lua_isnumber(state, -1) ? (int)lua_tonumber(state, -1) : 0;
  lua_pop(state, 1);
  text = raw_string(state, "source", &count);
  if (text) apus_buffer_set(&lua->source, text, count);
  return 0;
}

// Records the error on top of the stack and pops it.
static void take_failure(apus_lua *lua, apus_lua_failure *failure) {
  lua_State *state = lua->state;
  lua->line = 0;
  // Not pushed as a new function: nothing may be allocated outside a protected call.
  lua_rawgeti(state, LUA_REGISTRYINDEX, lua->keeper);
  lua_insert(state, -2);
  if (lua_pcall(state, 1, 0, 0)) {
    lua_pop(state, 1);
    apus_buffer_set(&lua->message, "ERR not enough memory", 21);
    lua->source.count = 0;
  }
  failure->message = buffer_text(&lua->message);
  failure->source = buffer_text(&lua->source);
  failure->line = lua->line;
}

// Compiling

static int compile(lua_State *state) {
  const apus_text *chunk = lua_touserdata(state, 1);
  const char *name = lua_touserdata(state, 2);
  if (chunk->count > CHUNK_BYTES_MAX) return luaL_error(state, "script too large");
  if (chunk->count && chunk->bytes[0] == LUA_SIGNATURE[0])
    return luaL_error(state, "precompiled scripts are not allowed");
  // The collector must not run: Lua 5.1's parser does not keep the chunk's name alive.
  lua_gc(state, LUA_GCSTOP, 0);
  int code = luaL_loadbuffer(state, (const char *)chunk->bytes, chunk->count, name);
  lua_gc(state, LUA_GCRESTART, 0);
  if (code) return lua_error(state);
  lua_pushinteger(state, luaL_ref(state, LUA_REGISTRYINDEX));
  return 1;
}

int apus_lua_compile(apus_lua *lua, const apus_text *chunk, const char *name, apus_text *error) {
  lua_State *state = lua->state;
  lua_rawgeti(state, LUA_REGISTRYINDEX, lua->compiler);
  lua_pushlightuserdata(state, (void *)chunk);
  lua_pushlightuserdata(state, (void *)name);
  if (lua_pcall(state, 2, 1, 0) == 0) {
    int function = (int)lua_tointeger(state, -1);
    lua_pop(state, 1);
    return function;
  }
  size_t count = 0;
  const char *text = lua_tolstring(state, -1, &count);
  if (text)
    apus_buffer_set(&lua->message, text, count);
  else
    apus_buffer_set(&lua->message, "not enough memory", 17);
  *error = buffer_text(&lua->message);
  lua_pop(state, 1);
  collect_if_crowded(lua);
  return 0;
}

void apus_lua_forget(apus_lua *lua, int function) {
  luaL_unref(lua->state, LUA_REGISTRYINDEX, function);
}

// Running

static void interrupt(lua_State *state, lua_Debug *record) {
  (void)record;
  apus_lua *lua = apus_owner(state);
  if (!lua->host.interrupt(lua->host.context)) return;
  // From now on, interrupt every instruction, so that the script cannot continue in a pcall.
  lua_sethook(state, interrupt, LUA_MASKCOUNT, 1);
  lua_pushliteral(state, "Script killed by user with SCRIPT KILL.");
  lua_error(state);
}

static void push_words(lua_State *state, const apus_text *words, size_t count) {
  lua_createtable(state, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushlstring(state, (const char *)words[i].bytes, words[i].count);
    lua_rawseti(state, -2, (int)i + 1);
  }
}

static int run(lua_State *state) {
  const apus_lua_call *call = lua_touserdata(state, 1);
  apus_lua *lua = apus_owner(state);
  lua_settop(state, 0);
  lua_pushcfunction(state, describe_error);
  int is_passed = call->passes_words;
  if (!is_passed) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, lua->globals);
    lua_pushliteral(state, "KEYS");
    push_words(state, call->words, call->key_count);
    lua_rawset(state, -3);
    lua_pushliteral(state, "ARGV");
    push_words(state, call->words + call->key_count, call->rest_count);
    lua_rawset(state, -3);
    lua_pop(state, 1);
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, call->function);
  if (is_passed) {
    push_words(state, call->words, call->key_count);
    push_words(state, call->words + call->key_count, call->rest_count);
  }
  if (lua_pcall(state, is_passed ? 2 : 0, 1, 1)) return lua_error(state);
  // The script has finished.
  lua_sethook(state, NULL, 0, 0);
  apus_write_reply(state, lua);
  if (lua->reply.is_full || lua->reply.count > REPLY_BYTES_MAX) {
    buffer_empty(&lua->reply);
    apus_push_error(state, "the reply of the script is too large", 36);
    return lua_error(state);
  }
  return 0;
}

// Calls a function in the registry with a pointer, with interrupts enabled.
static int protect(apus_lua *lua, int function, const void *argument, apus_lua_failure *failure) {
  lua_State *state = lua->state;
  lua_rawgeti(state, LUA_REGISTRYINDEX, function);
  lua_pushlightuserdata(state, (void *)argument);
  lua_sethook(state, interrupt, LUA_MASKCOUNT, INTERRUPT_INSTRUCTIONS);
  int code = lua_pcall(state, 1, 0, 0);
  lua_sethook(state, NULL, 0, 0);
  if (code == 0) return 1;
  take_failure(lua, failure);
  collect_if_crowded(lua);
  return 0;
}

int apus_lua_run(apus_lua *lua, const apus_lua_call *call, apus_text *reply,
                 apus_lua_failure *failure) {
  lua->resp = 2;
  lua->replication = REPLICATION_ALL;
  lua->client_resp = call->resp;
  apus_seed_random(lua, 0);
  buffer_empty(&lua->reply);
  if (!protect(lua, lua->runner, call, failure)) return 0;
  *reply = buffer_text(&lua->reply);
  return 1;
}

static int load_library(lua_State *state) {
  const int *function = lua_touserdata(state, 1);
  lua_settop(state, 0);
  lua_pushcfunction(state, describe_error);
  lua_rawgeti(state, LUA_REGISTRYINDEX, *function);
  apus_owner(state)->is_loading = 1;
  int code = lua_pcall(state, 0, 0, 1);
  apus_owner(state)->is_loading = 0;
  return code ? lua_error(state) : 0;
}

int apus_lua_load_library(apus_lua *lua, int function, apus_lua_failure *failure) {
  lua->resp = 2;
  lua->replication = REPLICATION_ALL;
  return protect(lua, lua->loader, &function, failure);
}

// Creating

static int set_up(lua_State *state) {
  apus_lua *lua = apus_owner(state);
  apus_open_sandbox(state);
  lua_pushcfunction(state, run);
  lua->runner = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushcfunction(state, compile);
  lua->compiler = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushcfunction(state, load_library);
  lua->loader = luaL_ref(state, LUA_REGISTRYINDEX);
  lua_pushcfunction(state, keep_failure);
  lua->keeper = luaL_ref(state, LUA_REGISTRYINDEX);
  // Create the list of free references now, so that luaL_unref never allocates.
  lua_pushboolean(state, 1);
  luaL_unref(state, LUA_REGISTRYINDEX, luaL_ref(state, LUA_REGISTRYINDEX));
  return 0;
}

apus_lua *apus_lua_create(const apus_lua_host *host, size_t bytes_max) {
  apus_lua *lua = calloc(1, sizeof *lua);
  if (!lua) return NULL;
  lua->host = *host;
  lua->bytes_max = SIZE_MAX / 2;
  lua->state = lua_newstate(allocate, lua);
  if (!lua->state || lua_cpcall(lua->state, set_up, NULL)) {
    apus_lua_destroy(lua);
    return NULL;
  }
  lua->bytes_max = bytes_max;
  return lua;
}

void apus_lua_destroy(apus_lua *lua) {
  if (lua->state) lua_close(lua->state);
  free(lua->reply.bytes);
  free(lua->message.bytes);
  free(lua->source.bytes);
  free(lua);
}
