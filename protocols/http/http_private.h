/* http_private.h - what the files of this folder share of a request and its answer */
#ifndef PROTOCOLS_HTTP_HTTP_PRIVATE_H
#define PROTOCOLS_HTTP_HTTP_PRIVATE_H

#include "protocols/http/form.h"
#include "protocols/http/http.h"
#include "protocols/http/read.h"

struct dir_account;

struct http_req {
	struct sess *s;
	struct http_reader in;
	struct pool pool; /* wiped */
	int64_t began_us;
	uint64_t deadline; /* loop_now by which what is being read must be there */

	/* What is asked for; set when the head is there. */
	enum http_method method; /* HEAD is HTTP_GET, with head_only */
	bool head_only;
	struct slice host, path, query;
	const struct http_route *route; /* NULL: none */
	unsigned allowed;		/* methods of the path, when its route has another */
	bool passed;			/* the gate */
	struct http_pairs params, args, form;
	const char *domain;

	/* Who asks. */
	struct op_caller caller; /* name NULL: nobody known */
	struct slice login;	 /* the cookie by which he is known, or empty */
	const char *csrf;

	/* The answer. */
	int status;
	const char *type;
	struct buf fields, body;
	bool cached; /* a route said how long it may be kept */
	bool close;
	struct http_said *said; /* answers of operations */
};

/* --- begin.c --- */
struct http_req *http_req_new(struct sess *s);
/* The head is there: where does it lead, and how much more may come? */
void http_req_begin(struct http_req *req);
void http_req_free(struct http_req **req);
int64_t http_now_us(void); /* monotonic */

/* --- route.c --- */
/* Find the request's route, its parameters, or what is allowed. */
void http_route_find(struct http_req *req);

/* --- gate.c: may he? 0, or -1 after the answer was made --- */
int http_gate(struct http_req *req);

/* --- session.c: who logged in by the pages --- */
/* 1 found, filled from the pool; 0 nobody; -1 cannot be read. */
int http_session_find(struct pool *pool, struct slice cookie, struct dir_account *account);
/* The cookie of a new one, from the pool; NULL after *err. */
char *http_session_new(struct pool *pool, const char *address, struct err *err);
void http_session_end(struct slice cookie);

/* --- token.c: who has a token for the API --- */
/* 1 found, caller filled from the pool; 0 nobody; -1 cannot be read. */
int http_token_find(struct pool *pool, struct slice token, struct op_caller *caller);

/* --- cookie.c --- */
extern const char http_cookie_login[], http_cookie_visit[], http_cookie_flash[];
/* p == NULL: there is none. */
struct slice http_cookie(struct http_req *req, const char *name);
/* An empty value removes it. Ends with the browser's session. */
void http_cookie_set(struct http_req *req, const char *name, struct slice value, bool strict);

/* --- login.c --- */
/* Is this the token that http_csrf gave to this visitor? */
bool http_csrf_is(struct http_req *req, struct slice token);

/* --- answer.c --- */
/* Write the answer to the session's output. */
void http_answer(struct http_req *req);
/* An answer for a request that could not be read. */
void http_answer_plain(struct sess *s, int status, const char *text);
/* Answers of operations are given back. */
void http_said_done(struct http_req *req);

/* --- redirect.c: without TLS everything leads to https --- */
int http_to_https(struct http_req *req);

#endif
