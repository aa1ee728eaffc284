/* route.c - from a path to the row that answers for it
 *
 * Patterns are cut into segments once. Those with words go before those with
 * parameters, and these before a "*", segment by segment. */
#include <pthread.h>
#include <stdlib.h>

#include "protocols/http/http_private.h"

enum { SEGMENTS_MAX = 16 };

struct pattern {
	const struct http_route *route;
	size_t n;
	bool rest; /* ends in "*" */
	struct slice segments[SEGMENTS_MAX];
};

static struct pattern *patterns;
static size_t patterns_n;

/* Segments of "/a/b/c"; false when there are too many. */
static bool cut_path(struct slice path, struct slice segments[SEGMENTS_MAX], size_t *n)
{
	*n = 0;
	path = slice_from(path, 1);
	while (path.p) {
		if (*n == SEGMENTS_MAX)
			return false;
		segments[(*n)++] = slice_cut(&path, '/');
	}
	return true;
}

/* --- the table --- */

/* The more exactly a segment says what it is, the smaller. */
static int looseness(const struct pattern *p, size_t i)
{
	if (i >= p->n)
		return p->rest ? 3 : 0;
	return p->segments[i].n && *p->segments[i].p == ':' ? 2 : 1;
}

static int compare(const void *left, const void *right)
{
	const struct pattern *a = left, *b = right;

	for (size_t i = 0; i < SEGMENTS_MAX; i++)
		if (looseness(a, i) != looseness(b, i))
			return looseness(a, i) - looseness(b, i);
	return 0;
}

static void build(void)
{
	patterns = mem_get((http_route_table_n + 1) * sizeof *patterns);
	for (size_t i = 0; i < http_route_table_n; i++) {
		struct pattern *p = &patterns[patterns_n++];
		p->route = http_route_table[i];
		if (*p->route->path != '/' ||
		    !cut_path(slice_str(p->route->path), p->segments, &p->n))
			bug("route %s is no path", p->route->path);
		p->rest = p->n > 0 && slice_eq(p->segments[p->n - 1], SLICE("*"));
		if (p->rest)
			p->n--;
	}
	qsort(patterns, patterns_n, sizeof *patterns, compare);
}

/* --- matching --- */

static bool matches(const struct pattern *p, const struct slice *segments, size_t n)
{
	if (p->rest ? n <= p->n : n != p->n)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		bool any = p->segments[i].n && *p->segments[i].p == ':';
		if (any ? segments[i].n == 0 : !slice_eq(p->segments[i], segments[i]))
			return false;
	}
	return true;
}

/* A parameter that cannot be decoded is as good as no such page. */
static bool take_params(struct http_req *req, const struct pattern *p, const struct slice *segments)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!p->segments[i].n || *p->segments[i].p != ':')
			continue;
		char *value = http_decode(&req->pool, segments[i], false);
		if (!value)
			return false;
		http_pairs_add(&req->pool, &req->params,
		    pool_str(&req->pool, slice_from(p->segments[i], 1)), value,
		    (struct slice){ 0 });
	}
	if (p->rest) {
		struct slice rest = slice_from(req->path, (size_t)(segments[p->n].p - req->path.p));
		http_pairs_add(
		    &req->pool, &req->params, "*", pool_str(&req->pool, rest), (struct slice){ 0 });
	}
	return true;
}

void http_route_find(struct http_req *req)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct slice segments[SEGMENTS_MAX];
	size_t n;

	pthread_once(&once, build);
	if (req->path.n == 0 || *req->path.p != '/' || !cut_path(req->path, segments, &n))
		return;
	for (size_t i = 0; i < patterns_n; i++) {
		const struct http_route *route = patterns[i].route;
		if (!matches(&patterns[i], segments, n))
			continue;
		req->allowed |= route->methods;
		if (!(route->methods & req->method) || !take_params(req, &patterns[i], segments))
			continue;
		req->route = route;
		return;
	}
}
