/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_REGION_RIG_H
#define SUPPORT_REGION_RIG_H

/* tests/support/region_rig.h
 * region_rig: a region's dispatcher with a clock that stands still, and signed requests to it; no socket.
 *
 *     cmocka_unit_test_setup_teardown(test, region_rig_setup, region_rig_teardown)
 */
#include "region/chaos.h"
#include "region/dispatcher.h"
#include "region/snapshots.h"

struct region_rig {
        void *folder; /* of scratch.h: a char * */
        struct clock clock;
        int64_t now_seconds;
        struct region_store *store;
        struct chaos_plan *chaos_plan; /* NULL: a good day */
        struct chaos *chaos;
        struct region_fate fate;   /* of the last request, with chaos */
        struct region_reply reply; /* to the last request */
        char logged[1024];         /* the last line of the log */
        /* Of requests. */
        const char *region;                        /* "us-east-1" */
        const char *client_key_id, *client_secret; /* NULL: the store's */
        const char *client_token;                  /* of temporary credentials; NULL: none */
        bool is_unsigned;
        int64_t client_ahead_seconds; /* of the region's clock */
};

int region_rig_setup(void **state);
int region_rig_teardown(void **state);

/* Begins a bad day. */
void region_rig_begin_chaos(struct region_rig *rig, const char *yaml);

/* Closes the store and opens it again, as another process would: the bad day is over. */
void region_rig_reopen(struct region_rig *rig);

/* Sends a request that is signed as service and returns the reply's status. path_and_query may have a '?';
 * headers are "Name: value\n" lines, or NULL; body may be NULL. */
unsigned region_rig_send(struct region_rig *rig, const char *service, const char *method,
                         const char *path_and_query, const char *headers, const void *body,
                         size_t body_bytes);

/* POSTs an EC2 form: "Action=..."; the version is added. */
unsigned region_rig_ec2(struct region_rig *rig, const char *form);

/* POSTs an STS form: "Action=..."; the version is added. */
unsigned region_rig_sts(struct region_rig *rig, const char *form);

/* Starts a snapshot with that JSON body and copies its id; the reply must be 201. */
void region_rig_start(struct region_rig *rig, const char *json, char id[RESOURCE_ID_CHARS + 1]);

/* Puts a block whose bytes are all fill; returns the status. */
unsigned region_rig_put(struct region_rig *rig, const char *id, uint64_t block_index, uint8_t fill);

/* Completes a snapshot, without a checksum; returns the status. */
unsigned region_rig_complete(struct region_rig *rig, const char *id, uint64_t changed_count);

/* Starts, puts fills[i] at block i where it is not 0, completes, and looks until it is completed. */
void region_rig_upload(struct region_rig *rig, const char *json, const uint8_t *fills, size_t count,
                       char id[RESOURCE_ID_CHARS + 1]);

/* Whether the reply's body holds text. */
bool region_rig_says(const struct region_rig *rig, const char *text);

/* The text between the first begin and the next end in the reply's body, in out; "" when there is none. */
void region_rig_pick(const struct region_rig *rig, const char *begin, const char *end, char *out,
                     size_t room);

#endif
