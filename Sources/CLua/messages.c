// `cmsgpack`: MessagePack, https://github.com/msgpack/msgpack/blob/master/spec.md
#include "state.h"

#include <limits.h>
#include <string.h>

// Tables nested more deeply are packed as nil.
#define NESTING_MAX 16

// Packing

static void pack_value(lua_State *state, apus_buffer *buffer, int level);

// Appends a type byte and a big-endian number.
static void append_head(apus_buffer *buffer, uint8_t type, uint64_t number, int byte_count) {
  uint8_t bytes[9] = {type};
  for (int i = 0; i < byte_count; i++) bytes[1 + i] = (uint8_t)(number >> 8 * (byte_count - 1 - i));
  apus_buffer_append(buffer, bytes, 1 + (size_t)byte_count);
}

static void pack_integer(apus_buffer *buffer, int64_t number) {
  uint64_t bits = (uint64_t)number;
  if (number >= 0) {
    if (number <= 0x7F) append_head(buffer, (uint8_t)number, 0, 0);
    else if (number <= 0xFF) append_head(buffer, 0xCC, bits, 1);
    else if (number <= 0xFFFF) append_head(buffer, 0xCD, bits, 2);
    else if (number <= 0xFFFFFFFFLL) append_head(buffer, 0xCE, bits, 4);
    else append_head(buffer, 0xCF, bits, 8);
  } else {
    if (number >= -32) append_head(buffer, (uint8_t)number, 0, 0);
    else if (number >= INT8_MIN) append_head(buffer, 0xD0, bits, 1);
    else if (number >= INT16_MIN) append_head(buffer, 0xD1, bits, 2);
    else if (number >= INT32_MIN) append_head(buffer, 0xD2, bits, 4);
    else append_head(buffer, 0xD3, bits, 8);
  }
}

static void pack_number(apus_buffer *buffer, double number) {
  if (number >= -0x1p63 && number < 0x1p63 && (double)(int64_t)number == number) {
    pack_integer(buffer, (int64_t)number);
    return;
  }
  float narrow = (float)number;
  if ((double)narrow == number) {
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    append_head(buffer, 0xCA, bits, 4);
  } else {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    append_head(buffer, 0xCB, bits, 8);
  }
}

static void pack_text(apus_buffer *buffer, const char *text, size_t count) {
  if (count < 32) append_head(buffer, (uint8_t)(0xA0 | count), 0, 0);
  else if (count <= 0xFF) append_head(buffer, 0xD9, count, 1);
  else if (count <= 0xFFFF) append_head(buffer, 0xDA, count, 2);
  else append_head(buffer, 0xDB, count, 4);
  apus_buffer_append(buffer, text, count);
}

static void append_count(apus_buffer *buffer, size_t count, uint8_t small, uint8_t type) {
  if (count <= 15) append_head(buffer, (uint8_t)(small | count), 0, 0);
  else if (count <= 0xFFFF) append_head(buffer, type, count, 2);
  else append_head(buffer, (uint8_t)(type + 1), count, 4);
}

// Counts the pairs of the table on top, and whether its keys are 1 to that number.
static size_t count_pairs(lua_State *state, int *is_array) {
  size_t count = 0;
  double greatest = 0;
  *is_array = 1;
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    lua_pop(state, 1);
    count++;
    double key = lua_type(state, -1) == LUA_TNUMBER ? lua_tonumber(state, -1) : 0;
    if (key < 1 || key > INT_MAX || key != (int)key) *is_array = 0;
    else if (key > greatest) greatest = key;
  }
  if (greatest != (double)count) *is_array = 0;
  return count;
}

static void pack_table(lua_State *state, apus_buffer *buffer, int level) {
  int is_array;
  size_t count = count_pairs(state, &is_array);
  if (is_array) {
    append_count(buffer, count, 0x90, 0xDC);
    for (size_t i = 1; i <= count; i++) {
      lua_rawgeti(state, -1, (int)i);
      pack_value(state, buffer, level + 1);
    }
    return;
  }
  append_count(buffer, count, 0x80, 0xDE);
  lua_pushnil(state);
  while (lua_next(state, -2)) {
    lua_pushvalue(state, -2);
    pack_value(state, buffer, level + 1);
    pack_value(state, buffer, level + 1);
  }
}

