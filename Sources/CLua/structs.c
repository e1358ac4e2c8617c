// `struct`: packs numbers and strings as C structures hold them.
//
//   > <    big, little endian                     b B h H l L T iN IN    integers
//   !N     align to N bytes at most               f d                    floating-point numbers
//   x      a byte of padding                      s                      text up to a zero byte
//   cN     N bytes; c0: as many as the number before says
#include "state.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define INTEGER_BYTES_MAX 32
#define ALIGNMENT_USUAL 8

typedef struct {
  lua_State *state;
  const char *at;
  int is_big, alignment;
} layout;

typedef struct {
  int option;
  size_t size, padding;
} item;

static int read_size(layout *layout, int usual) {
  if (!isdigit((unsigned char)*layout->at)) return usual;
  int size = 0;
  while (isdigit((unsigned char)*layout->at)) {
    int digit = *layout->at++ - '0';
    if (size > (INT_MAX - digit) / 10) luaL_error(layout->state, "integral size overflow");
    size = size * 10 + digit;
  }
  return size;
}

static size_t size_of(layout *layout, int option) {
  switch (option) {
    case 'b': case 'B': case 'x': return 1;
    case 'h': case 'H': return sizeof(short);
    case 'l': case 'L': return sizeof(long);
    case 'T': return sizeof(size_t);
    case 'f': return sizeof(float);
    case 'd': return sizeof(double);
    case 'c': return (size_t)read_size(layout, 1);
    case 'i': case 'I': {
      int size = read_size(layout, sizeof(int));
      if (size > INTEGER_BYTES_MAX)
        luaL_error(layout->state, "integral size %d is larger than limit of %d", size,
                   INTEGER_BYTES_MAX);
      return (size_t)size;
    }
    default: return 0;
  }
}

// The next item of the format, at `position`; 0 at its end.
static int next_item(layout *layout, size_t position, item *item) {
  if (!*layout->at) return 0;
  item->option = *layout->at++;
  item->size = size_of(layout, item->option);
  size_t unit = item->size;
  if (unit > (size_t)layout->alignment) unit = (size_t)layout->alignment;
  item->padding =
      unit == 0 || item->option == 'c' ? 0 : (unit - (position & (unit - 1))) & (unit - 1);
  return 1;
}

// Applies an option that has no data.
static void apply(layout *layout, int option) {
  switch (option) {
    case ' ': break;
    case '>': layout->is_big = 1; break;
    case '<': layout->is_big = 0; break;
    case '!': {
      int alignment = read_size(layout, ALIGNMENT_USUAL);
      if (alignment <= 0 || (alignment & (alignment - 1)))
        luaL_error(layout->state, "alignment %d is not a power of 2", alignment);
      layout->alignment = alignment;
      break;
    }
    default:
      luaL_argerror(layout->state, 1,
                    lua_pushfstring(layout->state, "invalid format option '%c'", option));
  }
}

static layout begin(lua_State *state) {
  return (layout){.state = state, .at = luaL_checkstring(state, 1), .alignment = 1};
}

static int is_integer(int option) { return option && strchr("bBhHlLTiI", option) != NULL; }

// Copies bytes, reversing them for big-endian.
static void copy(const layout *layout, uint8_t *target, const uint8_t *source, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] = source[layout->is_big ? count - 1 - i : i];
}

// Packing

static uint64_t integer_bits(double number) {
  if (number != number) return 0x8000000000000000ULL;
  if (number < 0) return number < -0x1p63 ? 0x8000000000000000ULL : (uint64_t)(int64_t)number;
  return number >= 0x1p64 ? 0 : (uint64_t)number;
}

static void pack_number(luaL_Buffer *buffer, const layout *layout, const item *item, int argument) {
  double number = luaL_checknumber(layout->state, argument);
  uint8_t bytes[INTEGER_BYTES_MAX] = {0}, packed[INTEGER_BYTES_MAX];
  if (item->option == 'f') {
    float narrow = (float)number;
    memcpy(bytes, &narrow, sizeof narrow);
  } else if (item->option == 'd') {
    memcpy(bytes, &number, sizeof number);
  } else {
    uint64_t bits = integer_bits(number);
    memcpy(bytes, &bits, sizeof bits);
  }
  copy(layout, packed, bytes, item->size);
  luaL_addlstring(buffer, (const char *)packed, item->size);
}

static void pack_text(luaL_Buffer *buffer, layout *layout, item *item, int argument) {
  size_t count;
  const char *text = luaL_checklstring(layout->state, argument, &count);
  if (item->size == 0) item->size = count;
  luaL_argcheck(layout->state, count >= item->size, argument + 1, "string too short");
  luaL_addlstring(buffer, text, item->size);
  if (item->option == 's') {
    luaL_addchar(buffer, '\0');
    item->size++;
  }
}

