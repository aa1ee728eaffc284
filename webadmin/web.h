/* web.h - a page: what it shows, and what its forms do
 *
 * A page is a file with three rows: what it is, where it is reached, and the
 * forms on it. Nearly all of them need no other code than loading what they
 * show, by operations (core/op.h):
 *
 *	static const struct web_field add_fields[] = {
 *		{ .name = "name", .label = "Name", .flags = WEB_REQUIRED },
 *		{ 0 },
 *	};
 *	static const struct web_action actions[] = {
 *		{ .name = "add", .op = "domain add", .fields = add_fields,
 *		  .submit = "Add domain", .done = "{name} was added." },
 *		{ 0 },
 *	};
 *	static int load(struct web *web) { return web_rows(web, "domains", "domain list", NULL); }
 *	WEB_RUN(domains)
 *	HTTP_ROUTE(web_domains) = { .path = "/admin/domains", ..., .run = run };
 *	WEB_PAGE(domains) = { .route = &http_route_web_domains, .title = "Domains",
 *		.template = "domains", .load = load, .actions = actions };
 *
 * A form posts to its own page; its field "do" names the action. The fields
 * become the arguments of the operation. When it says no, the page is shown
 * again with the reason beside the field that it names and what was typed, but
 * for secrets; when it says yes, the browser is sent on (303) and shown `done`. */
#ifndef WEBADMIN_WEB_H
#define WEBADMIN_WEB_H

#include <jansson.h>

#include "core/err.h"
#include "protocols/http/http.h"

enum web_kind {
	WEB_TEXT,
	WEB_PASSWORD, /* a secret in one line */
	WEB_AREA,     /* several lines */
	WEB_CHOICE,
	WEB_CHECK, /* the argument is on or off */
	WEB_MARKS, /* check boxes, one for each choice: the marked ones, parted by blanks */
	WEB_FILE,
	WEB_HIDDEN,
	WEB_PARAM, /* not in the form: a part of the page's path, named by .from; else .example */
	WEB_MADE,  /* not in the form: .example, filled in */
	WEB_SELF,  /* not in the form: the address of who is logged in */
};

enum web_flag {
	WEB_REQUIRED = 1,
	WEB_SECRET = 2,	   /* never written into a page again; WEB_PASSWORD is always */
	WEB_WORDS = 4,	   /* the argument is the list of its words */
	WEB_LOCAL = 8,	   /* no argument of the operation: for .run */
	WEB_AGAIN = 16,	   /* must be the same as the field before; no argument */
	WEB_NEW = 32,	   /* a password that is made up now */
	WEB_CODE = 64,	   /* in letters of one width */
	WEB_EMPTY = 128,   /* is given to the operation when empty, too */
	WEB_OR_FILE = 256, /* of an area: a file may be given instead */
	WEB_MORE = 512,	   /* no argument: further words of that of the field before */
	WEB_ADMIN = 1024,  /* in the forms of server admins alone */
};

struct web_choice {
	const char *value, *label; /* value NULL ends the list */
};

struct web_field {
	const char *name; /* and of the argument; NULL ends the list */
	const char *label, *help, *example;
	enum web_kind kind;
	unsigned flags;
	const struct web_choice *choices;
	const char *from; /* of a WEB_PARAM */
};

struct web;

/* In texts "{x}" stands for the field or the part of the path named x. */
struct web_action {
	const char *name; /* NULL ends the list */
	const char *op;
	const struct web_field *fields;
	const char *legend; /* heading of the form, or NULL */
	const char *submit; /* on the button */
	const char *ask;    /* a question that must be confirmed first, or NULL */
	const char *warn;   /* what else to think of before confirming */
	const char *done;   /* what the next page says */
	const char *then;   /* path of the next page, with ":x"; NULL: this page */
	const char *show;   /* instead of going on, show the answer under this name */
	const char *give;   /* instead of going on, the browser gets what the answer has here */
	const char *file;   /* and keeps it under this name, whose end says what it is */
	bool danger;	    /* the button looks like that */
	const char *form;   /* has no form but a button in that of another action */
	/* Instead of the operation, for what takes more than one, or with it as the one that
	   says on what thread. -1: web->err says why not. */
	int (*run)(struct web *web);
};

enum web_done {
	WEB_DONE,     /* say so and go on */
	WEB_ANSWERED, /* nothing is left to do */
	WEB_SHOW,     /* show the page, which has something new */
};

/* Where links to the page stand: in the menu, or on the page that is the hub of
   the group and above each page of it. */
enum web_group {
	WEB_NOWHERE,
	WEB_SERVER,
	WEB_DOMAIN,
	WEB_YOU,
	WEB_SERVER_SECURITY,
	WEB_DOMAIN_SECURITY,
	WEB_GENERAL,
	WEB_HELP,
};

/* Bytes of a request with a text of certificates: more than any is, so that the
   operation can say what is wrong with it. */
enum { WEB_PEM_MAX = 2 << 20 };