// Appends the value on top of the stack and pops it.
static void pack_value(lua_State *state, apus_buffer *buffer, int level) {
  luaL_checkstack(state, 6, "in function mp_encode_lua_type");
  int type = lua_type(state, -1);
  if (type == LUA_TTABLE && (level == NESTING_MAX || buffer->is_full)) type = LUA_TNIL;
  switch (type) {
    case LUA_TSTRING: {
      size_t count;
      const char *text = lua_tolstring(state, -1, &count);
      pack_text(buffer, text, count);
      break;
    }
    case LUA_TBOOLEAN: append_head(buffer, lua_toboolean(state, -1) ? 0xC3 : 0xC2, 0, 0); break;
    case LUA_TNUMBER: pack_number(buffer, lua_tonumber(state, -1)); break;
    case LUA_TTABLE: pack_table(state, buffer, level); break;
    default: append_head(buffer, 0xC0, 0, 0);
  }
  lua_pop(state, 1);
}

static int pack(lua_State *state) {
  int count = lua_gettop(state);
  if (count == 0) return luaL_argerror(state, 0, "MessagePack pack needs input.");
  // The reply buffer is unused while the script runs.
  apus_buffer *buffer = &apus_owner(state)->reply;
  buffer->count = 0;
  for (int i = 1; i <= count; i++) {
    lua_pushvalue(state, i);
    pack_value(state, buffer, 0);
  }
  if (buffer->is_full) {
    buffer->is_full = 0;
    buffer->count = 0;
    return luaL_error(state, "message too large");
  }
  lua_pushlstring(state, (const char *)buffer->bytes, buffer->count);
  buffer->count = 0;
  return 1;
}

// Unpacking

typedef struct {
  const uint8_t *at;
  size_t left;
} cursor;

static void unpack_value(lua_State *state, cursor *cursor);

static const uint8_t *take(lua_State *state, cursor *cursor, size_t count) {
  if (cursor->left < count) luaL_error(state, "Missing bytes in input.");
  const uint8_t *start = cursor->at;
  cursor->at += count;
  cursor->left -= count;
  return start;
}

static uint64_t take_number(lua_State *state, cursor *cursor, size_t byte_count) {
  const uint8_t *bytes = take(state, cursor, byte_count);
  uint64_t number = 0;
  for (size_t i = 0; i < byte_count; i++) number = number << 8 | bytes[i];
  return number;
}

static void push_text(lua_State *state, cursor *cursor, size_t count) {
  lua_pushlstring(state, (const char *)take(state, cursor, count), count);
}

static void push_array(lua_State *state, cursor *cursor, size_t count) {
  luaL_checkstack(state, 2, "in function mp_decode_to_lua_array");
  lua_newtable(state);
  for (size_t i = 1; i <= count; i++) {
    lua_pushnumber(state, (lua_Number)i);
    unpack_value(state, cursor);
    lua_rawset(state, -3);
  }
}

static void push_map(lua_State *state, cursor *cursor, size_t count) {
  luaL_checkstack(state, 3, "in function mp_decode_to_lua_hash");
  lua_newtable(state);
  for (size_t i = 0; i < count; i++) {
    unpack_value(state, cursor);
    unpack_value(state, cursor);
    lua_rawset(state, -3);
  }
}

static void push_float(lua_State *state, cursor *cursor) {
  uint32_t bits = (uint32_t)take_number(state, cursor, 4);
  float number;
  memcpy(&number, &bits, sizeof number);
  lua_pushnumber(state, number);
}

static void push_double(lua_State *state, cursor *cursor) {
  uint64_t bits = take_number(state, cursor, 8);
  double number;
  memcpy(&number, &bits, sizeof number);
  lua_pushnumber(state, number);
}

static void push_small(lua_State *state, cursor *cursor, uint8_t type) {
  if (type < 0x80) lua_pushnumber(state, type);
  else if (type >= 0xE0) lua_pushnumber(state, (int8_t)type);
  else if (type < 0x90) push_map(state, cursor, type & 15);
  else if (type < 0xA0) push_array(state, cursor, type & 15);
  else if (type < 0xC0) push_text(state, cursor, type & 31);
  else luaL_error(state, "Bad data format in input.");
}

