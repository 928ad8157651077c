/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_QUERY_ERROR_H
#define REGION_QUERY_ERROR_H

/* builder/region/query_error.h
 * query_error: errors of the two Query protocols, in XML.
 *
 * EC2:  <Response><Errors><Error><Code/><Message/></Error></Errors><RequestID/></Response>
 * STS:  <ErrorResponse xmlns><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>
 */
#include "region/exchange.h"

enum query_protocol { QUERY_EC2, QUERY_STS };

/* Replaces whatever the reply holds by the error. */
void query_error_write(enum query_protocol protocol, struct region_reply *reply, unsigned status,
                       const char *code, const char *message);

#endif
