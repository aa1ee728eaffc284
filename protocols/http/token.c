/* token.c - who has a token for the API */
#include "protocols/http/http_private.h"

int http_token_find(struct pool *pool, struct slice token, struct op_caller *caller)
{
	(void)pool;
	(void)token;
	(void)caller;
	return 0;
}
