/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf16.h"

enum { REPLACEMENT = 0xFFFD };

/* Decodes one character at *text; false when it is not UTF-8. */
static bool take_character(const unsigned char **text, const unsigned char *end, uint32_t *ret_character)
{
        const unsigned char *at = *text;
        uint32_t character, least;
        int follow;

        if (*at < 0x80) {
                *ret_character = *at;
                *text = at + 1;
                return true;
        }
        if ((*at & 0xE0) == 0xC0) {
                follow = 1;
                least = 0x80;
                character = *at & 0x1FU;
        } else if ((*at & 0xF0) == 0xE0) {
                follow = 2;
                least = 0x800;
                character = *at & 0x0FU;
        } else if ((*at & 0xF8) == 0xF0) {
                follow = 3;
                least = 0x10000;
                character = *at & 0x07U;
        } else {
                return false;
        }
        if (end - at <= follow)
                return false;
        for (at++; follow > 0; follow--, at++) {
                if ((*at & 0xC0) != 0x80)
                        return false;
                character = character << 6 | (*at & 0x3FU);
        }
        if (character < least || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
                return false;
        *ret_character = character;
        *text = at;
        return true;
}

bool utf8_is_valid(const char *text, size_t size_bytes)
{
        const unsigned char *at = (const unsigned char *)text, *end = at + size_bytes;
        uint32_t character;

        while (at < end) {
                if (!take_character(&at, end, &character))
                        return false;
        }
        return true;
}

bool utf16_from_utf8(const char *text, size_t size_bytes, uint16_t *out, size_t capacity, size_t *ret_units)
{
        const unsigned char *at = (const unsigned char *)text, *end = at + size_bytes;
        size_t units = 0;

        while (at < end) {
                uint32_t character;

                if (!take_character(&at, end, &character))
                        return false;
                if (units + (character > 0xFFFF ? 2 : 1) > capacity)
                        return false;
                if (character > 0xFFFF) {
                        out[units++] = (uint16_t)(0xD800 + ((character - 0x10000) >> 10));
                        out[units++] = (uint16_t)(0xDC00 + (character & 0x3FF));
                } else {
                        out[units++] = (uint16_t)character;
                }
        }
        *ret_units = units;
        return true;
}

static size_t put_character(uint32_t character, char *out)
{
        if (character < 0x80) {
                out[0] = (char)character;
                return 1;
        }
        if (character < 0x800) {
                out[0] = (char)(0xC0 | character >> 6);
                out[1] = (char)(0x80 | (character & 0x3F));
                return 2;
        }
        if (character < 0x10000) {
                out[0] = (char)(0xE0 | character >> 12);
                out[1] = (char)(0x80 | (character >> 6 & 0x3F));
                out[2] = (char)(0x80 | (character & 0x3F));
                return 3;
        }
        out[0] = (char)(0xF0 | character >> 18);
        out[1] = (char)(0x80 | (character >> 12 & 0x3F));
        out[2] = (char)(0x80 | (character >> 6 & 0x3F));
        out[3] = (char)(0x80 | (character & 0x3F));
        return 4;
}

size_t utf16_to_utf8(const uint16_t *units, size_t count, char *out)
{
        size_t size_bytes = 0;

        for (size_t i = 0; i < count && units[i]; i++) {
                uint32_t character = units[i];

                if (character >= 0xD800 && character < 0xDC00 && i + 1 < count && units[i + 1] >= 0xDC00 &&
                    units[i + 1] < 0xE000) {
                        character = 0x10000 + ((character - 0xD800) << 10) + (units[i + 1] - 0xDC00U);
                        i++;
                } else if (character >= 0xD800 && character < 0xE000) {
                        character = REPLACEMENT;
                }
                size_bytes += put_character(character, out + size_bytes);
        }
        out[size_bytes] = '\0';
        return size_bytes;
}
