/* token.h - tokens for the API: records, and who may see them
 *
 * A token acts in the name of the server, of one domain, or of one account. Its
 * text is shown once; kept is its SHA-256. */
#ifndef PROTOCOLS_HTTP_TOKEN_H
#define PROTOCOLS_HTTP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/op.h"
#include "core/pool.h"

struct http_token {
	const char *name;
	enum op_role role;
	const char *scope;	  /* a domain, an address, or "" of the server */
	uint64_t account;	  /* id of the address: another account of that name is another */
	int64_t created, expires; /* unix seconds */
};

enum { HTTP_TOKEN_NAME_MAX = 64 };

/* Make one: its text is from the pool. ERR_EXISTS, ERR_LIMIT, ERR_TEMP: NULL.
   Any thread but a loop's. */
char *http_token_make(struct pool *pool, const struct http_token *token, struct err *err);

/* Visit them all, in no order, until visit returns false. 0, or -1. */
int http_token_each(
    bool (*visit)(void *arg, struct slice key, const struct http_token *token), void *arg);

int http_token_remove(struct slice key, struct err *err);

/* May this caller see and remove it? */
bool http_token_is_of(const struct http_token *token, const struct op_caller *caller);

#endif
