/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/byte_size.h"
#include "model/spelling.h"
#include "region/chaos_errors.h"
#include "region/chaos_rule.h"
#include "region/dispatcher.h"

enum { OPERATIONS_MAX = 128, NAME_CHARS_MAX = 80, DAYS_MAX = 366 };

static const char *const deed_names[CHAOS_DEEDS + 1] = {
        [CHAOS_DELAY] = "delay",     [CHAOS_ERROR] = "error",     [CHAOS_HANG] = "hang",
        [CHAOS_RESET] = "reset",     [CHAOS_CLOSE] = "close",     [CHAOS_EXPIRE] = "expire",
        [CHAOS_UNKNOWN] = "unknown", [CHAOS_PENDING] = "pending", [CHAOS_FAIL] = "fail",
        [CHAOS_HIDE] = "hide",       [CHAOS_DEEDS] = NULL,
};
static const char *const moment_names[] = { "request", "body", "work", "reply", NULL };
static const char *const since_names[] = { "start", "completion", NULL };

const char *chaos_deed_name(enum chaos_deed deed)
{
        return deed_names[deed];
}

/* ---- values ---- */

uint64_t chaos_scale_ns(uint64_t span_ns, uint64_t scale_ppm)
{
        if (span_ns == UINT64_MAX)
                return span_ns;
        return span_ns / CHAOS_MILLION * scale_ppm + span_ns % CHAOS_MILLION * scale_ppm / CHAOS_MILLION;
}

static void keep_number(const struct node *value, uint64_t number, struct number_value *kept)
{
        *kept = (struct number_value){ .value = number, .given = true, .mark = value->mark };
}

void chaos_take_size(struct checker *checker, const struct node *value, const struct field *field,
                     void *member)
{
        uint64_t bytes;

        (void)field;
        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if (byte_size_parse(value->text, &bytes) && bytes > 0)
                keep_number(value, bytes, member);
        else
                checker_complain(checker, &value->mark, "'%s' is no size: write bytes a second, like 50MiB",
                                 value->text);
}

/* Reads "0.05" or "1": decimals from 0 to 1 with at most six places. */
static bool parse_share(const char *text, uint64_t *ret_ppm)
{
        uint64_t ppm, place = CHAOS_MILLION / 10;

        if ((text[0] != '0' && text[0] != '1') || (text[1] != '.' && text[1] != '\0'))
                return false;
        ppm = text[0] == '1' ? CHAOS_MILLION : 0;
        if (text[1] == '.' && !text[2])
                return false;
        for (const char *at = text[1] ? text + 2 : ""; *at; at++, place /= 10) {
                if (*at < '0' || *at > '9' || place == 0)
                        return false;
                ppm += (uint64_t)(*at - '0') * place;
        }
        *ret_ppm = ppm;
        return ppm <= CHAOS_MILLION;
}

void chaos_take_share(struct checker *checker, const struct node *value, const struct field *field,
                      void *member)
{
        uint64_t ppm;

        (void)field;
        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if (parse_share(value->text, &ppm))
                keep_number(value, ppm, member);
        else
                checker_complain(checker, &value->mark,
                                 "'%s' is no decimal from 0 to 1 with at most six places, like 0.05",
                                 value->text);
}

static bool parse_duration(const char *text, uint64_t *ret_ns)
{
        static const struct {
                const char *unit;
                uint64_t ns;
        } units[] = {
                { "ms", 1000000 },
                { "s", 1000000000 },
                { "m", UINT64_C(60000000000) },
                { "h", UINT64_C(3600000000000) },
        };
        uint64_t count = 0;
        const char *at = text;

        for (; *at >= '0' && *at <= '9'; at++) {
                if (count > 1000000000)
                        return false;
                count = count * 10 + (uint64_t)(*at - '0');
        }
        for (size_t i = 0; at != text && i < sizeof(units) / sizeof(units[0]); i++) {
                if (strcmp(at, units[i].unit) != 0)
                        continue;
                if (count > (uint64_t)DAYS_MAX * 86400 * 1000000000 / units[i].ns)
                        return false;
                *ret_ns = count * units[i].ns;
                return true;
        }
        return false;
}

