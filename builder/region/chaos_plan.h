/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_PLAN_H
#define REGION_CHAOS_PLAN_H

/* builder/region/chaos_plan.h
 * chaos_plan: what a chaos file asks for: a region's bad day, written down.
 *
 * Unit     nanoseconds, already scaled by the file's time-scale; shares and probabilities in millionths
 * Rules    (1) YAML, or JSON (which is YAML); every mistake is a complaint with its place and the nearest word.
 *          (2) A rule does one thing (its deed) to the requests, snapshots or ids that it picks.
 * Source   docs/chaos.md
 * Tests    tests/unit/region/test_chaos_plan.c, tests/fuzz/fuzz_chaos.c
 */
#include "model/template.h"
#include "region/fate.h"

#define CHAOS_MILLION 1000000u

enum chaos_deed {
        CHAOS_DELAY,
        CHAOS_ERROR,
        CHAOS_HANG,
        CHAOS_RESET,
        CHAOS_CLOSE,
        CHAOS_EXPIRE,  /* credentials, some time after their first use */
        CHAOS_UNKNOWN, /* some blocks of a new snapshot: 404 */
        CHAOS_PENDING, /* a completed snapshot stays so */
        CHAOS_FAIL,    /* a snapshot goes to error */
        CHAOS_HIDE,    /* a new id is not described yet */
        CHAOS_DEEDS
};

struct chaos_rule {
        char *name; /* owned */
        enum chaos_deed deed;

        struct text_list operations, regions; /* empty: all */
        uint64_t probability_ppm;
        uint64_t from_ns, until_ns;              /* since the start; until UINT64_MAX: for ever */
        uint64_t first, last;                    /* of what matches so far, counted from 1 */
        uint64_t count_max, burst;               /* burst: how many in a row, once it hits */
        uint64_t by_ns, jitter_ns;               /* DELAY */
        uint64_t for_ns, after_ns;               /* HANG UNKNOWN PENDING HIDE; EXPIRE FAIL */
        uint64_t share_ppm;                      /* UNKNOWN: of indexes */
        enum fate_moment moment;                 /* HANG RESET CLOSE */
        bool is_after_completion;                /* FAIL */
        struct text_value code, reason, message; /* ERROR; message also of FAIL */
        uint64_t status;                         /* ERROR; 0: the code's */
};

/* A token bucket; rate 0: there is none. */
struct chaos_quota {
        uint64_t rate_per_second, burst;
};

enum chaos_bucket {
        BUCKET_PUT_SNAPSHOT,
        BUCKET_PUT_ACCOUNT,
        BUCKET_GET_SNAPSHOT,
        BUCKET_GET_ACCOUNT,
        BUCKET_LIST,
        BUCKET_START,
        BUCKET_COMPLETE,
        BUCKET_DESCRIBE,
        BUCKET_MUTATE,
        BUCKET_KINDS
};

struct chaos_plan {
        char *file; /* owned; what marks borrow */
        uint64_t seed;
        uint64_t scale_ppm;
        struct chaos_quota quotas[BUCKET_KINDS];
        uint64_t connection_bytes_per_second, total_bytes_per_second; /* 0: as fast as it goes */
        uint64_t pending_max;
        bool is_encrypted_by_default;
        bool has_noise; /* absent blocks of encrypted snapshots are listed, and read as noise */
        struct chaos_rule *rules;
        size_t rule_count;
};

/*
 * Reads a chaos file.
 *
 * file         borrowed; names the file in complaints
 * ret_plan     owned by the caller; written only on INGOT_OK
 * Fails with   INGOT_E_TEMPLATE  there are complaints
 *              INGOT_E_MEMORY
 */
enum ingot_code chaos_plan_parse(const char *bytes, size_t size_bytes, const char *file,
                                 struct complaint_list *complaints, struct chaos_plan **ret_plan,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

void chaos_plan_free(struct chaos_plan *plan);
void chaos_plan_drop(struct chaos_plan **plan);

/* As the file says it: "reset". */
const char *chaos_deed_name(enum chaos_deed deed);

#endif
