/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf16.h"
#include "filesystem/fat_name.h"

enum { BASE_BYTES = 8, EXTENSION_BYTES = 3, NUMBER_MAX = 999999 };

static bool is_lower(uint16_t unit)
{
        return unit >= 'a' && unit <= 'z';
}

static bool is_upper(uint16_t unit)
{
        return unit >= 'A' && unit <= 'Z';
}

static uint8_t to_upper(uint16_t unit)
{
        return (uint8_t)(is_lower(unit) ? unit - 'a' + 'A' : unit);
}

/* Letters, digits and $ % ' - _ @ ~ ` ! ( ) { } ^ # & */
static bool is_short_unit(uint16_t unit)
{
        return is_lower(unit) || is_upper(unit) || (unit >= '0' && unit <= '9') ||
               (unit != 0 && unit < 0x80 && strchr("$%'-_@~`!(){}^#&", (char)unit) != NULL);
}

static const char *find_mistake(const uint16_t *units, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (units[i] < 0x20 || units[i] == 0x7F ||
                    (units[i] < 0x80 && strchr("\"*/:<>?\\|", (char)units[i])))
                        return "has a character that FAT cannot hold";
        if (units[count - 1] == '.' || units[count - 1] == ' ')
                return "ends in '.' or ' ', which FAT drops";
        return NULL;
}

/* The place of the last dot that is not the first character; count when there is none. */
static size_t find_extension(const uint16_t *units, size_t count)
{
        for (size_t i = count; i > 1; i--)
                if (units[i - 1] == '.')
                        return i - 1;
        return count;
}

enum letter_case { CASE_UPPER, CASE_LOWER, CASE_MIXED };

/* Copies a part of an 8.3 name in upper case; false when it is not one. */
static bool read_short_part(const uint16_t *units, size_t count, size_t capacity, uint8_t *out,
                            enum letter_case *ret_case)
{
        bool has_lower = false, has_upper = false;

        if (count > capacity)
                return false;
        for (size_t i = 0; i < count; i++) {
                if (!is_short_unit(units[i]))
                        return false;
                has_lower |= is_lower(units[i]);
                has_upper |= is_upper(units[i]);
                out[i] = to_upper(units[i]);
        }
        *ret_case = !has_lower ? CASE_UPPER : has_upper ? CASE_MIXED : CASE_LOWER;
        return true;
}

/* Rules 1 and 2. */
static bool read_short_name(const uint16_t *units, size_t count, struct fat_name *name)
{
        size_t dot = find_extension(units, count);
        enum letter_case base_case, extension_case = CASE_UPPER;

        memset(name->short_name, ' ', FAT_SHORT_NAME_BYTES);
        if (!read_short_part(units, dot, BASE_BYTES, name->short_name, &base_case) ||
            (dot < count && !read_short_part(units + dot + 1, count - dot - 1, EXTENSION_BYTES,
                                             name->short_name + BASE_BYTES, &extension_case)))
                return false;
        if (base_case == CASE_MIXED || extension_case == CASE_MIXED)
                name->long_units = (uint8_t)count;
        else
                name->case_bits = (uint8_t)((base_case == CASE_LOWER ? FAT_CASE_BASE_LOWER : 0) |
                                            (extension_case == CASE_LOWER ? FAT_CASE_EXTENSION_LOWER : 0));
        return true;
}

static void copy_basis(const uint16_t *units, size_t count, uint8_t *out, size_t capacity)
{
        for (size_t i = 0, used = 0; i < count && used < capacity; i++) {
                if (units[i] == ' ' || units[i] == '.' || (units[i] >= 0xDC00 && units[i] < 0xE000))
                        continue; /* the second half of a character is not one more */
                out[used++] = is_short_unit(units[i]) ? to_upper(units[i]) : '_';
        }
}

/* Rule 3, without the number. */
static void make_basis(const uint16_t *units, size_t count, struct fat_name *name)
{
        size_t dot = find_extension(units, count);

        memset(name->short_name, ' ', FAT_SHORT_NAME_BYTES);
        copy_basis(units, dot, name->short_name, BASE_BYTES);
        if (name->short_name[0] == ' ')
                name->short_name[0] = '_';
        if (dot < count)
                copy_basis(units + dot + 1, count - dot - 1, name->short_name + BASE_BYTES, EXTENSION_BYTES);
        name->long_units = (uint8_t)count;
}