static int pack(lua_State *state) {
  layout layout = begin(state);
  item item;
  int argument = 2;
  size_t total = 0;
  // Separates the arguments from what the buffer pushes onto the stack.
  lua_pushnil(state);
  luaL_Buffer buffer;
  luaL_buffinit(state, &buffer);
  while (next_item(&layout, total, &item)) {
    for (size_t i = 0; i < item.padding; i++) luaL_addchar(&buffer, '\0');
    total += item.padding;
    if (is_integer(item.option) || item.option == 'f' || item.option == 'd')
      pack_number(&buffer, &layout, &item, argument++);
    else if (item.option == 'c' || item.option == 's')
      pack_text(&buffer, &layout, &item, argument++);
    else if (item.option == 'x')
      luaL_addchar(&buffer, '\0');
    else
      apply(&layout, item.option);
    total += item.size;
  }
  luaL_pushresult(&buffer);
  return 1;
}

// Unpacking

static void unpack_number(const layout *layout, const item *item, const char *data) {
  uint8_t bytes[INTEGER_BYTES_MAX] = {0};
  copy(layout, bytes, (const uint8_t *)data, item->size);
  if (item->option == 'f') {
    float narrow;
    memcpy(&narrow, bytes, sizeof narrow);
    lua_pushnumber(layout->state, narrow);
    return;
  }
  if (item->option == 'd') {
    double number;
    memcpy(&number, bytes, sizeof number);
    lua_pushnumber(layout->state, number);
    return;
  }
  uint64_t bits;
  memcpy(&bits, bytes, sizeof bits);
  if (!islower(item->option)) {
    lua_pushnumber(layout->state, (lua_Number)bits);
    return;
  }
  if (item->size > 0 && item->size < sizeof bits) {
    uint64_t sign = 1ULL << (item->size * 8 - 1);
    bits = (bits ^ sign) - sign;
  }
  lua_pushnumber(layout->state, (lua_Number)(int64_t)bits);
}

static int unpack(lua_State *state) {
  layout layout = begin(state);
  item item;
  size_t count;
  const char *data = luaL_checklstring(state, 2, &count);
  lua_Integer first = luaL_optinteger(state, 3, 1);
  luaL_argcheck(state, first > 0, 3, "offset must be 1 or greater");
  size_t at = (size_t)first - 1;
  int results = 0;
  while (next_item(&layout, at, &item)) {
    at += item.padding;
    luaL_argcheck(state, item.size <= count && at <= count - item.size, 2, "data string too short");
    luaL_checkstack(state, 2, "too many results");
    if (is_integer(item.option) || item.option == 'f' || item.option == 'd') {
      unpack_number(&layout, &item, data + at);
      results++;
    } else if (item.option == 'c') {
      if (item.size == 0) {
        if (results == 0 || !lua_isnumber(state, -1))
          return luaL_error(state, "format 'c0' needs a previous size");
        double size = lua_tonumber(state, -1);
        luaL_argcheck(state, size >= 0 && size <= (double)count && at <= count - (size_t)size, 2,
                      "data string too short");
        item.size = (size_t)size;
        lua_pop(state, 1);
        results--;
      }
      lua_pushlstring(state, data + at, item.size);
      results++;
    } else if (item.option == 's') {
      const char *end = memchr(data + at, '\0', count - at);
      if (!end) return luaL_error(state, "unfinished string in data");
      item.size = (size_t)(end - (data + at)) + 1;
      lua_pushlstring(state, data + at, item.size - 1);
      results++;
    } else if (item.option != 'x') {
      apply(&layout, item.option);
    }
    at += item.size;
  }
  lua_pushinteger(state, (lua_Integer)at + 1);
  return results + 1;
}

static int size(lua_State *state) {
  layout layout = begin(state);
  item item;
  size_t total = 0;
  while (next_item(&layout, total, &item)) {
    total += item.padding;
    if (item.option == 's') return luaL_argerror(state, 1, "option 's' has no fixed size");
    if (item.option == 'c' && item.size == 0)
      return luaL_argerror(state, 1, "option 'c0' has no fixed size");
    if (!isalnum(item.option)) apply(&layout, item.option);
    total += item.size;
  }
  lua_pushinteger(state, (lua_Integer)total);
  return 1;
}

int apus_open_struct(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"pack", pack}, {"unpack", unpack}, {"size", size}, {NULL, NULL}};
  lua_newtable(state);
  luaL_register(state, NULL, functions);
  return 1;
}