void chaos_take_duration(struct checker *checker, const struct node *value, const struct field *field,
                         void *member)
{
        uint64_t span_ns;

        (void)field;
        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if (parse_duration(value->text, &span_ns))
                keep_number(value, span_ns, member);
        else
                checker_complain(checker, &value->mark,
                                 "'%s' is no duration: write a whole number and ms, s, m or h, like 40ms",
                                 value->text);
}

/* ---- words ---- */

static void check_operation(struct checker *checker, const struct text_value *value)
{
        const char *names[OPERATIONS_MAX], *nearest;
        size_t count = region_operation_names(names, OPERATIONS_MAX);

        for (size_t i = 0; i < count; i++) {
                if (strcmp(names[i], value->text) == 0)
                        return;
        }
        nearest = spelling_nearest(value->text, names, count);
        if (nearest)
                checker_complain(checker, &value->mark,
                                 "the region has no operation '%s'; did you mean '%s'?", value->text,
                                 nearest);
        else
                checker_complain(checker, &value->mark, "the region has no operation '%s'", value->text);
}

/* It goes into headers, JSON and XML as it is. */
static void check_printable(struct checker *checker, const struct text_value *value)
{
        for (const char *at = value->text; *at; at++) {
                if (*at < 0x20 || *at > 0x7E) {
                        checker_complain(checker, &value->mark, "must be printable ASCII");
                        return;
                }
        }
}

