/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/crc32.h"
#include "model/journal_record.h"

enum { CRC_CHARS = 8, FIELDS_MAX = 6 };

/* How many words each kind has, its first included, its CRC not. */
static const struct {
        const char *word;
        unsigned field_count;
} kinds[] = {
        [JOURNAL_VOLUME] = { "ingot-journal", 6 },  [JOURNAL_INTENT] = { "intent", 5 },
        [JOURNAL_STARTED] = { "started", 4 },       [JOURNAL_ACK] = { "ack", 3 },
        [JOURNAL_COMPLETING] = { "completing", 2 }, [JOURNAL_ABANDONED] = { "abandoned", 2 },
};

/* ---- printing ---- */

static bool is_word(const char *text)
{
        size_t chars = strlen(text);

        for (size_t i = 0; i < chars; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return false;
        return chars <= JOURNAL_WORD_CHARS && strcmp(text, "-") != 0;
}

static const char *or_dash(const char *text)
{
        return *text ? text : "-";
}

static int print_fields(const struct journal_record *record, char out[JOURNAL_LINE_MAX + 1])
{
        const size_t room = JOURNAL_LINE_MAX;
        char digest[DIGEST_BASE64_CHARS + 1];

        switch (record->kind) {
        case JOURNAL_VOLUME:
                return snprintf(out, room, "ingot-journal %d %s %" PRIu64 " %" PRIu64 " %s", JOURNAL_VERSION,
                                record->key, record->size_bytes, record->volume_size_gib, record->region);
        case JOURNAL_INTENT:
                return snprintf(out, room, "intent %" PRIu64 " %s %s %" PRIu64, record->attempt,
                                record->token, or_dash(record->parent_id), record->seconds);
        case JOURNAL_STARTED:
                return snprintf(out, room, "started %s %s %" PRIu64, record->snapshot_id,
                                or_dash(record->sse_type), record->seconds);
        case JOURNAL_ACK:
                base64_encode(record->digest.bytes, DIGEST_BYTES, digest);
                return snprintf(out, room, "ack %" PRIu64 " %s", record->block_index, digest);
        case JOURNAL_COMPLETING: return snprintf(out, room, "completing %s", record->snapshot_id);
        case JOURNAL_ABANDONED: return snprintf(out, room, "abandoned %s", record->snapshot_id);
        }
        return 0;
}

/* Whether the texts that the kind needs are words. */
static bool has_its_words(const struct journal_record *record)
{
        switch (record->kind) {
        case JOURNAL_VOLUME:
                return *record->key && is_word(record->key) && *record->region && is_word(record->region);
        case JOURNAL_INTENT: return *record->token && is_word(record->token) && is_word(record->parent_id);
        case JOURNAL_STARTED:
                return *record->snapshot_id && is_word(record->snapshot_id) && is_word(record->sse_type);
        case JOURNAL_ACK: return true;
        case JOURNAL_COMPLETING:
        case JOURNAL_ABANDONED: return *record->snapshot_id && is_word(record->snapshot_id);
        }
        return false;
}

enum ingot_code journal_record_print(const struct journal_record *record, char out[JOURNAL_LINE_MAX + 1],
                                     size_t *ret_size_bytes, struct ingot_error *err)
{
        int chars;

        if (!has_its_words(record))
                return ingot_fail(err, INGOT_E_BUG, "a '%s' of a journal with a text that is no word",
                                  kinds[record->kind].word);
        chars = print_fields(record, out);
        chars += snprintf(out + chars, JOURNAL_LINE_MAX + 1 - (size_t)chars, " %08" PRIx32 "\n",
                          crc32_of(out, (size_t)chars));
        *ret_size_bytes = (size_t)chars;
        return INGOT_OK;
}

/* ---- reading ---- */

struct fields {
        char text[JOURNAL_LINE_MAX];
        const char *at[FIELDS_MAX];
        unsigned count;
};

/* One space between words, none around them. */
static bool split(const char *line, size_t size_bytes, struct fields *fields)
{
        char *at = fields->text;

        if (!size_bytes || size_bytes >= sizeof(fields->text))
                return false;
        memcpy(fields->text, line, size_bytes);
        fields->text[size_bytes] = '\0';
        if (strlen(fields->text) != size_bytes)
                return false;
        for (unsigned i = 0; i < FIELDS_MAX; i++)
                fields->at[i] = ""; /* a word that is not there is none that counts */
        for (fields->count = 0; fields->count < FIELDS_MAX;) {
                char *space = strchr(at, ' ');

                fields->at[fields->count++] = at;
                if (space)
                        *space = '\0';
                if (!*at)
                        return false;
                if (!space)
                        return true;
                at = space + 1;
        }
        return false;
}

static bool read_number(const char *text, uint64_t *ret_value)
{
        uint64_t value = 0;

        if (!*text || (text[0] == '0' && text[1]))
                return false;
        for (; *text; text++)
                if (*text < '0' || *text > '9' || !checked_mul_u64(value, 10, &value) ||
                    !checked_add_u64(value, (uint64_t)(*text - '0'), &value))
                        return false;
        *ret_value = value;
        return true;
}

static bool read_word(const char *text, bool may_be_none, char out[JOURNAL_WORD_CHARS + 1])
{
        if (may_be_none && strcmp(text, "-") == 0)
                text = "";
        if (!is_word(text))
                return false;
        memcpy(out, text, strlen(text) + 1);
        return true;
}

static bool read_fields(const struct fields *fields, struct journal_record *record)
{
        const char *const *at = fields->at;
        uint64_t version;

        switch (record->kind) {
        case JOURNAL_VOLUME:
                return read_number(at[1], &version) && version == JOURNAL_VERSION &&
                       read_word(at[2], false, record->key) && read_number(at[3], &record->size_bytes) &&
                       read_number(at[4], &record->volume_size_gib) &&
                       read_word(at[5], false, record->region);
        case JOURNAL_INTENT:
                return read_number(at[1], &record->attempt) && read_word(at[2], false, record->token) &&
                       read_word(at[3], true, record->parent_id) && read_number(at[4], &record->seconds);
        case JOURNAL_STARTED:
                return read_word(at[1], false, record->snapshot_id) &&
                       read_word(at[2], true, record->sse_type) && read_number(at[3], &record->seconds);
        case JOURNAL_ACK:
                return read_number(at[1], &record->block_index) &&
                       base64_decode(at[2], record->digest.bytes, DIGEST_BYTES);
        case JOURNAL_COMPLETING:
        case JOURNAL_ABANDONED: return read_word(at[1], false, record->snapshot_id);
        }
        return false;
}

bool journal_record_parse(const char *line, size_t size_bytes, struct journal_record *ret_record)
{
        struct journal_record record = { .key = "" };
        struct fields fields = { .count = 0 };
        char crc[CRC_CHARS + 1];

        if (size_bytes <= CRC_CHARS + 1 || line[size_bytes - CRC_CHARS - 1] != ' ')
                return false;
        size_bytes -= CRC_CHARS + 1;
        (void)snprintf(crc, sizeof(crc), "%08" PRIx32, crc32_of(line, size_bytes));
        if (memcmp(crc, line + size_bytes + 1, CRC_CHARS) != 0 || !split(line, size_bytes, &fields))
                return false;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(fields.at[0], kinds[i].word) != 0 || fields.count != kinds[i].field_count)
                        continue;
                record.kind = (enum journal_kind)i;
                if (!read_fields(&fields, &record))
                        return false;
                *ret_record = record;
                return true;
        }
        return false;
}