const char *fat_name_read(const char *name, size_t name_bytes, uint16_t units[FAT_LONG_NAME_UNITS],
                          struct fat_name *ret_name)
{
        struct fat_name read = { .case_bits = 0 };
        const char *mistake;
        size_t count;

        if (!utf16_from_utf8(name, name_bytes, units, FAT_LONG_NAME_UNITS, &count) || count == 0)
                return "is not UTF-8 of at most 255 UTF-16 units";
        mistake = find_mistake(units, count);
        if (mistake)
                return mistake;
        read.is_short_known = read_short_name(units, count, &read);
        if (!read.is_short_known)
                make_basis(units, count, &read);
        *ret_name = read;
        return NULL;
}

bool fat_label_read(const char *label, uint8_t out[FAT_SHORT_NAME_BYTES])
{
        uint8_t read[FAT_SHORT_NAME_BYTES];

        memset(read, ' ', sizeof(read));
        if (strlen(label) > sizeof(read) || label[0] == ' ')
                return false;
        for (size_t i = 0; label[i]; i++) {
                if (label[i] != ' ' && !is_short_unit((unsigned char)label[i]))
                        return false;
                read[i] = to_upper((unsigned char)label[i]);
        }
        memcpy(out, read, sizeof(read));
        return true;
}

enum ingot_code fat_alias_set_init(struct fat_alias_set *set, size_t name_count, struct ingot_error *err)
{
        size_t capacity = 16;

        while (capacity < 2 * name_count + 1)
                capacity *= 2;
        *set = (struct fat_alias_set){ .names = calloc(capacity, FAT_SHORT_NAME_BYTES),
                                       .capacity = capacity };
        return set->names ? INGOT_OK : ingot_fail_memory(err, capacity * FAT_SHORT_NAME_BYTES);
}

void fat_alias_set_release(struct fat_alias_set *set)
{
        free(set->names);
        *set = (struct fat_alias_set){ .names = NULL };
}

bool fat_alias_set_add(struct fat_alias_set *set, const uint8_t short_name[FAT_SHORT_NAME_BYTES])
{
        uint64_t hash = 14695981039346656037U; /* FNV-1a */
        size_t at;

        for (size_t i = 0; i < FAT_SHORT_NAME_BYTES; i++)
                hash = (hash ^ short_name[i]) * 1099511628211U;
        for (at = hash & (set->capacity - 1); set->names[at][0]; at = (at + 1) & (set->capacity - 1))
                if (memcmp(set->names[at], short_name, FAT_SHORT_NAME_BYTES) == 0)
                        return false;
        memcpy(set->names[at], short_name, FAT_SHORT_NAME_BYTES);
        return true;
}

/* Ends the base by ~number, cutting it where there is no room. */
static void put_number(const uint8_t basis[FAT_SHORT_NAME_BYTES], uint32_t number,
                       uint8_t out[FAT_SHORT_NAME_BYTES])
{
        char tail[BASE_BYTES + 1];
        size_t tail_bytes = (size_t)snprintf(tail, sizeof(tail), "~%u", (unsigned)number), base_bytes = 0;

        while (base_bytes < BASE_BYTES - tail_bytes && basis[base_bytes] != ' ')
                base_bytes++;
        memset(out, ' ', BASE_BYTES);
        memcpy(out, basis, base_bytes);
        memcpy(out + base_bytes, tail, tail_bytes);
        memcpy(out + BASE_BYTES, basis + BASE_BYTES, EXTENSION_BYTES);
}

bool fat_alias_set_number(struct fat_alias_set *set, uint8_t short_name[FAT_SHORT_NAME_BYTES])
{
        uint8_t numbered[FAT_SHORT_NAME_BYTES], basis[FAT_SHORT_NAME_BYTES];
        uint32_t number = 1;

        /* Two bases that share what any number leaves of them compete for the same aliases. */
        memcpy(basis, short_name, sizeof(basis));
        if (memcmp(basis, set->last_basis, sizeof(basis)) == 0)
                number = set->last_number + 1;
        for (; number <= NUMBER_MAX; number++) {
                put_number(basis, number, numbered);
                if (!fat_alias_set_add(set, numbered))
                        continue;
                memcpy(short_name, numbered, sizeof(numbered));
                memcpy(set->last_basis, basis, sizeof(basis));
                set->last_number = number;
                return true;
        }
        return false;
}