struct web_page {
	const struct http_route *route;
	const char *title;    /* "{x}" as above */
	const char *template; /* webadmin/pages/TEMPLATE.html */
	const char *about;    /* what it is for, beside its link on a hub */
	enum web_group group;
	int place;	    /* in the group, ascending */
	enum web_group hub; /* it shows links to the pages of this group */
	/* Stands before the page on the way to it, where the path does not tell;
	   pages whose path begins that of another do. */
	const struct web_page *under;
	/* Put what is shown into web->model. 0, or -1 after http_error. */
	int (*load)(struct web *web);
	/* With this in its query load() calls an operation that waits for other machines;
	   NULL: it never does. Actions say so by their operation's row. */
	const char *network;
	const struct web_action *actions;
};

#define WEB_PAGE(id) TABLE_ROW(web_page, id)
TABLE_DECLARE(web_page);

/* A page while it is made. Texts live in http_pool(req). */
struct web {
	struct http_req *req;
	const struct web_page *page;
	json_t *model;
	const struct web_action *action; /* that was asked for */
	struct err err;			 /* why it failed */
	const char *err_field;		 /* the field that err is about, or NULL */
	int status;
};

/* Compile the pages; hand the look of error pages to HTTP. Before the first
   request. ERR_INPUT: a mistake in a template. */
int web_start(struct err *err);
void web_stop(void);

int web_run(struct http_req *req, const struct web_page *page);

/* The function `run` of a page without another way. */
#define WEB_RUN(id)                                                                                \
	extern const struct web_page web_page_##id;                                                \
	static int run(struct http_req *req)                                                       \
	{                                                                                          \
		return web_run(req, &web_page_##id);                                               \
	}

/* --- for load() and run() --- */

/* Run an operation; args are taken over, NULL is none. The answer belongs to the request;
   NULL: no, web->err says why. */
const json_t *web_op(struct web *web, const char *name, json_t *args);

/* Run an operation and put its answer into the model as `key`. Without it there
   is no page: -1 after http_error. */
int web_need(struct web *web, const char *key, const char *op, json_t *args);

/* The same where the page can do without: then the model has key.error, and
   key.absent is true when there is nothing yet. True: there was an answer. */
bool web_try(struct web *web, const char *key, const char *op, json_t *args);

/* web_need for listings of any length: what ?q= looks for, and one page of it
   (?page=). The model gets key.rows, key.total, key.pager. */
int web_rows(struct web *web, const char *key, const char *op, json_t *args);
/* The same with an answer that is in the model already. */
void web_page_rows(struct web *web, json_t *answer);

/* web_need for listings without end, of which the operation is asked for one page: from
   ?after= on, which becomes the argument `arg`, so many as "limit". The model gets key.next,
   the member `by` of the last row, when there are more; by NULL: how many came before. */
struct web_cursor {
	const char *arg, *by;
};
int web_rows_after(struct web *web, const char *key, const char *op, json_t *args,
    const struct web_cursor *cursor);

/* What of the query is looked for, of those names (NULL ends them), becomes arguments, but
   for those that are there; the model gets "wanted" and, for links, "wanted-again". */
void web_filters(struct web *web, json_t *args, const char *const *names);

/* What a form shows before something is typed; value is taken over. Choices are
   an array of {value, label}; for a line of text, what it may be. */
void web_default(struct web *web, const char *action, const char *field, json_t *value);
void web_choices(struct web *web, const char *action, const char *field, json_t *choices);

/* Arguments that stand in the path: {"name": part of the path}. */
json_t *web_arg(struct web *web, const char *name, const char *param);
/* {"address": who is logged in} */
json_t *web_self(struct web *web);

/* A field of the form or a part of the path; NULL: absent. */
const char *web_value(struct web *web, const char *name);

/* The marked values of check boxes of that name, with blanks between. */
const char *web_marked(struct web *web, const char *name);

/* The arguments that the action's form makes; NULL: web->err says why not. */
json_t *web_action_args(struct web *web);

/* What an operation gave, in base64 where its kind says so. 0, or -1 after http_error. */
int web_give(struct http_req *req, const json_t *bytes, const char *file);

/* Append the bytes that an operation gave in base64; false: it gave none. */
bool web_base64_lines(const json_t *lines, struct buf *out);

/* For the partial "certificate": parts of the names of subject and issuer under
   "to" and "by", whatever the operation calls them. */
void web_certificate(struct web *web, json_t *answer);

/* "{x}" filled in. */
const char *web_fill(struct web *web, const char *text);
/* As a part of a path or a query. */
const char *web_url(struct web *web, const char *text);
/* ":x" filled in, for a link. */
const char *web_href(struct web *web, const char *path);

/* Say no in an action; returns -1. field may be NULL. */
int web_refuse(struct web *web, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- between the files of this folder --- */

void web_model_begin(struct web *web); /* navigation, who, flash */
bool web_is_secret(const struct web_field *field);
bool web_field_shown(struct web *web, const struct web_field *field);
void web_forms(struct web *web); /* model.forms, after load() */
json_t *web_field_json(struct web *web, const struct web_field *field, const char *id);
void web_field_value(json_t *shown, const char *value); /* set what a field shows */
/* The action that a form of the page was posted for; NULL: none. */
const struct web_action *web_action(struct http_req *req, const struct web_page *page);
int web_post(struct web *web); /* WEB_SHOW, WEB_ANSWERED, or -1 */
void web_render(struct web *web, const char *template);

#endif
