/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_PAGE_H
#define REGION_EC2_PAGE_H

/* builder/region/ec2_page.h
 * ec2_page: the ids, page and token of a describe call.
 *
 * Rules    (1) MaxResults with ids is refused, as EC2 does.
 *          (2) A NextToken is bound to the action and the region, and lives 60 minutes.
 * Tests    tests/unit/region/test_ec2_routes.c
 */
#include "region/ec2_call.h"

enum { IDS_MAX = 1000, PAGE_RESULTS_MIN = 5, PAGE_RESULTS_MAX = 1000 };

struct ec2_ids {
        const char *ids[IDS_MAX]; /* borrowed from the form */
        bool is_found[IDS_MAX];
        size_t count;
};

/* Reads NAME.N, each of which must be an id with prefix; malformed_code is what else is refused with. */
void ec2_ids_read(struct ec2_call *ec2, const char *name, const char *prefix, const char *malformed_code,
                  struct ec2_ids *ret_ids);
/* Whether id is asked for: it is among them, or there are none.  Remembers that it was found. */
bool ec2_ids_take(struct ec2_ids *ids, const char *id);
/* Refuses with code when an id was not found. */
void ec2_ids_need_all(struct ec2_call *ec2, const struct ec2_ids *ids, const char *code, const char *noun);

/* Whether what the caller owns is asked for by NAME.N (Owner, RestorableBy, ExecutableBy), or nothing is. */
bool ec2_read_owners(struct ec2_call *ec2, const char *name);

struct ec2_page {
        uint64_t after;      /* the number of the last resource of the page before; 0 at the start */
        uint32_t result_max; /* 0: no limit */
        uint32_t count;
        uint64_t last; /* the number of the last resource on this page */
        bool is_full;  /* and at least one more passes */
};

void ec2_page_read(struct ec2_call *ec2, const struct ec2_ids *ids, struct ec2_page *ret_page);
/* Whether a resource that passed goes on this page; false: the page is full, and the walk can stop. */
bool ec2_page_take(struct ec2_page *page, int64_t number);
/* Writes nextToken when there is more. */
enum ingot_code ec2_page_write(struct ec2_call *ec2, const struct ec2_page *page,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