static void unpack_value(lua_State *state, cursor *cursor) {
  luaL_checkstack(
      state, 1, "too many return values at once; use unpack_one or unpack_limit instead.");
  uint8_t type = *take(state, cursor, 1);
  switch (type) {
    case 0xC0: lua_pushnil(state); break;
    case 0xC2: lua_pushboolean(state, 0); break;
    case 0xC3: lua_pushboolean(state, 1); break;
    case 0xCA: push_float(state, cursor); break;
    case 0xCB: push_double(state, cursor); break;
    case 0xCC: lua_pushnumber(state, (lua_Number)take_number(state, cursor, 1)); break;
    case 0xCD: lua_pushnumber(state, (lua_Number)take_number(state, cursor, 2)); break;
    case 0xCE: lua_pushnumber(state, (lua_Number)take_number(state, cursor, 4)); break;
    case 0xCF: lua_pushnumber(state, (lua_Number)take_number(state, cursor, 8)); break;
    case 0xD0: lua_pushnumber(state, (int8_t)take_number(state, cursor, 1)); break;
    case 0xD1: lua_pushnumber(state, (int16_t)take_number(state, cursor, 2)); break;
    case 0xD2: lua_pushnumber(state, (int32_t)take_number(state, cursor, 4)); break;
    case 0xD3: lua_pushnumber(state, (lua_Number)(int64_t)take_number(state, cursor, 8)); break;
    case 0xD9: push_text(state, cursor, take_number(state, cursor, 1)); break;
    case 0xDA: push_text(state, cursor, take_number(state, cursor, 2)); break;
    case 0xDB: push_text(state, cursor, take_number(state, cursor, 4)); break;
    case 0xDC: push_array(state, cursor, take_number(state, cursor, 2)); break;
    case 0xDD: push_array(state, cursor, take_number(state, cursor, 4)); break;
    case 0xDE: push_map(state, cursor, take_number(state, cursor, 2)); break;
    case 0xDF: push_map(state, cursor, take_number(state, cursor, 4)); break;
    default: push_small(state, cursor, type);
  }
}

// Unpacks up to `limit` values (0: all) from `offset` on; with a limit, the next offset is the
// first result.
static int unpack_some(lua_State *state, lua_Integer limit, lua_Integer offset, int is_all) {
  size_t count;
  const char *text = luaL_checklstring(state, 1, &count);
  if (offset < 0 || limit < 0)
    return luaL_error(state, "Invalid request to unpack with offset of %d and limit of %d.",
                      (int)offset, (int)count);
  if ((size_t)offset > count)
    return luaL_error(state, "Start offset %d greater than input length %d.", (int)offset,
                      (int)count);
  lua_settop(state, 1);
  cursor cursor = {(const uint8_t *)text + offset, count - (size_t)offset};
  int results = 0;
  for (; cursor.left > 0 && (is_all || results < limit); results++) unpack_value(state, &cursor);
  if (is_all) return results;
  luaL_checkstack(state, 1, "too many return values");
  lua_pushinteger(state, cursor.left == 0 ? -1 : (lua_Integer)(count - cursor.left));
  lua_insert(state, 2);
  return results + 1;
}

static int unpack(lua_State *state) { return unpack_some(state, 0, 0, 1); }

static int unpack_one(lua_State *state) {
  return unpack_some(state, 1, luaL_optinteger(state, 2, 0), 0);
}

static int unpack_limit(lua_State *state) {
  lua_Integer limit = luaL_checkinteger(state, 2);
  return unpack_some(state, limit, luaL_optinteger(state, 3, 0), 0);
}

int apus_open_messages(lua_State *state) {
  static const luaL_Reg functions[] = {{"pack", pack},
                                       {"unpack", unpack},
                                       {"unpack_one", unpack_one},
                                       {"unpack_limit", unpack_limit},
                                       {NULL, NULL}};
  static const char *const texts[][2] = {
      {"_NAME", "cmsgpack"},
      {"_VERSION", "lua-cmsgpack 0.4.0"},
      {"_DESCRIPTION", "MessagePack C implementation for Lua"},
  };
  lua_newtable(state);
  luaL_register(state, NULL, functions);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    lua_pushstring(state, texts[i][1]);
    lua_setfield(state, -2, texts[i][0]);
  }
  return 1;
}