/* One of our words, or a code as AWS spells it: those have capitals. */
static void check_code(struct checker *checker, const struct text_value *value)
{
        const char *words[32], *nearest;
        struct fate_refusal refusal;
        size_t count = 0;

        check_printable(checker, value);
        if (strpbrk(value->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
            chaos_error_find("ebs", value->text, &refusal))
                return;
        while (count < sizeof(words) / sizeof(words[0]) && chaos_error_word((unsigned)count)) {
                words[count] = chaos_error_word((unsigned)count);
                count++;
        }
        nearest = spelling_nearest(value->text, words, count);
        checker_complain(checker, &value->mark, "'%s' is neither a code of AWS's nor a word for one%s%s%s",
                         value->text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
}

/* ---- a rule ---- */

struct asked_rule {
        struct text_value name, deed, at, since, code, reason, message;
        struct text_list operations, regions;
        struct number_value probability, from, until, first, last, count, burst;
        struct number_value by, jitter, span, after, share, status;
};

#define MEMBER(name) .offset = offsetof(struct asked_rule, name)

static const struct field rule_fields[] = {
        { .key = "name", .take = take_text, MEMBER(name), .min = 1, .max = NAME_CHARS_MAX },
        { .key = "do", .take = take_text, MEMBER(deed), .required = true, .choices = deed_names },
        { .key = "operations", .take = take_texts, MEMBER(operations), .rule = check_operation },
        { .key = "regions", .take = take_texts, MEMBER(regions), .min = 1, .max = 64 },
        { .key = "probability", .take = chaos_take_share, MEMBER(probability) },
        { .key = "from", .take = chaos_take_duration, MEMBER(from) },
        { .key = "until", .take = chaos_take_duration, MEMBER(until) },
        { .key = "first", .take = take_number, MEMBER(first), .min = 1, .max = UINT64_MAX },
        { .key = "last", .take = take_number, MEMBER(last), .min = 1, .max = UINT64_MAX },
        { .key = "count", .take = take_number, MEMBER(count), .min = 1, .max = UINT64_MAX },
        { .key = "burst", .take = take_number, MEMBER(burst), .min = 1, .max = 1000000 },
        { .key = "by", .take = chaos_take_duration, MEMBER(by) },
        { .key = "jitter", .take = chaos_take_duration, MEMBER(jitter) },
        { .key = "for", .take = chaos_take_duration, MEMBER(span) },
        { .key = "after", .take = chaos_take_duration, MEMBER(after) },
        { .key = "since", .take = take_text, MEMBER(since), .choices = since_names },
        { .key = "share", .take = chaos_take_share, MEMBER(share) },
        { .key = "at", .take = take_text, MEMBER(at), .choices = moment_names },
        { .key = "code",
          .take = take_text,
          MEMBER(code),
          .min = 1,
          .max = FATE_CODE_CHARS,
          .rule = check_code },
        { .key = "reason",
          .take = take_text,
          MEMBER(reason),
          .min = 1,
          .max = FATE_CODE_CHARS,
          .rule = check_printable },
        { .key = "message",
          .take = take_text,
          MEMBER(message),
          .min = 1,
          .max = 80,
          .rule = check_printable },
        { .key = "status", .take = take_number, MEMBER(status), .min = 400, .max = 599 },
};

/* Which deeds a key is for, and which cannot do without it; other keys are for all. */
#define DEED(name) (1U << CHAOS_##name)
static const struct {
        const char *key;
        unsigned deeds, required;
} own_keys[] = {
        { "by", DEED(DELAY), DEED(DELAY) },
        { "jitter", DEED(DELAY), 0 },
        { "code", DEED(ERROR), DEED(ERROR) },
        { "status", DEED(ERROR), 0 },
        { "reason", DEED(ERROR), 0 },
        { "message", DEED(ERROR) | DEED(FAIL), 0 },
        { "at", DEED(HANG) | DEED(RESET) | DEED(CLOSE), 0 },
        { "for", DEED(HANG) | DEED(UNKNOWN) | DEED(PENDING) | DEED(HIDE),
          DEED(UNKNOWN) | DEED(PENDING) | DEED(HIDE) },
        { "after", DEED(EXPIRE) | DEED(FAIL), DEED(EXPIRE) },
        { "since", DEED(FAIL), 0 },
        { "share", DEED(UNKNOWN), 0 },
        /* what is drawn once for each snapshot */
        { "operations", ~(DEED(UNKNOWN) | DEED(PENDING) | DEED(FAIL)), 0 },
        { "burst", ~(DEED(UNKNOWN) | DEED(PENDING) | DEED(FAIL) | DEED(HIDE) | DEED(EXPIRE)), 0 },
};

static void complain_foreign(struct checker *checker, const struct node_child *child, unsigned deeds,
                             enum chaos_deed deed)
{
        struct buffer all = BUFFER_INIT(1024);
        size_t outer = checker_enter_key(checker, child->key);

        for (unsigned i = 0; i < CHAOS_DEEDS; i++) {
                if (deeds & (1U << i))
                        buffer_appendf(&all, "%s%s", all.size_bytes ? ", " : "", deed_names[i]);
        }
        checker_complain(checker, &child->key_mark, "'do: %s' has no '%s'; it belongs to: %s",
                         deed_names[deed], child->key, all.bytes);
        checker_leave(checker, outer);
        buffer_release(&all);
}

static void check_keys(struct checker *checker, const struct node *value, enum chaos_deed deed)
{
        for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++) {
                const struct node_child *child = node_find(value, own_keys[i].key);

                if (child && !(own_keys[i].deeds & (1U << deed)))
                        complain_foreign(checker, child, own_keys[i].deeds, deed);
                if (!child && own_keys[i].required & (1U << deed))
                        checker_complain(checker, &value->mark, "'do: %s' needs the key '%s'",
                                         deed_names[deed], own_keys[i].key);
        }
}

static unsigned choice(const char *const *names, const char *text)
{
        unsigned at = 0;

        while (text && names[at] && strcmp(names[at], text) != 0)
                at++;
        return text && names[at] ? at : 0;
}

static uint64_t or_else(const struct number_value *number, uint64_t otherwise)
{
        return number->given ? number->value : otherwise;
}

static void check_limits(struct checker *checker, const struct asked_rule *asked)
{
        if (asked->until.given && asked->from.given && asked->until.value <= asked->from.value)
                checker_complain_at(checker, "until", &asked->until.mark, "must be later than 'from'");
        if (asked->last.given && asked->first.given && asked->last.value < asked->first.value)
                checker_complain_at(checker, "last", &asked->last.mark, "must not be less than 'first'");
        if (asked->jitter.given && asked->by.given && asked->jitter.value > asked->by.value)
                checker_complain_at(checker, "jitter", &asked->jitter.mark, "must not be more than 'by'");
        if (asked->at.text && asked->deed.text && strcmp(asked->at.text, "reply") == 0 &&
            strcmp(asked->deed.text, "hang") == 0)
                checker_complain_at(checker, "at", &asked->at.mark,
                                    "a reply hangs before its first byte: write 'at: work'");
}

static void free_text(struct text_value *value)
{
        free(value->text);
        value->text = NULL;
}

static void name_rule(struct checker *checker, struct asked_rule *asked, size_t number,
                      struct chaos_rule *rule)
{
        rule->name = asked->name.text;
        if (!rule->name && asprintf(&rule->name, "rules[%zu]", number) < 0) {
                rule->name = NULL;
                checker->out_of_memory = true;
        }
}

void chaos_rule_take(struct checker *checker, const struct node *value, size_t number,
                     struct chaos_rule *rule)
{
        struct asked_rule asked = { .name = { .text = NULL } };

        if (!checker_take_fields(checker, value, rule_fields, FIELD_COUNT(rule_fields), &asked))
                return;
        *rule = (struct chaos_rule){
                .deed = (enum chaos_deed)choice(deed_names, asked.deed.text),
                .operations = asked.operations,
                .regions = asked.regions,
                .probability_ppm = or_else(&asked.probability, CHAOS_MILLION),
                .from_ns = asked.from.value,
                .until_ns = or_else(&asked.until, UINT64_MAX),
                .first = or_else(&asked.first, 1),
                .last = or_else(&asked.last, UINT64_MAX),
                .count_max = or_else(&asked.count, UINT64_MAX),
                .burst = or_else(&asked.burst, 1),
                .by_ns = asked.by.value,
                .jitter_ns = asked.jitter.value,
                .for_ns = or_else(&asked.span, UINT64_MAX),
                .after_ns = asked.after.value,
                .share_ppm = or_else(&asked.share, CHAOS_MILLION),
                .moment = (enum fate_moment)choice(moment_names, asked.at.text),
                .is_after_completion = choice(since_names, asked.since.text) == 1,
                .code = asked.code,
                .reason = asked.reason,
                .message = asked.message,
                .status = asked.status.value,
        };
        name_rule(checker, &asked, number, rule);
        if (asked.deed.text)
                check_keys(checker, value, rule->deed);
        check_limits(checker, &asked);
        free_text(&asked.deed);
        free_text(&asked.at);
        free_text(&asked.since);
}

void chaos_rule_scale(struct chaos_rule *rule, uint64_t scale_ppm)
{
        uint64_t *const spans[] = { &rule->from_ns,   &rule->until_ns, &rule->by_ns,
                                    &rule->jitter_ns, &rule->for_ns,   &rule->after_ns };

        for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
                *spans[i] = chaos_scale_ns(*spans[i], scale_ppm);
}

static void release_list(struct text_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i].text);
        free(list->items);
}

void chaos_rule_release(struct chaos_rule *rule)
{
        free(rule->name);
        release_list(&rule->operations);
        release_list(&rule->regions);
        free_text(&rule->code);
        free_text(&rule->reason);
        free_text(&rule->message);
}
