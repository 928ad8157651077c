/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_QUERY_ERROR_H
#define REGION_QUERY_ERROR_H

/* builder/region/query_error.h
 * query_error: errors of the Query protocols, in XML.
 *
 * EC2:  <Response><Errors><Error><Code/><Message/></Error></Errors><RequestID/></Response>
 * STS, IAM:  <ErrorResponse xmlns><Error><Type/><Code/><Message/></Error><RequestId/></ErrorResponse>
 */
#include "region/exchange.h"

enum query_protocol { QUERY_EC2, QUERY_STS, QUERY_IAM };

/* The namespace of a protocol's replies. */
const char *query_namespace(enum query_protocol protocol);

/* Replaces whatever the reply holds by the error. */
void query_error_write(enum query_protocol protocol, struct region_reply *reply, unsigned status,
                       const char *code, const char *message);

#endif
